"""Who comes to an event: looked up by everybody at the merchant, taken out by those who may."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response, StreamingResponse

from pesan.backoffice.desk import Desk, DeskOf, Room
from pesan.backoffice.pages.exporting import Export, send_export
from pesan.backoffice.pages.listing import address_of, file_addresses, find_id, next_address
from pesan.backoffice.queries.attendees import (
    Attendee,
    Wanted,
    count_attendees,
    list_attendees,
    stream_attendees,
)
from pesan.backoffice.queries.events import get_event
from pesan.backoffice.views.attendees import AttendeeFilters, AttendeesPage, attendee_row
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.review import masked
from pesan.backoffice.words import ATTENDEE_EXPORT_HEADER, TICKET_STATES
from pesan.catalog.offers import list_offers
from pesan.identity.policies import may_export, may_export_masked, may_manage_events
from pesan.kit.export import Cell, ExportFormat
from pesan.kit.i18n import Locale
from pesan.kit.ids import shown_code
from pesan.kit.pagination import BadCursor
from pesan.kit.times import in_zone
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.errors import BadRequest
from pesan.web.limits import limit

router = APIRouter(
    prefix="/organizer/{merchant}/events/{short_id}/attendees", dependencies=[allow(Who.STAFF)]
)


def read_filters(
    q: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=10)] = "",
    type_id: Annotated[str, Query(alias="type", max_length=40)] = "",
) -> AttendeeFilters:
    """What narrows the list, from the address; what makes no sense does not narrow."""
    return AttendeeFilters(
        q=q, state=state if state in TICKET_STATES else "", type=type_id if find_id(type_id) else ""
    )


Filters = Annotated[AttendeeFilters, Depends(read_filters)]


@router.get("")
async def show_attendees(
    desk: DeskOf,
    merchant: str,
    short_id: str,
    filters: Filters,
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """The tickets of an event by their holders' names."""
    async with desk.reading("events", merchant) as room:
        view = await _page(desk, room, short_id, filters, after)
        return desk.page(room.chrome, "attendees", {"page": view, "ticket_states": TICKET_STATES})


@router.post("/export", dependencies=[limit("export", 30, 3600), require_csrf])
async def export_attendees(
    desk: DeskOf,
    merchant: str,
    short_id: str,
    kind: Annotated[ExportFormat, Query(alias="format")],
    filters: Filters,
) -> StreamingResponse:
    """Every attendee that matches, as a file; contacts and codes are whole for those who may have them."""

    async def portions(room: Room) -> AsyncIterator[Sequence[Sequence[Cell]]]:
        event = (await get_event(room.session, room.shop.id, short_id)).event
        async for portion in stream_attendees(room.session, event, _wanted(desk, room, filters)):
            is_open = may_export(desk.person, room.shop.id)
            yield [_cells(found, room.shop.zone, desk.locale, is_open=is_open) for found in portion]

    export = Export(
        f"peserta-{short_id}" if short_id.isalnum() else "peserta",
        ATTENDEE_EXPORT_HEADER,
        portions,
        "merchant:attendees:exported",
        tuple(filters.query()),
        about={"event": short_id},
        rule=may_export_masked,
    )
    return await send_export(desk, merchant, kind, export)


async def _page(
    desk: Desk, room: Room, short_id: str, filters: AttendeeFilters, after: str | None
) -> AttendeesPage:
    session, shop = room.session, room.shop
    event = (await get_event(session, shop.id, short_id)).event
    wanted = _wanted(desk, room, filters)
    try:
        found = await list_attendees(session, event, wanted, cursor=after)
    except BadCursor as error:
        raise BadRequest from error
    is_open = may_manage_events(desk.person, shop.id)
    path = f"{shop.path}/events/{event.short_id}"
    offers = await list_offers(session, event.id, with_archived=True)
    return AttendeesPage(
        event_title=event.title,
        event_path=path if is_open else "",
        path=f"{path}/attendees",
        rows=[attendee_row(each, Naming(shop.path, is_open)) for each in found.items],
        filters=filters,
        types=[(str(offer.type.id), offer.type.name) for offer in offers],
        total=await count_attendees(session, event, wanted),
        next_url=next_address(f"{path}/attendees", filters, found.next_cursor),
        first_url=address_of(f"{path}/attendees", filters) if after else None,
        export_urls=file_addresses(f"{path}/attendees/export", filters)
        if may_export_masked(desk.person, shop.id)
        else None,
    )


def _wanted(desk: Desk, room: Room, filters: AttendeeFilters) -> Wanted:
    has_codes = may_manage_events(desk.person, room.shop.id)
    return Wanted(filters.q, filters.state, find_id(filters.type), by_beginning=has_codes)


def _cells(found: Attendee, zone: str, locale: Locale, *, is_open: bool) -> Sequence[Cell]:
    ticket, order = found.ticket, found.order
    wa, email = (order.wa, order.email) if is_open else masked(order.wa, order.email)
    return [
        ticket.holder_name,
        found.sold_as,
        found.seat.label if found.seat else None,
        TICKET_STATES[ticket.state].in_(locale),
        shown_code(ticket.code, is_open=is_open),
        shown_code(order.code, is_open=is_open),
        order.buyer_name,
        wa,
        email,
        in_zone(ticket.issued_at, zone).replace(microsecond=0),
        in_zone(ticket.used_at, zone).replace(microsecond=0) if ticket.used_at else None,
    ]
