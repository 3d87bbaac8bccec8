"""Writes to pools and claims, in bulk: the callers hold the locks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, Integer, String, Uuid, bindparam, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import TypeEngine

from pesan.capacity.errors import CapacityTooLow
from pesan.capacity.models import DEFAULT_HOLD_RATIO, CapacityPool
from pesan.capacity.states import Bucket, PoolCounts
from pesan.db import WriteSession
from pesan.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class NewClaim:
    """A claim to be written: `quantity` places of a pool for one order line."""

    id: UUID
    merchant_id: UUID
    order_id: UUID
    line_id: UUID
    pool_id: UUID
    quantity: int
    bucket: Bucket


def _arrays(**types: TypeEngine[Any]) -> list[BindParameter[Any]]:
    return [bindparam(name, type_=ARRAY(kind)) for name, kind in types.items()]


_UPDATE = text(
    "UPDATE capacity_pools p SET held = n.held, used = n.used"
    " FROM unnest(:ids, :held, :used) AS n (id, held, used) WHERE p.id = n.id"
).bindparams(*_arrays(ids=Uuid(), held=Integer(), used=Integer()))

_INSERT = text(
    "INSERT INTO claims (id, merchant_id, order_id, line_id, pool_id, quantity, bucket)"
    " SELECT * FROM unnest(:ids, :merchants, :orders, :lines, :pools, :quantities, :buckets)"
).bindparams(
    *_arrays(
        ids=Uuid(),
        merchants=Uuid(),
        orders=Uuid(),
        lines=Uuid(),
        pools=Uuid(),
        quantities=Integer(),
        buckets=String(),
    )
)

_MOVE = text(
    "UPDATE claims c SET bucket = n.bucket FROM unnest(:orders, :buckets) AS n (order_id, bucket)"
    " WHERE c.order_id = n.order_id AND c.bucket <> n.bucket"
).bindparams(*_arrays(orders=Uuid(), buckets=String()))


async def write_counts(session: WriteSession, pools: Iterable[PoolCounts]) -> None:
    """Store the counters that were decided on; the CHECK constraints have the last word."""
    rows = list(pools)
    if rows:
        await session.execute(
            _UPDATE,
            {"ids": [p.id for p in rows], "held": [p.held for p in rows], "used": [p.used for p in rows]},
        )


async def insert_claims(session: WriteSession, claims: Sequence[NewClaim]) -> None:
    """Write many claims in one statement."""
    if claims:
        await session.execute(
            _INSERT,
            {
                "ids": [c.id for c in claims],
                "merchants": [c.merchant_id for c in claims],
                "orders": [c.order_id for c in claims],
                "lines": [c.line_id for c in claims],
                "pools": [c.pool_id for c in claims],
                "quantities": [c.quantity for c in claims],
                "buckets": [c.bucket.value for c in claims],
            },
        )


async def move_claims(session: WriteSession, moves: Sequence[tuple[UUID, Bucket]]) -> None:
    """Put every claim of each order into its new bucket, in one statement."""
    if moves:
        await session.execute(
            _MOVE, {"orders": [order for order, _ in moves], "buckets": [bucket.value for _, bucket in moves]}
        )


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
        pool = await session.get_one(CapacityPool, pool_id, populate_existing=True)
        raise CapacityTooLow(capacity=capacity, taken=pool.used + pool.held) from error
