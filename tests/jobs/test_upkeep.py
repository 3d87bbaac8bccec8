"""The queue looks after itself: loops, rescue, purge, gauges, and refusals that say what they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import make_url, text

from pesan.db import Database
from pesan.errors import Busy
from pesan.jobs import enqueue, enqueue_many, task, tasks
from pesan.jobs.levels import queue_levels
from pesan.jobs.loops import run_loops
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.jobs.support import SYSTEM, Ran, make_deps, statuses, until
from tests.support.postgres import Server

EVERY = 0.05
# What chance shortens a pause by, and a little for clocks.
SHORTEST = 0.79


@asynccontextmanager
async def looping(deps: Registry) -> AsyncIterator[None]:
    """Loops that turn until the block ends."""
    stop = asyncio.Event()
    running = asyncio.create_task(run_loops(deps, stop=stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, 30)


async def turn_four_times(deps: Registry) -> list[float]:
    """The pauses between the turns of a task that notes when it turned."""

    async def has_turned() -> bool:
        return len(deps[Ran].calls) >= 4

    async with looping(deps):
        await until(has_turned)
    moments = deps[Ran].calls[:4]
    return [later - earlier for earlier, later in pairwise(moments)]


def note_turn(deps: Registry) -> None:
    deps[Ran].calls.append(asyncio.get_running_loop().time())


async def test_loop_turns_until_it_is_stopped(database: Database) -> None:
    @task("sample.turn", every=timedelta(seconds=EVERY))
    async def turn(deps: Registry) -> None:
        note_turn(deps)

    pauses = await turn_four_times(make_deps(database))

    assert min(pauses) >= SHORTEST * EVERY


async def test_loop_outlives_a_failing_turn_and_slows_down(database: Database) -> None:
    @task("sample.turn", every=timedelta(seconds=EVERY))
    async def turn(deps: Registry) -> None:
        note_turn(deps)
        raise ZeroDivisionError

    pauses = await turn_four_times(make_deps(database))

    assert [pause >= SHORTEST * EVERY * 2**failures for failures, pause in enumerate(pauses, 1)] == [True] * 3


async def test_loop_finishes_its_turn_before_it_ends(database: Database) -> None:
    began = asyncio.Event()

    @task("sample.turn", every=timedelta(seconds=60))
    async def turn(deps: Registry) -> None:
        began.set()
        await asyncio.sleep(0.3)
        deps[Ran].calls.append("turned")

    deps = make_deps(database)
    async with looping(deps):
        await began.wait()

    assert deps[Ran].calls == ["turned"]


async def test_loop_has_no_jobs(database: Database) -> None:
    @task("sample.turn", every=timedelta(seconds=EVERY))
    async def turn(deps: Registry) -> None:
        note_turn(deps)

    await turn_four_times(make_deps(database))

    assert await statuses(database) == []


async def test_rescuer_takes_back_what_nobody_runs(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.note")
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))

    await tasks.rescue_stalled(make_deps(database))

    assert await statuses(database) == [("sample.note", "todo", 1)]


async def test_purge_keeps_parked_jobs_for_longer(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue_many(session, [("sample.note", {})] * 3)
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = 1"))
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'failed' WHERE id > 1"))
        await session.execute(text("UPDATE procrastinate_events SET at = at - interval '2 days'"))
        ancient = "UPDATE procrastinate_events SET at = at - interval '40 days' WHERE job_id = 3"
        await session.execute(text(ancient))
        await session.execute(text("INSERT INTO job_failures (job_id, code) VALUES (2, 'a'), (3, 'b')"))

    await tasks.purge_finished(make_deps(database))

    assert await statuses(database) == [("sample.note", "failed", 0)]
    async with database.read(SYSTEM) as session:
        assert (await session.scalars(text("SELECT job_id FROM job_failures"))).all() == [2]


async def test_levels_show_every_queue_to_a_scrape(database: Database, web_database: Database) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue_many(session, [("sample.note", {})] * 2)

    levels = {level.name: level.readings for level in await queue_levels(web_database)()}

    assert levels["queue_jobs"] == [
        ({"queue": "default", "state": "waiting"}, 2.0),
        ({"queue": "default", "state": "scheduled"}, 0.0),
        ({"queue": "default", "state": "running"}, 0.0),
        ({"queue": "default", "state": "parked"}, 0.0),
    ]
    assert [labels for labels, _age in levels["queue_oldest_seconds"]] == [{"queue": "default"}]
    assert levels["workers_alive"] == [({}, 0.0)]


async def test_enqueueing_while_the_database_goes_is_a_clean_refusal(
    database: Database, settings: Settings, postgres: Server
) -> None:
    async def enqueue_on_a_lost_connection() -> None:
        async with database.write(SYSTEM) as session:
            await session.execute(text("SELECT 1"))
            _break_connections(postgres, settings)
            await enqueue(session, "sample.note")

    with pytest.raises(Busy):
        await enqueue_on_a_lost_connection()

    assert await statuses(database) == []


def _break_connections(postgres: Server, settings: Settings) -> None:
    name = str(make_url(settings.database_url).database)
    with postgres.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
