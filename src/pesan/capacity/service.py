"""Writes to pools and claims, in bulk: the callers hold the locks."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from pesan.capacity.errors import CapacityTooLow
from pesan.capacity.models import DEFAULT_HOLD_RATIO, CapacityPool
from pesan.capacity.states import Bucket, PoolCounts
from pesan.db import WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.db.waits import violates
from pesan.kit.ids import new_id


class ClaimTime(NamedTuple):
    """What a claim takes of a thing: a half-open time."""

    resource: int
    starts_at: datetime
    ends_at: datetime


class NewClaim(NamedTuple):
    """A claim to be written: `quantity` places of a pool for one order line, and the time that the pool is, if any."""

    id: UUID
    merchant_id: UUID
    order_id: UUID
    line_id: UUID
    pool_id: UUID
    quantity: int
    bucket: Bucket
    time: ClaimTime | None = None


class Returned(NamedTuple):
    """Places of one order line that go back to a pool; `id` is for the claim that says so, where some are kept."""

    id: UUID
    line_id: UUID
    pool_id: UUID
    quantity: int


_NEVER_OVERSOLD = "ck_capacity_pools_never_oversold"
_COUNTS = {"id": "uuid", "held": "integer", "used": "integer"}
_CLAIMS = {
    "id": "uuid",
    "merchant_id": "uuid",
    "order_id": "uuid",
    "line_id": "uuid",
    "pool_id": "uuid",
    "quantity": "integer",
    "bucket": "text",
}
_TIMES = {"resource": "bigint", "starts_at": "timestamptz", "ends_at": "timestamptz"}
_BUCKETS = {"order_id": "uuid", "bucket": "text"}
_RETURNED = {"id": "uuid", "line_id": "uuid", "pool_id": "uuid", "quantity": "integer"}

_UPDATE = text(
    f"UPDATE capacity_pools p SET held = n.held, used = n.used FROM {recordset(_COUNTS)} WHERE p.id = n.id"  # noqa: S608
)
_INSERT = text(
    f"INSERT INTO claims ({', '.join(_CLAIMS)}) SELECT {', '.join(_CLAIMS)} FROM {recordset(_CLAIMS)}"  # noqa: S608
)
_INSERT_TIMED = text(
    f"INSERT INTO claims ({', '.join(_CLAIMS)}, resource, period)"  # noqa: S608
    f" SELECT {', '.join(_CLAIMS)}, resource, tstzrange(starts_at, ends_at) FROM {recordset(_CLAIMS | _TIMES)}"
)
_MOVE = text(
    f"UPDATE claims c SET bucket = n.bucket FROM {recordset(_BUCKETS)}"  # noqa: S608
    " WHERE c.order_id = n.order_id AND c.bucket <> n.bucket"
)
# A claim of which some is kept is split, so that what went back stays on record. Both updates see it as it was.
_OF_RETURNED = "c.line_id = n.line_id AND c.pool_id = n.pool_id AND c.bucket <> 'released'"
_RELEASE = text(
    f"WITH n AS (SELECT * FROM {recordset(_RETURNED)}),"  # noqa: S608
    " kept AS (UPDATE claims c SET quantity = c.quantity - n.quantity FROM n"
    f" WHERE {_OF_RETURNED} AND c.quantity > n.quantity"
    " RETURNING n.id, c.merchant_id, c.order_id, c.line_id, c.pool_id, n.quantity),"
    " gone AS (UPDATE claims c SET bucket = 'released' FROM n"
    f" WHERE {_OF_RETURNED} AND c.quantity = n.quantity)"
    f" INSERT INTO claims ({', '.join(_CLAIMS)}) SELECT kept.*, 'released' FROM kept"
)


async def write_counts(executor: Executor, pools: Iterable[PoolCounts]) -> None:
    """Store the counters that were decided on; the CHECK constraints have the last word."""
    rows = [{"id": pool.id, "held": pool.held, "used": pool.used} for pool in pools]
    if rows:
        await executor.execute(_UPDATE, pack(rows))


async def insert_claims(executor: Executor, claims: Sequence[NewClaim]) -> None:
    """Write many claims in one statement, and in another those of times; the constraint on these has the last word."""
    plain = [_columns(claim) for claim in claims if claim.time is None]
    timed = [_columns(claim) | claim.time._asdict() for claim in claims if claim.time]
    if plain:
        await executor.execute(_INSERT, pack(plain))
    if timed:
        await executor.execute(_INSERT_TIMED, pack(timed))


def _columns(claim: NewClaim) -> dict[str, object]:
    return {name: getattr(claim, name) for name in _CLAIMS}


async def move_claims(executor: Executor, moves: Sequence[tuple[UUID, Bucket]]) -> None:
    """Put every claim of each order into its new bucket, in one statement."""
    if moves:
        await executor.execute(_MOVE, pack({"order_id": order, "bucket": bucket} for order, bucket in moves))


async def release_claims(executor: Executor, returned: Sequence[Returned]) -> None:
    """Give back parts of claims; each line and pool stands in `returned` once."""
    if returned:
        await executor.execute(_RELEASE, pack(each._asdict() for each in returned))


async def create_pool(
    session: WriteSession,
    *,
    merchant_id: UUID,
    capacity: int,
    hold_ratio: Decimal = DEFAULT_HOLD_RATIO,
    max_per_order: int = 1,
) -> CapacityPool:
    """A new, empty pool."""
    pool = CapacityPool(
        id=new_id(),
        merchant_id=merchant_id,
        capacity=capacity,
        hold_ratio=hold_ratio,
        max_per_order=max_per_order,
    )
    session.add(pool)
    await session.flush()
    return pool


async def resize_pool(
    session: WriteSession, pool_id: UUID, *, capacity: int, hold_ratio: Decimal, max_per_order: int
) -> None:
    """Change a pool's size and rules; raises CapacityTooLow when more is sold and held.

    The CHECK constraint refuses under any race; the count in the message is read afterwards.
    """
    change = update(CapacityPool).where(CapacityPool.id == pool_id)
    try:
        async with session.begin_nested():
            await session.execute(
                change.values(capacity=capacity, hold_ratio=hold_ratio, max_per_order=max_per_order)
            )
    except IntegrityError as error:
        if not violates(error, _NEVER_OVERSOLD):
            raise
        pool = await session.get_one(CapacityPool, pool_id, populate_existing=True)
        raise CapacityTooLow(capacity=capacity, taken=pool.used + pool.held) from error
