"""The only place that locks orders, and the reads that belong to a lock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, String, Uuid, bindparam, select, text

from pesan.catalog.queries import TERMS_COLUMNS, Terms
from pesan.catalog.terms import PromoTerms, SeatTerms, SlotTerms, TypeTerms, columns_of
from pesan.db import WriteSession
from pesan.db.pipeline import Later, Pipe, Row, pipelined
from pesan.orders.models import COUNTED, Order
from pesan.orders.moves import OrderFacts
from pesan.orders.situation import Taken
from pesan.orders.states import BUCKETS, OrderState

_IDS = bindparam("ids", type_=ARRAY(Uuid()))

# Lock order everywhere: idempotency keys → orders (by id) → pools (by id) → inserts.
_LOCK = text("SELECT 1 FROM orders WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE").bindparams(_IDS)
_READ = text(
    f"SELECT {', '.join(part.name for part in fields(OrderFacts))} FROM orders WHERE id = ANY (:ids)"
).bindparams(_IDS)
# Lines may share a pool, and what an order needs of it is decided on as one number.
_CLAIMS = text(
    "SELECT order_id, pool_id, bucket, sum(quantity) FROM claims WHERE order_id = ANY (:ids)"
    " GROUP BY order_id, pool_id, bucket ORDER BY pool_id"
).bindparams(_IDS)
# A count stops here: a limit above it limits nobody.
MOST_COUNTED = 1_000
# Each kind of key has its own index, so each is looked up by its own; asked together, none of them would be used.
_COUNTED_BY = " UNION ALL ".join(
    f"SELECT 1 FROM orders o WHERE k.kind = '{kind}' AND o.event_id = k.event_id AND o.{column} = k.value AND {COUNTED}"
    " AND (o.state <> 'HOLD' OR o.hold_expires_at > clock_timestamp())"
    for kind, column in (("wa", "wa"), ("email", "email"), ("ip", "ip_digest"))
)
_BUYERS = text(
    "SELECT k.event_id, k.kind, k.value,"
    f" (SELECT count(*) FROM ({_COUNTED_BY} LIMIT {MOST_COUNTED}) counted) AS live"
    " FROM unnest(:events, :kinds, :values) AS k (event_id, kind, value)"
).bindparams(
    bindparam("events", type_=ARRAY(Uuid())),
    bindparam("kinds", type_=ARRAY(String())),
    bindparam("values", type_=ARRAY(String())),
)

# Whatever a decision needs of a sale, read after the locks: its terms, what waits for a reviewer, the next hold's end.
_SALES = text(
    f"SELECT {', '.join(TERMS_COLUMNS)}, clock_timestamp() AS now,"
    " CASE WHEN e.review_cap IS NULL THEN 0 ELSE"
    " (SELECT coalesce(sum(quantity), 0) FROM orders WHERE event_id = e.id AND state = 'REVIEW') END AS unreviewed,"
    " (SELECT min(hold_expires_at) FROM orders"
    "  WHERE event_id = e.id AND state = 'HOLD' AND hold_expires_at > clock_timestamp()) AS next_hold_ends,"
    " EXISTS (SELECT 1 FROM ticket_types t WHERE t.event_id = e.id AND NOT t.is_archived) AS has_types,"
    " (SELECT m.has_webhooks FROM merchants m WHERE m.id = e.merchant_id) AS has_webhooks"
    " FROM events e WHERE e.id = ANY (:ids)"
).bindparams(_IDS)
_OFFERS = {
    kind: text(f"SELECT {columns_of(kind)} FROM {table} WHERE id = ANY (:ids)").bindparams(_IDS)
    for kind, table in ((TypeTerms, "ticket_types"), (SeatTerms, "seats"), (PromoTerms, "promo_codes"))
}
_SLOTS = text(f"SELECT {columns_of(SlotTerms)} FROM slots WHERE pool_id = ANY (:ids)").bindparams(_IDS)
# Written as the constraint is, so that its index is used.
_TAKEN = text(
    "SELECT DISTINCT c.order_id, c.resource, lower(c.period), upper(c.period), c.bucket = 'held'"
    " FROM slots s JOIN claims c ON int8range(c.resource, c.resource, '[]') && int8range(s.resource, s.resource, '[]')"
    " AND c.period && tstzrange(s.starts_at, s.ends_at) AND c.resource IS NOT NULL AND c.bucket <> 'released'"
    " WHERE s.pool_id = ANY (:ids)"
).bindparams(_IDS)
Offer = TypeVar("Offer", TypeTerms, SeatTerms, PromoTerms)


@dataclass(frozen=True, slots=True)
class Sale:
    """One event's sale at the database's time `now`, after the locks."""

    terms: Terms
    now: datetime
    unreviewed: int
    next_hold_ends: datetime | None
    has_types: bool
    has_webhooks: bool


@dataclass(frozen=True, slots=True)
class LockedOrders:
    """Orders that are locked, by id, and the (pool, places) of each; a pool stands there once.

    What an order that goes on gave back is not its own any more; one that ended could still take its places again.
    """

    orders: dict[UUID, OrderFacts]
    claims: dict[UUID, list[tuple[UUID, int]]]


async def lock_orders(session: WriteSession, order_ids: Sequence[UUID]) -> LockedOrders:
    """Lock orders by id, then read them and their claims in later statements; unknown ids are absent."""
    ids = {"ids": sorted(set(order_ids))}
    if not order_ids:
        return LockedOrders({}, {})
    async with pipelined(session) as pipe:
        await pipe.execute(_LOCK, ids)
        orders = await pipe.ask(_READ, ids, _orders)
        claims = await pipe.ask(_CLAIMS, ids, _claims)
    found = await orders.get()
    return LockedOrders(found, _own(found, await claims.get()))


async def count_live(
    pipe: Pipe, keys: Sequence[tuple[UUID, str, str]]
) -> Later[dict[tuple[UUID, str, str], int]]:
    """How many orders of each buyer count against the limits, by (event, kind, value); at most MOST_COUNTED."""
    if not keys:
        return Later(_live)
    events, kinds, values = ([key[part] for key in keys] for part in range(3))
    return await pipe.ask(_BUYERS, {"events": events, "kinds": kinds, "values": values}, _live)


async def read_sales(pipe: Pipe, event_ids: Sequence[UUID]) -> Later[list[Sale]]:
    """The sales of these events; one that does not exist is absent."""
    return await pipe.ask(_SALES, {"ids": list(event_ids)}, _sales)


async def read_offers(pipe: Pipe, kind: type[Offer], ids: Collection[UUID]) -> Later[dict[UUID, Offer]]:
    """The terms of ticket types, seats or promo codes, by id; unknown ones are absent."""

    def parse(rows: Sequence[Row]) -> dict[UUID, Offer]:
        return {row[0]: kind(*row) for row in rows}

    return await pipe.ask(_OFFERS[kind], {"ids": list(ids)}, parse) if ids else Later(parse)


async def read_slots(pipe: Pipe, pool_ids: Collection[UUID]) -> Later[dict[UUID, SlotTerms]]:
    """The times that these pools are, by pool; other pools are absent."""

    def parse(rows: Sequence[Row]) -> dict[UUID, SlotTerms]:
        slots = [SlotTerms(*row) for row in rows]
        return {slot.pool_id: slot for slot in slots}

    return await pipe.ask(_SLOTS, {"ids": list(pool_ids)}, parse) if pool_ids else Later(parse)


async def read_taken(pipe: Pipe, pool_ids: Collection[UUID]) -> Later[list[Taken]]:
    """What live orders have of the times that these pools are, and of whatever overlaps them."""

    def parse(rows: Sequence[Row]) -> list[Taken]:
        return [Taken(*row) for row in rows]

    return await pipe.ask(_TAKEN, {"ids": list(pool_ids)}, parse) if pool_ids else Later(parse)


def _orders(rows: Sequence[Row]) -> dict[UUID, OrderFacts]:
    orders = {row[0]: OrderFacts(*row) for row in rows}
    for order in orders.values():
        order.state = OrderState(order.state)
    return orders


def _claims(rows: Sequence[Row]) -> list[tuple[UUID, UUID, str, int]]:
    return [(order_id, pool_id, bucket, quantity) for order_id, pool_id, bucket, quantity in rows]


def _own(
    orders: Mapping[UUID, OrderFacts], rows: Sequence[tuple[UUID, UUID, str, int]]
) -> dict[UUID, list[tuple[UUID, int]]]:
    claims: dict[UUID, list[tuple[UUID, int]]] = {}
    for order_id, pool_id, bucket, quantity in rows:
        if bucket == BUCKETS[orders[order_id].state]:
            claims.setdefault(order_id, []).append((pool_id, quantity))
    return claims


def _live(rows: Sequence[Row]) -> dict[tuple[UUID, str, str], int]:
    return {(event_id, kind, value): live for event_id, kind, value, live in rows}


def _sales(rows: Sequence[Row]) -> list[Sale]:
    width = len(TERMS_COLUMNS)
    return [
        Sale(Terms(*row[:width]), now, int(unreviewed), *rest)
        for row in rows
        for now, unreviewed, *rest in [row[width:]]
    ]


async def lock_without_account(session: WriteSession, email: str, *, limit: int) -> Sequence[Order]:
    """Orders of this address that belong to no account, locked by id."""
    query = (
        select(Order)
        .where(Order.email == email, Order.user_id.is_(None))
        .order_by(Order.id)
        .limit(limit)
        .with_for_update(key_share=True)
    )
    return (await session.scalars(query)).all()
