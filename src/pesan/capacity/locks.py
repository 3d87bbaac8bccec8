"""The only place that locks pools: by id, after orders, before anything is inserted."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from pesan.capacity.states import PoolCounts
from pesan.db import WriteSession

_IDS = bindparam("ids", type_=ARRAY(Uuid()))
# NO KEY UPDATE does not fight with the foreign keys that claims have on a pool.
_LOCK = text("SELECT 1 FROM capacity_pools WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE").bindparams(
    _IDS
)
_READ = text(
    "SELECT id, capacity, hold_ratio, max_per_order, held, used FROM capacity_pools WHERE id = ANY (:ids)"
).bindparams(_IDS)


async def lock_pools(session: WriteSession, pool_ids: Collection[UUID]) -> dict[UUID, PoolCounts]:
    """Lock the pools, then read them in a later statement, so that what is decided on is current."""
    if not pool_ids:
        return {}
    ids = {"ids": sorted(pool_ids)}
    await session.execute(_LOCK, ids)
    rows = await session.execute(_READ, ids)
    return {row.id: PoolCounts(*row) for row in rows}
