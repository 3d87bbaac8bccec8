"""Kept objects on their way to the store: put, read again, compared, and only then forgotten here."""

import asyncio
from hashlib import sha256

from sqlalchemy import text

from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.jobs.retry import wait_after
from pesan.logging import get_logger
from pesan.storage.base import Storage
from pesan.storage.errors import StorageUnavailable
from pesan.storage.locks import Claimed, claim_next

log = get_logger(__name__)

_MOST_AT_ONCE = 200
_LONGEST_WAIT_SECONDS = 120.0
_ACTOR = Actor.system("storage")
# Whoever took it since has another number, and what was deleted since is not forgotten before the store was told.
_FORGET = text(
    "DELETE FROM kept_objects WHERE key = :key AND attempts = :attempt AND (removed_at IS NULL OR :is_removed)"
    " RETURNING key"
)
_WAS_REMOVED = text(
    "SELECT 1 FROM kept_objects WHERE key = :key AND attempts = :attempt AND removed_at IS NOT NULL"
)
_PUT_OFF = text(
    "UPDATE kept_objects SET lease_until = NULL, error_code = :code,"
    " next_at = clock_timestamp() + make_interval(secs => :wait) WHERE key = :key AND attempts = :attempt"
)


async def move_kept(database: Database, store: Storage) -> int:
    """Move what is due to the store, one after the other; returns how many went.

    Ends at the first that does not go, so that a store which is away is asked once a turn and not once an object. Each
    step is a short transaction and none is open while the store is called: whoever dies between putting and forgetting
    leaves an object that is put once more after its lease.
    """
    moved = 0
    for _ in range(_MOST_AT_ONCE):
        async with database.write(_ACTOR) as session:
            claimed = await claim_next(session)
        if claimed is None or not await _move(database, store, claimed):
            break
        moved += 1
    if moved:
        log.info("storage.moved", count=moved)
    return moved


async def _move(database: Database, store: Storage, claimed: Claimed) -> bool:
    try:
        if not claimed.is_removed:
            await _hand_over(store, claimed)
            if await _forgotten(database, claimed, is_removed=False):
                return True
            if not await _was_removed(database, claimed):
                return True  # the lease was over, and it is somebody else's by now
        await store.delete(claimed.key)
        await _forgotten(database, claimed, is_removed=True)
    except PesanError as error:
        await _put_off(database, claimed, error.code)
        log.warning("storage.not_moved", key=claimed.key, code=error.code, attempts=claimed.attempt)
        return False
    return True


async def _hand_over(store: Storage, claimed: Claimed) -> None:
    await store.put(claimed.key, claimed.content, claimed.mime)
    arrived = await store.get(claimed.key)
    if (await asyncio.to_thread(sha256, arrived)).digest() != claimed.sha256:
        log.error("storage.differs", key=claimed.key, size=len(arrived))
        raise StorageUnavailable


async def _forgotten(database: Database, claimed: Claimed, *, is_removed: bool) -> bool:
    values = {"key": claimed.key, "attempt": claimed.attempt, "is_removed": is_removed}
    async with database.write(_ACTOR) as session:
        return await session.scalar(_FORGET, values) is not None


async def _was_removed(database: Database, claimed: Claimed) -> bool:
    async with database.read(_ACTOR) as session:
        return (
            await session.scalar(_WAS_REMOVED, {"key": claimed.key, "attempt": claimed.attempt}) is not None
        )


async def _put_off(database: Database, claimed: Claimed, code: str) -> None:
    wait = min(_LONGEST_WAIT_SECONDS, wait_after(claimed.attempt - 1).total_seconds())
    values = {"key": claimed.key, "attempt": claimed.attempt, "code": code, "wait": wait}
    async with database.write(_ACTOR) as session:
        await session.execute(_PUT_OFF, values)
