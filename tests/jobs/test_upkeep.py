"""The queue looks after itself: loops, rescue, purge, gauges, and refusals that say what they are."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import make_url, text

from pesan.db import Database
from pesan.errors import Busy
from pesan.jobs import enqueue, enqueue_many, task, tasks
from pesan.jobs.levels import queue_levels
from pesan.jobs.loops import run_loops
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.jobs.support import SYSTEM, Ran, make_deps, statuses
from tests.support.postgres import Server


async def _loop_for(deps: Registry, seconds: float) -> None:
    stop = asyncio.Event()
    looping = asyncio.create_task(run_loops(deps, stop=stop))
    await asyncio.sleep(seconds)
    stop.set()
    await asyncio.wait_for(looping, 1)


async def test_loop_turns_until_it_is_stopped(database: Database) -> None:
    @task("sample.turn", every=timedelta(seconds=0.05))
    async def turn(deps: Registry) -> None:
        deps[Ran].calls.append("turned")

    deps = make_deps(database)
    await _loop_for(deps, 0.5)

    assert 4 <= len(deps[Ran].calls) <= 13


async def test_loop_outlives_a_failing_turn_and_slows_down(database: Database) -> None:
    @task("sample.turn", every=timedelta(seconds=0.05))
    async def turn(deps: Registry) -> None:
        deps[Ran].calls.append("turned")
        raise ZeroDivisionError

    deps = make_deps(database)
    await _loop_for(deps, 0.6)

    assert 2 <= len(deps[Ran].calls) <= 4


async def test_loop_finishes_its_turn_before_it_ends(database: Database) -> None:
    @task("sample.turn", every=timedelta(seconds=60))
    async def turn(deps: Registry) -> None:
        await asyncio.sleep(0.3)
        deps[Ran].calls.append("turned")

    deps = make_deps(database)
    await _loop_for(deps, 0.1)

    assert deps[Ran].calls == ["turned"]


async def test_loop_has_no_jobs(database: Database) -> None:
    @task("sample.turn", every=timedelta(seconds=0.05))
    async def turn(deps: Registry) -> None: ...

    await _loop_for(make_deps(database), 0.2)

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
