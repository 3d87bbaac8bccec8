"""Where the gate looks up the pools of a sale, before any lock."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from pesan.catalog import queries
from pesan.catalog.queries import find_pool_ids
from pesan.db import Database
from pesan.kit.ids import new_id
from tests.support.factories import SYSTEM, Make
from tests.support.queries import CountQueries


async def pools(database: Database, *events) -> set:
    async with database.read(SYSTEM) as session:
        return await find_pool_ids(session, [event.id for event in events])


async def test_pools_found_once_cost_no_statement_again(
    database: Database, make: Make, count_queries: CountQueries
):
    events = [await make.event() for _ in range(3)]
    await pools(database, *events[:2])

    async with database.read(SYSTEM) as session:
        with count_queries() as statements:
            found = await find_pool_ids(session, [event.id for event in events[:2]])

    assert found == {event.pool_id for event in events[:2]}
    assert len(statements) == 0
    assert await pools(database, *events) == {event.pool_id for event in events}


async def test_pools_are_complete_when_the_memory_is_full(database: Database, make: Make):
    known, new = await make.event(), await make.event()
    await pools(database, known)
    room = queries._MOST_POOLS - len(queries._pools_found)
    queries._remember_pools({new_id(): new_id() for _ in range(room)})

    assert await pools(database, known, new) == {known.pool_id, new.pool_id}
    assert len(queries._pools_found) <= queries._MOST_POOLS


async def test_pool_of_an_event_is_never_another(database: Database, make: Make):
    one, other = await make.event(), await make.event()
    swap = text("UPDATE events SET pool_id = :pool_id WHERE id = :id")

    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.write(SYSTEM) as session:
            await session.execute(swap, {"pool_id": other.pool_id, "id": one.id})
