"""The only place that locks pools: by id, after orders, before anything is inserted."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from pesan.capacity.states import PoolCounts
from pesan.db.pipeline import Later, Pipe, Row

_IDS = bindparam("ids", type_=ARRAY(Uuid()))
# NO KEY UPDATE does not fight with the foreign keys that claims have on a pool.
_LOCK = text("SELECT 1 FROM capacity_pools WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE").bindparams(
    _IDS
)
_READ = text(
    "SELECT id, capacity, hold_ratio, max_per_order, held, used FROM capacity_pools WHERE id = ANY (:ids)"
).bindparams(_IDS)


async def lock_pools(pipe: Pipe, pool_ids: Collection[UUID]) -> Later[dict[UUID, PoolCounts]]:
    """Lock the pools, then read them in a later statement, so that what is decided on is current."""
    ids = {"ids": sorted(pool_ids)}
    await pipe.execute(_LOCK, ids)
    return await pipe.ask(_READ, ids, _counts)


def _counts(rows: Sequence[Row]) -> dict[UUID, PoolCounts]:
    return {row[0]: PoolCounts(*row) for row in rows}
