"""Who comes to an event: its tickets by their holders' names, searched, paged by key, exported whole."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_

from pesan.catalog.models import Event, Seat
from pesan.db import ReadSession
from pesan.kit.ids import CODE_TAIL, TICKET_CODE_LENGTH, normalise_code
from pesan.kit.pagination import BadCursor, Page, decode_cursor, encode_cursor
from pesan.orders.models import Order, OrderLine
from pesan.orders.searching import matches_order
from pesan.tickets.models import Ticket

PAGE_SIZE = 50
EXPORT_CHUNK = 500

_BY_NAME = func.lower(Ticket.holder_name)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows the list; empty does not narrow. `by_beginning` is of `matches_order`."""

    search: str = ""
    state: str = ""
    type_id: UUID | None = None
    by_beginning: bool = False


@dataclass(frozen=True, slots=True)
class Attendee:
    """One ticket with what it was sold as, its seat where it has one, and its order."""

    ticket: Ticket
    order: Order
    seat: Seat | None
    sold_as: str
    sort_key: str


async def list_attendees(
    session: ReadSession,
    event: Event,
    wanted: Wanted,
    *,
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[Attendee]:
    """The event's tickets by name; raises BadCursor."""
    keys = _matching(event, wanted).order_by(_BY_NAME, Ticket.id).limit(limit + 1)
    if cursor:
        keys = keys.where(tuple_(_BY_NAME, Ticket.id) > _place(cursor))
    rows = (await session.execute(_with_details(keys))).all()
    found = [Attendee(*row) for row in rows[:limit]]
    has_more = len(rows) > limit
    return Page(found, encode_cursor(found[-1].sort_key, str(found[-1].ticket.id)) if has_more else None)


async def count_attendees(session: ReadSession, event: Event, wanted: Wanted) -> int:
    """How many tickets match."""
    matching = _matching(event, wanted).subquery()
    return await session.scalar(select(func.count()).select_from(matching)) or 0


async def stream_attendees(
    session: ReadSession, event: Event, wanted: Wanted
) -> AsyncIterator[Sequence[Attendee]]:
    """Every matching ticket in portions, by name."""
    cursor: str | None = None
    while True:
        page = await list_attendees(session, event, wanted, cursor=cursor, limit=EXPORT_CHUNK)
        yield page.items
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def _matching(event: Event, wanted: Wanted) -> Select[Any]:
    """The keys of the tickets that match; orders are joined only for a search, because every ticket is sorted."""
    query: Select[Any] = select(Ticket.id, _BY_NAME.label("name")).where(
        Ticket.event_id == event.id, Ticket.merchant_id == event.merchant_id, *_conditions(wanted)
    )
    return query.join(Order, Order.id == Ticket.order_id) if wanted.search.strip() else query


def _with_details(keys: Select[Any]) -> Select[Any]:
    page = keys.subquery()
    return (
        select(Ticket, Order, Seat, OrderLine.title, page.c.name)
        .join(page, page.c.id == Ticket.id)
        .join(Order, Order.id == Ticket.order_id)
        .join(OrderLine, OrderLine.id == Ticket.order_line_id)
        .outerjoin(Seat, Seat.id == Ticket.seat_id)
        .order_by(page.c.name, page.c.id)
    )


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.state:
        yield Ticket.state == wanted.state
    if wanted.type_id:
        yield Ticket.ticket_type_id == wanted.type_id
    if search := wanted.search.strip():
        yield or_(
            Ticket.holder_name.icontains(search, autoescape=True),
            matches_order(search, by_beginning=wanted.by_beginning),
            *_codes(search),
        )


def _codes(search: str) -> Iterator[ColumnElement[bool]]:
    """By a whole code or by the end that is shown; anything between would let people guess on, sign by sign."""
    code = normalise_code(search)
    if len(code) == TICKET_CODE_LENGTH:
        yield Ticket.code == code
    if len(code) == CODE_TAIL:
        yield func.right(Ticket.code, CODE_TAIL) == code


def _place(cursor: str) -> ColumnElement[Any]:
    name, ticket_id = decode_cursor(cursor, 2)
    try:
        return tuple_(name, UUID(ticket_id))
    except ValueError as error:
        raise BadCursor("malformed") from error
