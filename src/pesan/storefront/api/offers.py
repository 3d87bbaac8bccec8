"""What an event sells: ticket types, and the seats with those that are free, for anybody."""

from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pesan.catalog.errors import EventNotFound
from pesan.catalog.offers import find_free_seats, list_offers
from pesan.catalog.queries import get_listing
from pesan.catalog.seating import list_seat_rows
from pesan.storefront.ticketing_answers import ticket_type_answer
from pesan.storefront.ticketing_schemas import SeatMapAnswer, TicketTypesAnswer
from pesan.web.access import Who, allow
from pesan.web.context import context_of
from pesan.web.deps import get_database, get_registry, guest_actor
from pesan.web.errors import ValidationFailed
from pesan.web.limits import Limiter, Policy
from pesan.web.openapi import refusals

# Codes may be short, so they must not be tried by the thousand.
ACCESS_CODES = Policy("access-code", 30, 60)
COLUMNS = ["id", "ticket_type_id", "section", "row", "number", "x", "y", "is_accessible"]
_MAP_CACHE = {"Cache-Control": "public, max-age=60"}
_FREE_CACHE = {"Cache-Control": "public, no-cache"}
_TAG: dict[str, Any] = {
    "headers": {
        "ETag": {"description": "The version; send it back as If-None-Match.", "schema": {"type": "string"}}
    }
}
_NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Nothing changed since the version in If-None-Match."}
}
_BITMAP = {
    "description": "Bit n (the lowest of each byte first) is 1 when seat n of the map can be had now.",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}

router = APIRouter(prefix="/v1/events/{id}", tags=["ticketing"], dependencies=[allow(Who.PUBLIC)])


@router.get("/ticket-types", responses=refusals(EventNotFound, ValidationFailed))
async def list_ticket_types(
    request: Request,
    id: UUID,  # noqa: A002  the document's name
    access_code: Annotated[str | None, Query(max_length=40)] = None,
) -> TicketTypesAnswer:
    """An event's ticket types with their places; `access_code` opens the hidden ones that it belongs to."""
    if access_code:
        await get_registry(request)[Limiter].hit(context_of(request), ACCESS_CODES)
    async with get_database(request).read(guest_actor(request)) as session:
        listing = await get_listing(session, event_id=id)
        offers = await list_offers(session, id, access_code=access_code)
    return TicketTypesAnswer(ticket_types=[ticket_type_answer(offer, listing) for offer in offers])


@router.get(
    "/seats",
    response_model=SeatMapAnswer,
    responses={**refusals(EventNotFound, ValidationFailed), **_NOT_MODIFIED, 200: _TAG},
)
async def get_seat_map(request: Request, id: UUID) -> Response:  # noqa: A002  the document's name
    """Where every seat of an event is, and the ticket type it is sold as; changes only by the organizer."""
    async with get_database(request).read(guest_actor(request)) as session:
        await get_listing(session, event_id=id)
        rows = await list_seat_rows(session, id)
    body = orjson.dumps({"event_id": id, "columns": COLUMNS, "seats": rows})
    return _versioned(request, body, "application/json", _MAP_CACHE)


@router.get(
    "/seats/free",
    response_class=Response,
    responses={**refusals(EventNotFound, ValidationFailed), **_NOT_MODIFIED, 200: {**_TAG, **_BITMAP}},
)
async def get_free_seats(request: Request, id: UUID) -> Response:  # noqa: A002  the document's name
    """Which seats can be had at this moment, one bit each."""
    async with get_database(request).read(guest_actor(request)) as session:
        await get_listing(session, event_id=id)
        body = await find_free_seats(session, id)
    return _versioned(request, body, "application/octet-stream", _FREE_CACHE)


def _versioned(request: Request, body: bytes, kind: str, cache: dict[str, str]) -> Response:
    """`body` under its version, or 304 to whoever has it already (RFC 9110 §13.1.2)."""
    tag = f'"{sha256(body).hexdigest()[:24]}"'
    headers = {"ETag": tag, **cache}
    given = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    if tag in given or given == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)
