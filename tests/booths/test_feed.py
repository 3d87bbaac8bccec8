"""What an outlet's feed tells is numbered in the order of the commits, without a gap."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import URL, text

from pesan.booths.feed import KEPT, get_seq, list_after, purge, tell_many
from pesan.db import Actor, Database
from pesan.db.pipeline import pipelined
from pesan.kit.ids import new_id
from tests.booths.feeds import happening, told
from tests.support.factories import SYSTEM, Make
from tests.support.postgres import Server

WRITERS = 12


@pytest.fixture
def owner(postgres: Server, database_url: URL) -> Iterator[psycopg.Connection]:
    """Who may write into any row, and make tables."""
    with postgres.connect(database_url.database) as connection:
        yield connection


async def test_events_of_several_outlets_are_numbered_in_their_order(make: Make, database: Database):
    first, second = await make.event(), await make.event()
    async with database.sale() as session:
        await tell_many(session, [happening(first, 1), happening(second, 2), happening(first, 3)])
        await tell_many(session, [])
    async with database.sale() as session, pipelined(session) as pipe:
        await tell_many(pipe, [happening(second, 4), happening(first, 5)])

    assert await told(database, first.id) == [(1, 1), (2, 3), (3, 5)]
    assert await told(database, second.id) == [(1, 2), (2, 4)]
    async with database.gate(first.id) as session:
        assert await get_seq(session, first.id) == 3
        assert [event.seq for event in await list_after(session, first.id, 1, limit=1)] == [2]


async def test_what_is_rolled_back_leaves_no_gap(make: Make, database: Database):
    outlet = await make.event()

    async def tell(what: str) -> None:
        async with database.sale() as session:
            await tell_many(session, [happening(outlet, what)])
            if what == "undone":
                raise LookupError

    await tell("first")
    with pytest.raises(LookupError):
        await tell("undone")
    await tell("second")

    assert await told(database, outlet.id) == [(1, "first"), (2, "second")]


async def test_staff_tell_their_own_outlet_only(make: Make, web_database: Database, database: Database):
    own, theirs = await make.event(), await make.event()
    staff = Actor.staff(new_id(), frozenset([own.merchant_id]))

    async with web_database.write(staff) as session:
        await tell_many(session, [happening(own, "ours")])
    with pytest.raises(Exception, match="row-level security"):
        async with web_database.write(staff) as session:
            await tell_many(session, [happening(theirs, "forged")])

    assert await told(database, own.id) == [(1, "ours")]
    assert await told(database, theirs.id) == []
    async with web_database.gate(theirs.id) as session:
        assert await list_after(session, own.id, 0, limit=9) == []


async def test_what_is_old_is_forgotten_in_chunks_and_numbers_go_on(make: Make, database: Database, owner):
    outlet = await make.event()
    async with database.sale() as session:
        await tell_many(session, [happening(outlet, number) for number in range(1, 6)])
    old = KEPT + timedelta(seconds=1)
    owner.execute(f"UPDATE booth_events SET at = at - interval '{old.total_seconds()} s' WHERE seq < 4")

    forgotten = []
    for _ in range(3):
        async with database.write(SYSTEM) as session:
            forgotten.append(await purge(session, chunk=2))
    async with database.sale() as session:
        await tell_many(session, [happening(outlet, 6)])

    assert forgotten == [2, 1, 0]
    assert await told(database, outlet.id) == [(4, 4), (5, 5), (6, 6)]


async def test_many_writers_at_once_leave_no_gap(make: Make, database: Database):
    outlet = await make.event()

    async def write(number: int) -> None:
        async with database.sale() as session:
            await tell_many(session, [happening(outlet, number), happening(outlet, number)])

    await asyncio.gather(*(write(number) for number in range(WRITERS)))

    heard = await told(database, outlet.id)
    assert [seq for seq, _ in heard] == list(range(1, 2 * WRITERS + 1))
    assert [heard[place][1] for place in range(0, 2 * WRITERS, 2)] == [
        heard[place][1] for place in range(1, 2 * WRITERS, 2)
    ]


async def test_reader_who_goes_on_from_the_last_number_misses_nothing(make: Make, database: Database):
    outlet = await make.event()
    begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def tell_quickly() -> None:
        async with database.sale() as session:
            begun.set_result(await session.scalar(text("SELECT pg_backend_pid()")))
            await tell_many(session, [happening(outlet, "quick")])

    async with database.sale() as session:
        await tell_many(session, [happening(outlet, "slow")])
        overtaking = asyncio.create_task(tell_quickly())
        await until_held_up(database, await begun)
        heard = await told(database, outlet.id)
    await overtaking
    heard += await told(database, outlet.id)

    assert heard == [(1, "slow"), (2, "quick")]


async def test_without_the_lock_the_same_reader_misses_one(make: Make, database: Database, owner):
    """The control: numbers of a sequence are given out in one order and seen in another."""
    outlet = await make.event()
    async with database.sale() as session:
        await tell_many(session, [happening(outlet, "before")])
    owner.execute("CREATE SEQUENCE numbers START 2")
    owner.execute("GRANT USAGE ON SEQUENCE numbers TO PUBLIC")
    numbered = text(
        "INSERT INTO booth_events (event_id, merchant_id, seq, kind, payload, at) SELECT event_id, merchant_id,"
        " nextval('numbers'), kind, jsonb_build_object('what', CAST(:what AS text)), at"
        " FROM booth_events WHERE seq = 1"
    )

    async with database.write(SYSTEM) as slow:
        await slow.execute(numbered, {"what": "slow"})
        async with database.write(SYSTEM) as quick:
            await quick.execute(numbered, {"what": "quick"})
        heard = await told(database, outlet.id)
    heard += await told(database, outlet.id, after=heard[-1][0])

    assert [what for _, what in heard] == ["before", "quick"]


async def until_held_up(database: Database, pid: int) -> None:
    """Until this backend waits for a lock."""
    query = text("SELECT cardinality(pg_blocking_pids(:pid))")
    is_waiting = False
    while not is_waiting:
        async with database.read(SYSTEM) as session:
            is_waiting = bool(await session.scalar(query, {"pid": pid}))
