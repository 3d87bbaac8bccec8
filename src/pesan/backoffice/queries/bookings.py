"""The list of bookings: searched, filtered, paged by key, exported whole."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, text, tuple_

from pesan.backoffice.queries.review import asked_amount
from pesan.catalog.models import Event
from pesan.db import ReadSession
from pesan.db.access import WITHIN_LIMITS
from pesan.kit.ids import BOOKING_CODE_LENGTH, CODE_TAIL, normalise_code
from pesan.kit.pagination import BadCursor, Page, decode_cursor, encode_cursor
from pesan.kit.phone import normalise_phone
from pesan.orders.models import Order

PAGE_SIZE = 50
EXPORT_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows the list; empty does not narrow. Times are half-open; `by_beginning` is of `matches_order`."""

    search: str = ""
    state: str = ""
    event_short_id: str = ""
    placed_from: datetime | None = None
    placed_before: datetime | None = None
    by_beginning: bool = False


@dataclass(frozen=True, slots=True)
class Booking:
    """One order with its event's title and the amount that was asked for."""

    order: Order
    event_title: str
    amount: int


async def list_bookings(
    session: ReadSession,
    merchant_id: UUID,
    wanted: Wanted,
    *,
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[Booking]:
    """The merchant's bookings, the newest first; raises BadCursor."""
    query = _newest_first(_filtered(merchant_id, wanted))
    if cursor:
        query = query.where(tuple_(Order.placed_at, Order.id) < _place(cursor))
    rows = (await session.execute(query.limit(limit + 1))).all()
    bookings = [_booking(row) for row in rows[:limit]]
    has_more = len(rows) > limit
    return Page(bookings, _cursor(bookings[-1]) if has_more else None)


async def count_bookings(session: ReadSession, merchant_id: UUID, wanted: Wanted) -> int:
    """How many bookings match."""
    matching = _filtered(merchant_id, wanted).with_only_columns(Order.id).order_by(None)
    return await session.scalar(select(func.count()).select_from(matching.subquery())) or 0


async def stream_bookings(
    session: ReadSession, merchant_id: UUID, wanted: Wanted
) -> AsyncIterator[Sequence[Booking]]:
    """Every matching booking in portions, the newest first."""
    cursor: str | None = None
    while True:
        page = await list_bookings(session, merchant_id, wanted, cursor=cursor, limit=EXPORT_CHUNK)
        yield page.items
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


async def list_event_choices(session: ReadSession, merchant_id: UUID) -> Sequence[tuple[str, str]]:
    """Short id and title of the merchant's events, the latest first, for the filter."""
    query = select(Event.short_id, Event.title).where(Event.merchant_id == merchant_id, text(WITHIN_LIMITS))
    rows = await session.execute(query.order_by(Event.starts_at.desc(), Event.id).limit(200))
    return [(short_id, title) for short_id, title in rows]


def _filtered(merchant_id: UUID, wanted: Wanted) -> Select[Any]:
    query: Any = (
        select(Order, Event.title, asked_amount())
        .join(Event, Event.id == Order.event_id)
        .where(Order.merchant_id == merchant_id)
    )
    narrowed: Select[Any] = query.where(*_conditions(wanted))
    return narrowed


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.state:
        yield Order.state == wanted.state
    if wanted.event_short_id:
        yield Event.short_id == wanted.event_short_id
    if wanted.placed_from:
        yield Order.placed_at >= wanted.placed_from
    if wanted.placed_before:
        yield Order.placed_at < wanted.placed_before
    if search := wanted.search.strip():
        yield matches_order(search, by_beginning=wanted.by_beginning)


def is_order(ref: str) -> ColumnElement[bool]:
    """The order that an address names, by its id or by its code."""
    try:
        return Order.id == UUID(ref)
    except ValueError:
        return Order.code == normalise_code(ref)


def matches_order(search: str, *, by_beginning: bool) -> ColumnElement[bool]:
    """What people remember of a booking: the buyer's name, contacts, the code.

    `by_beginning` finds it by the beginning of the code, too: that is for people who may see all of it, because others
    could guess on, sign by sign. They find it by the whole code or by the end that they are shown.
    """
    pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    found: list[ColumnElement[bool]] = [
        Order.buyer_name.ilike(pattern, escape="\\"),
        Order.email.ilike(pattern, escape="\\"),
    ]
    code = normalise_code(search)
    if 3 <= len(code) <= BOOKING_CODE_LENGTH and code.isalnum():
        found += _by_code(code, by_beginning=by_beginning)
    if phone := _phone(search):
        found.append(Order.wa == phone)
    return or_(*found)


def _by_code(code: str, *, by_beginning: bool) -> Iterator[ColumnElement[bool]]:
    if by_beginning:
        yield Order.code.startswith(code)
    elif len(code) == BOOKING_CODE_LENGTH:
        yield Order.code == code
    elif len(code) == CODE_TAIL:
        yield Order.code.endswith(code)


def _phone(search: str) -> str | None:
    try:
        return normalise_phone(search)
    except ValueError:
        return None


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(Order.placed_at.desc(), Order.id.desc())


def _place(cursor: str) -> ColumnElement[Any]:
    placed_at, order_id = decode_cursor(cursor, 2)
    try:
        return tuple_(datetime.fromisoformat(placed_at), UUID(order_id))
    except ValueError as error:
        raise BadCursor("malformed") from error


def _cursor(booking: Booking) -> str:
    return encode_cursor(booking.order.placed_at.isoformat(), str(booking.order.id))


def _booking(row: Any) -> Booking:
    order, event_title, amount = row
    return Booking(order, event_title, amount)
