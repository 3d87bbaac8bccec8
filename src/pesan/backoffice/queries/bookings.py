"""The list of bookings: searched, filtered, paged by key, exported whole."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, text, tuple_

from pesan.backoffice.queries.review import asked_amount
from pesan.catalog.models import Event
from pesan.db import ReadSession
from pesan.db.access import WITHIN_LIMITS
from pesan.kit.pagination import Page, decode_moment, encode_moment
from pesan.orders.models import Order
from pesan.orders.searching import matches_order

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
        query = query.where(tuple_(Order.placed_at, Order.id) < tuple_(*decode_moment(cursor)))
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


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(Order.placed_at.desc(), Order.id.desc())


def _cursor(booking: Booking) -> str:
    return encode_moment(booking.order.placed_at, booking.order.id)


def _booking(row: Any) -> Booking:
    order, event_title, amount = row
    return Booking(order, event_title, amount)
