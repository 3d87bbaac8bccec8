"""Every read of events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import any_, func, or_, select, tuple_
from sqlalchemy.sql import ColumnElement, Select

from pesan.capacity.models import CapacityPool
from pesan.capacity.states import hold_limit
from pesan.catalog.errors import EventNotFound
from pesan.catalog.models import Event
from pesan.catalog.states import TICKETS, EventStatus, Places
from pesan.db import ReadSession
from pesan.kit.pagination import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    BadCursor,
    Page,
    decode_cursor,
    encode_cursor,
)
from pesan.tenancy.models import Merchant


@dataclass(frozen=True, slots=True)
class Listing:
    """An event as people see it: with its merchant, its places and the database's time."""

    event: Event
    merchant: Merchant
    places: Places
    now: datetime


@dataclass(frozen=True, slots=True)
class ListingFilter:
    """What narrows a public list; None does not narrow."""

    search: str | None = None
    merchant_slug: str | None = None
    city: str | None = None
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    max_price: int | None = None
    is_available: bool = False
    include_past: bool = False
    tag: str | None = None
    featured_first: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one event's sale as the gate reads them, after its locks."""

    event_id: UUID
    merchant_id: UUID
    pool_id: UUID
    title: str
    status: str
    ends_at: datetime
    sale_opens_at: datetime | None
    sale_closes_at: datetime | None
    price_amount: int
    currency: str
    hold_minutes: int
    max_per_order: int
    max_holds_per_contact: int
    max_holds_per_ip: int
    review_cap: int | None
    fulfilment: str
    fee_amount: int = 0
    fee_basis_points: int = 0
    tax_basis_points: int = 0
    needs_guardian: bool = False
    deposit_percent: int = 100


TERMS_COLUMNS = ("id", *(part.name for part in fields(Terms)[1:]))
"""The columns of `events` that make a Terms, in its order."""


# What sells times or goods has pages of its own.
_IS_PUBLIC = (Event.status != EventStatus.DRAFT, Event.fulfilment == TICKETS)

# An event keeps its own pool for good (nobody is granted to change it, and pools of ticket types come with the order),
# so what was found once needs no round trip again.
_pools_found: dict[UUID, UUID] = {}
_MOST_POOLS = 10_000


async def find_pool_ids(session: ReadSession, event_ids: Sequence[UUID]) -> set[UUID]:
    """The pools of these events; may be asked before any lock, because the answer never changes."""
    found = {event_id: _pools_found[event_id] for event_id in event_ids if event_id in _pools_found}
    unknown = [event_id for event_id in event_ids if event_id not in found]
    if unknown:
        rows = await session.execute(select(Event.id, Event.pool_id).where(Event.id.in_(unknown)))
        asked = {row.id: row.pool_id for row in rows}
        _remember_pools(asked)
        found |= asked
    return set(found.values())


def _remember_pools(pools: Mapping[UUID, UUID]) -> None:
    if len(_pools_found) + len(pools) > _MOST_POOLS:
        _pools_found.clear()
    _pools_found.update(pools)


async def get_listing(
    session: ReadSession, *, event_id: UUID | None = None, short_id: str | None = None
) -> Listing:
    """One event by its id or its public short id; raises EventNotFound."""
    chosen = Event.id == event_id if event_id is not None else Event.short_id == short_id
    row = (await session.execute(_listings().where(chosen))).one_or_none()
    if row is None:
        raise EventNotFound
    return _listing(row)


async def list_listings(
    session: ReadSession, wanted: ListingFilter, *, cursor: str | None = None, limit: int = DEFAULT_PAGE_SIZE
) -> Page[Listing]:
    """Public events, the soonest first, or the featured ones before them, paged by key; raises BadCursor."""
    query = _listings().where(*_conditions(wanted), *_IS_PUBLIC)
    order: list[Any] = [~Event.is_featured] if wanted.featured_first else []
    order += [Event.starts_at, Event.id]
    if cursor is not None:
        query = query.where(tuple_(*order) > _after(cursor, len(order)))
    size = max(1, min(limit, MAX_PAGE_SIZE))
    rows = (await session.execute(query.order_by(*order).limit(size + 1))).all()
    listings = [_listing(row) for row in rows[:size]]
    more = len(rows) > size
    return Page(listings, _cursor_of(listings[-1].event, wanted) if more else None)


async def list_cities(session: ReadSession) -> Sequence[str]:
    """The cities that have events to come, for the filter."""
    query = (
        select(Event.city)
        .where(*_IS_PUBLIC, Event.city != "", Event.ends_at > func.clock_timestamp())
        .distinct()
        .order_by(Event.city)
        .limit(50)
    )
    return (await session.scalars(query)).all()


async def list_tags(session: ReadSession) -> Sequence[str]:
    """The tags of events to come, for the filter."""
    tag = func.unnest(Event.tags).label("tag")
    coming = (*_IS_PUBLIC, Event.ends_at > func.clock_timestamp())
    return (await session.scalars(select(tag).where(*coming).distinct().order_by(tag).limit(50))).all()


def _listings() -> Select[Any]:
    return (
        select(
            Event,
            Merchant,
            CapacityPool.capacity,
            CapacityPool.used,
            CapacityPool.hold_ratio,
            CapacityPool.max_per_order,
            _live_held().label("held"),
            func.clock_timestamp().label("now"),
        )
        .join(Merchant, Merchant.id == Event.merchant_id)
        .join(CapacityPool, CapacityPool.id == Event.pool_id)
    )


def _live_held() -> ColumnElement[int]:
    """Holds whose time is over are given back by whoever asks next, so they are not counted as held."""
    return CapacityPool.held - func.expired_holds(Event.id)


def _conditions(wanted: ListingFilter) -> list[ColumnElement[bool]]:
    by_clock = [] if wanted.include_past else [Event.ends_at > func.clock_timestamp()]
    optional: list[tuple[object, ColumnElement[bool] | None]] = [
        (wanted.search, _matches(wanted.search or "")),
        (wanted.merchant_slug, func.lower(Merchant.slug) == (wanted.merchant_slug or "").lower()),
        (wanted.tag, any_(Event.tags) == (wanted.tag or "")),
        (wanted.city, func.lower(Event.city) == (wanted.city or "").lower()),
        (wanted.starts_from, Event.starts_at >= wanted.starts_from if wanted.starts_from else None),
        (wanted.starts_before, Event.starts_at < wanted.starts_before if wanted.starts_before else None),
        (wanted.max_price is not None, Event.price_amount <= (wanted.max_price or 0)),
        (
            wanted.is_available,
            (Event.status == EventStatus.OPEN) & (CapacityPool.used < CapacityPool.capacity),
        ),
    ]
    return by_clock + [condition for given, condition in optional if given and condition is not None]


def _matches(search: str) -> ColumnElement[bool]:
    escaped = search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped}%"
    return or_(
        *(
            column.ilike(pattern, escape="\\")
            for column in (Event.title, Event.venue, Event.city, Merchant.name)
        )
    )


def _after(cursor: str, length: int) -> ColumnElement[object]:
    *first, starts_at, event_id = decode_cursor(cursor, length)
    try:
        return tuple_(*(part == "1" for part in first), datetime.fromisoformat(starts_at), UUID(event_id))  # type: ignore[return-value]
    except ValueError as error:
        raise BadCursor("malformed") from error


def _cursor_of(event: Event, wanted: ListingFilter) -> str:
    first = ["0" if event.is_featured else "1"] if wanted.featured_first else []
    return encode_cursor(*first, event.starts_at.isoformat(), str(event.id))


def _listing(row: Sequence[Any]) -> Listing:
    event, merchant, capacity, used, ratio, max_per_order, held, now = row
    places = Places(capacity, used, max(0, held), hold_limit(capacity, ratio, max_per_order))
    return Listing(event, merchant, places, now)
