"""Moving kept objects against whoever deletes them, moves them too, or dies; each with its guard out as a control."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from obstore.store import MemoryStore
from sqlalchemy import text

from pesan.db import Database
from pesan.storage import locks, moving
from pesan.storage.errors import StorageUnavailable
from pesan.storage.keeping import KeepingStorage
from pesan.storage.moving import move_kept
from pesan.storage.objects import ObjectStorage
from tests.storage.test_keeping import CONTENT, kept, new_key
from tests.support.factories import SYSTEM


class Watched(ObjectStorage):
    """A store in memory that counts what it takes; `before_put` and `after_put` are what happens meanwhile."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.is_away = False
        self.taken: list[str] = []
        self.before_put: Callable[[], Awaitable[None]] | None = None
        self.after_put: Callable[[], Awaitable[None]] | None = None

    async def put(self, key: str, content: bytes, mime: str) -> None:
        if self.is_away:
            raise StorageUnavailable(retry_after=10)
        if self.before_put is not None:
            await self.before_put()
        await super().put(key, content, mime)
        self.taken.append(key)
        if self.after_put is not None:
            await self.after_put()


@pytest.fixture
def store() -> Watched:
    return Watched()


@pytest.fixture
def keeping(store: Watched, database: Database) -> KeepingStorage:
    return KeepingStorage(store, database, most_bytes=10_000_000)


async def keep(keeping: KeepingStorage, store: Watched) -> str:
    """An object that came while the store was away, which it is no more."""
    store.is_away = True
    await keeping.put(key := new_key(), CONTENT, "image/jpeg")
    store.is_away, keeping._away_until = False, 0.0
    return key


async def delete_while_moved(keeping: KeepingStorage, store: Watched, database: Database) -> bool:
    """Delete an object while a mover has its bytes in hand; whether it is there afterwards."""
    key = await keep(keeping, store)

    async def delete() -> None:
        store.before_put = None
        await keeping.delete(key)

    store.before_put = delete
    await move_kept(database, store)
    await move_kept(database, store)
    assert await kept(database) == []
    return await store.exists(key)


async def test_an_object_that_is_deleted_while_it_is_moved_stays_deleted(keeping, store, database):
    assert await delete_while_moved(keeping, store, database) is False


async def test_without_looking_again_it_would_rise_again(keeping, store, database, monkeypatch):
    careless = moving._FORGET.text.replace("(removed_at IS NULL OR :is_removed)", "(true OR :is_removed)")
    monkeypatch.setattr(moving, "_FORGET", text(careless))

    assert await delete_while_moved(keeping, store, database) is True


async def move_by_two(keeping: KeepingStorage, store: Watched, database: Database) -> list[int]:
    """How often the store took each of some objects, with two movers at once."""
    keys = [await keep(keeping, store) for _ in range(6)]

    async def pause() -> None:
        await asyncio.sleep(0.05)

    store.before_put = pause
    await asyncio.gather(*(move_kept(database, store) for _ in range(2)))
    return [store.taken.count(key) for key in keys]


async def test_two_movers_share_the_work(keeping, store, database):
    assert await move_by_two(keeping, store, database) == [1] * 6
    assert await kept(database) == []


async def test_without_leases_they_would_do_it_twice(keeping, store, database, monkeypatch):
    unleased = locks._CLAIM.text.replace("lease_until <= statement_timestamp()", "true")
    monkeypatch.setattr(locks, "_CLAIM", text(unleased))
    monkeypatch.setattr(moving, "_MOST_AT_ONCE", 12)  # each takes what the other has, and neither ends

    assert max(await move_by_two(keeping, store, database)) > 1


async def test_whoever_dies_between_putting_and_forgetting_leaves_nothing_undone(keeping, store, database):
    key = await keep(keeping, store)

    async def die() -> None:
        raise asyncio.CancelledError

    store.after_put = die
    with suppress(asyncio.CancelledError):
        await move_kept(database, store)
    store.after_put = None
    too_early = (await move_kept(database, store), await kept(database))
    async with database.write(SYSTEM) as session:
        await session.execute(text("UPDATE kept_objects SET lease_until = clock_timestamp()"))

    assert too_early == (0, [(key, len(CONTENT))])
    assert (await move_kept(database, store), await kept(database)) == (1, [])
    assert (await store.get(key), store.taken) == (CONTENT, [key, key])


async def test_whoever_lost_their_lease_forgets_nothing_of_the_next_ones(keeping, store, database):
    key = await keep(keeping, store)

    async def outlast() -> None:
        store.before_put = None
        async with database.write(SYSTEM) as session:
            await session.execute(text("UPDATE kept_objects SET attempts = attempts + 1"))

    store.before_put = outlast
    await move_kept(database, store)

    assert (await store.get(key), await kept(database)) == (CONTENT, [(key, len(CONTENT))])


async def test_what_arrived_otherwise_is_kept_on(keeping, store, database):
    key = await keep(keeping, store)

    async def spoil() -> None:
        await ObjectStorage(store._store).put(key, CONTENT[:-1], "image/jpeg")

    store.after_put = spoil

    assert (await move_kept(database, store), await kept(database)) == (0, [(key, len(CONTENT))])
    assert await keeping.get(key) is not None
