"""A buyer's own tickets, and the QR codes that admit them."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import func, select
from starlette.responses import Response

from pesan.catalog.models import Seat
from pesan.catalog.seating import list_seats_by_id
from pesan.checkout.errors import RecipientOutOfReach
from pesan.checkout.handing_on import hand_on
from pesan.db import Actor, ActorKind
from pesan.errors import Forbidden
from pesan.idempotency.service import Answer, Replay, answer_once
from pesan.kit.pagination import MAX_PAGE_SIZE
from pesan.kit.signing import BadSignature, Signer
from pesan.notifications.channels import Channels
from pesan.settings import Settings
from pesan.storage.errors import LinkRefused
from pesan.storefront.api.bookings import GUESSES
from pesan.storefront.api.describe import CODE, CODE_OR_COOKIE
from pesan.storefront.queries import OwnTicket, get_own_ticket, list_own_tickets
from pesan.storefront.ticketing_answers import seat_answer
from pesan.storefront.ticketing_schemas import (
    TicketAnswer,
    TicketDetailAnswer,
    TicketsAnswer,
    TransferAnswer,
    TransferRequest,
)
from pesan.tickets.errors import (
    HandingOnOff,
    HandingOnOver,
    TicketChanged,
    TicketHandedOn,
    TicketNotFound,
)
from pesan.tickets.models import Ticket
from pesan.tickets.queries import find_ticket
from pesan.tickets.render.pictures import qr_svg
from pesan.tickets.slices import Slices
from pesan.tickets.states import TicketState
from pesan.web.access import Who, allow
from pesan.web.deps import get_actor, get_database, get_registry
from pesan.web.errors import SignInNeeded, ValidationFailed
from pesan.web.idempotency import fresh, read_key, replay
from pesan.web.json_bodies import read_json
from pesan.web.limits import limit as at_most
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

# pestapora.md §21.2: a signed URL lives ten minutes at most.
QR_SECONDS = 600
_NOT_YOURS = (SignInNeeded, Forbidden, ValidationFailed)
_SVG: dict[int | str, dict[str, Any]] = {
    200: {"description": "The code as SVG.", "content": {"image/svg+xml": {"schema": {"type": "string"}}}}
}

router = APIRouter(
    prefix="/v1/tickets", tags=["ticketing"], dependencies=[allow(Who.GUEST_WITH_CODE, Who.USER), GUESSES]
)
signed = APIRouter(prefix="/v1/tickets", tags=["ticketing"], dependencies=[allow(Who.PUBLIC)])


@router.get("", responses=refusals(*_NOT_YOURS), openapi_extra=described(CODE, security=CODE_OR_COOKIE))
async def list_tickets(
    request: Request,
    cursor: Annotated[UUID | None, Query(description="The `next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = MAX_PAGE_SIZE,
) -> TicketsAnswer:
    """The tickets of one's account and of the bookings whose codes were shown, the newest first."""
    actor = await get_actor(request)
    async with get_database(request).read(actor) as session:
        found = await list_own_tickets(session, actor, before=cursor, limit=limit + 1)
        page = found[:limit]
        seats = await list_seats_by_id(session, [own.ticket.seat_id for own in page])
    more = len(found) > limit
    told = [TicketAnswer(**_told(own, _seat(own, seats))) for own in page]
    return TicketsAnswer(tickets=told, next_cursor=str(page[-1].ticket.id) if more else None)


@router.get(
    "/{id}",
    responses=refusals(*_NOT_YOURS, TicketNotFound),
    openapi_extra=described(CODE, security=CODE_OR_COOKIE),
)
async def get_ticket(request: Request, id: UUID) -> TicketDetailAnswer:  # noqa: A002  the document's name
    """One ticket, with a link to its QR code that works for ten minutes."""
    actor = await get_actor(request)
    async with get_database(request).read(actor) as session:
        own = await get_own_ticket(session, actor, id)
        seats = await list_seats_by_id(session, [own.ticket.seat_id])
    told = _told(own, _seat(own, seats))
    ticket = own.ticket
    if ticket.state == TicketState.VOID or ticket.handed_on_at is not None or not ticket.is_signed:
        return TicketDetailAnswer(**told, qr_url=None, qr_url_expires_at=None)
    ends = int(time.time()) + QR_SECONDS
    token = _signer(request).sign(f"{id}:{own.ticket.epoch}", expires_at=ends)
    url = f"{get_registry(request)[Settings].base_url}/v1/tickets/qr/{token}"
    return TicketDetailAnswer(**told, qr_url=url, qr_url_expires_at=datetime.fromtimestamp(ends, UTC))


@router.post(
    "/{id}/transfer",
    response_model=TransferAnswer,
    dependencies=[at_most("transfer", 10, 900)],
    responses=refusals(
        *BODY_REFUSALS,
        *KEY_REFUSALS,
        *_NOT_YOURS,
        TicketNotFound,
        HandingOnOff,
        HandingOnOver,
        TicketChanged,
        TicketHandedOn,
        RecipientOutOfReach,
    ),
    openapi_extra=described(KEY, CODE, body=json_of(TransferRequest), security=CODE_OR_COOKIE),
)
async def transfer_ticket(request: Request, id: UUID) -> Response:  # noqa: A002  the document's name
    """Hand a ticket on: its code, token and QR are void at once, and both holders are written to.

    Once: from then on it is its new holder's, and the merchant's staff hand it on.
    """
    wish = await read_json(request, TransferRequest)
    actor, wanted = await get_actor(request), await read_key(request)
    channels = get_registry(request)[Channels]
    async with get_database(request).write(actor) as session:

        async def make() -> Answer:
            ticket = await hand_on(
                session, channels, ticket_id=id, version=wish.version, recipient=wish, actor=actor
            )
            return Answer(200, _transferred(ticket).model_dump_json().encode())

        outcome = await answer_once(session, wanted, make) if wanted else await make()
    return replay(outcome.answer) if isinstance(outcome, Replay) else fresh(outcome)


@signed.get(
    "/qr/{token}", response_class=Response, responses={**refusals(LinkRefused, TicketNotFound), **_SVG}
)
async def get_qr(request: Request, token: str) -> Response:
    """A ticket's rotating QR code as it is now.

    The link is the authority, until it is over or the ticket was signed anew.
    """
    try:
        name, _, epoch = _signer(request).unsign(token, time.time()).partition(":")
        ticket_id = UUID(name)
    except (BadSignature, ValueError) as error:
        raise LinkRefused from error
    async with get_database(request).read(Actor(ActorKind.GUEST, ticket_ids=(ticket_id,))) as session:
        ticket = await find_ticket(session, ticket_id)
        now = (await session.scalars(select(func.clock_timestamp()))).one()
    if ticket is None:
        raise TicketNotFound
    if ticket.state == TicketState.VOID or not ticket.is_signed or str(ticket.epoch) != epoch:
        raise LinkRefused
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-store"}
    picture = qr_svg(get_registry(request)[Slices].live_text(ticket, now))
    return Response(picture, media_type="image/svg+xml", headers=headers)


def _transferred(ticket: Ticket) -> TransferAnswer:
    status = TicketState(ticket.state)
    return TransferAnswer(id=ticket.id, status=status, holder_name=ticket.holder_name, version=ticket.epoch)


def _signer(request: Request) -> Signer:
    return Signer(get_registry(request)[Settings].secret, "ticket.qr")


def _seat(own: OwnTicket, seats: Mapping[UUID, Seat]) -> Seat | None:
    return seats.get(own.ticket.seat_id) if own.ticket.seat_id else None


def _told(own: OwnTicket, seat: Seat | None) -> dict[str, Any]:
    ticket = own.ticket
    names = "id order_id event_id ticket_type_id number holder_name issued_at used_at handed_on_at"
    return {name: getattr(ticket, name) for name in names.split()} | {
        "code": ticket.code if ticket.handed_on_at is None else None,
        "version": ticket.epoch,
        "title": own.title,
        "seat": seat_answer(seat) if seat else None,
        "status": TicketState(ticket.state),
    }
