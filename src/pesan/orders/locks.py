"""The only place that locks orders, and the reads that belong to a lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, String, Uuid, bindparam, text

from pesan.catalog.queries import TERMS_COLUMNS, Terms
from pesan.db import WriteSession
from pesan.orders.models import COUNTED
from pesan.orders.moves import OrderFacts
from pesan.orders.states import OrderState

_IDS = bindparam("ids", type_=ARRAY(Uuid()))

# Lock order everywhere: idempotency keys → orders (by id) → pools (by id) → inserts.
_LOCK = text("SELECT 1 FROM orders WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE").bindparams(_IDS)
_READ = text(
    "SELECT id, merchant_id, event_id, code, state, quantity, total_amount, currency, fulfilment, email, wa,"
    " hold_expires_at, payment_open_until, submitted_at, ended_at, reject_reason, decided_by, audit_seq, audit_head"
    " FROM orders WHERE id = ANY (:ids)"
).bindparams(_IDS)
_CLAIMS = text(
    "SELECT order_id, pool_id, quantity FROM claims WHERE order_id = ANY (:ids) ORDER BY pool_id"
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
    "  WHERE event_id = e.id AND state = 'HOLD' AND hold_expires_at > clock_timestamp()) AS next_hold_ends"
    " FROM events e WHERE e.id = ANY (:ids)"
).bindparams(_IDS)


@dataclass(frozen=True, slots=True)
class Sale:
    """One event's sale at the database's time `now`, after the locks."""

    terms: Terms
    now: datetime
    unreviewed: int
    next_hold_ends: datetime | None


async def lock_orders(session: WriteSession, order_ids: Sequence[UUID]) -> dict[UUID, OrderFacts]:
    """Lock orders by id, then read them in a later statement; unknown ids are absent from the answer."""
    ids = sorted(set(order_ids))
    if not ids:
        return {}
    await session.execute(_LOCK, {"ids": ids})
    rows = await session.execute(_READ, {"ids": ids})
    return {row.id: _facts(row) for row in rows}


async def read_claims(session: WriteSession, order_ids: Sequence[UUID]) -> dict[UUID, list[tuple[UUID, int]]]:
    """The (pool, places) of each locked order."""
    claims: dict[UUID, list[tuple[UUID, int]]] = {}
    if order_ids:
        for order_id, pool_id, quantity in await session.execute(_CLAIMS, {"ids": list(order_ids)}):
            claims.setdefault(order_id, []).append((pool_id, quantity))
    return claims


async def count_live(
    session: WriteSession, keys: Sequence[tuple[UUID, str, str]]
) -> dict[tuple[UUID, str, str], int]:
    """How many orders of each buyer count against the limits, by (event, kind, value); at most MOST_COUNTED."""
    if not keys:
        return {}
    events, kinds, values = zip(*keys, strict=True)
    rows = await session.execute(
        _BUYERS, {"events": list(events), "kinds": list(kinds), "values": list(values)}
    )
    return {(row.event_id, row.kind, row.value): row.live for row in rows}


async def read_sales(session: WriteSession, event_ids: Sequence[UUID]) -> list[Sale]:
    """The sales of these events; one that does not exist is absent."""
    rows = await session.execute(_SALES, {"ids": list(event_ids)})
    width = len(TERMS_COLUMNS)
    return [Sale(Terms(*row[:width]), row.now, int(row.unreviewed), row.next_hold_ends) for row in rows]


def _facts(row: Row[Any]) -> OrderFacts:
    columns = row._asdict()
    columns["state"] = OrderState(columns["state"])
    return OrderFacts(**columns)
