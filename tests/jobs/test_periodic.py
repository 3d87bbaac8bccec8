"""Of a periodic job one run waits at most; what another covers ends, whatever else is to be taken back."""

import asyncio

from sqlalchemy import text

from pesan.db import Database
from pesan.jobs import enqueue, service, task
from pesan.jobs.runner import build_app
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.jobs.support import BRISK, SYSTEM, make_deps, statuses, until_statuses, working

LEASE = BRISK.lease


async def add_turn(database: Database, status: str = "todo", *, in_seconds: int = 0) -> None:
    """A run of the periodic job, as Procrastinate enqueues it; one that is `doing` lost its worker."""
    statement = text(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args, queueing_lock, status, scheduled_at)"
        " VALUES ('default', 'sample.turn', '{}', 'sample.turn', CAST(:status AS procrastinate_job_status),"
        " now() + make_interval(secs => :seconds))"
    )
    async with database.write(SYSTEM) as session:
        await session.execute(statement, {"status": status, "seconds": in_seconds})


async def rescue(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        await service.rescue_stalled(session, lease_seconds=LEASE)


async def test_a_run_that_waits_keeps_no_dead_workers_jobs_from_coming_back(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.other")
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
    await add_turn(database, "doing")
    await add_turn(database)

    await rescue(database)

    assert await statuses(database) == [
        ("sample.other", "todo", 1),
        ("sample.turn", "aborted", 1),
        ("sample.turn", "todo", 0),
    ]


async def test_of_several_runs_whose_workers_died_the_last_comes_back(database: Database) -> None:
    for _ in range(3):
        await add_turn(database, "doing")

    await rescue(database)

    assert [status for _, status, _ in await statuses(database)] == ["aborted", "aborted", "todo"]


async def test_a_run_that_fails_while_the_next_one_waits_ends(database: Database, settings: Settings) -> None:
    @task("sample.turn", every="0 0 1 1 *")
    async def turn(deps: Registry) -> None:
        await add_turn(database, in_seconds=600)
        raise LookupError

    await add_turn(database)
    async with working(make_deps(database), settings):
        await until_statuses(database, ("sample.turn", "aborted", 1), ("sample.turn", "todo", 0))


async def test_a_run_that_is_given_back_while_the_next_one_waits_ends(
    database: Database, settings: Settings
) -> None:
    began = asyncio.Event()

    @task("sample.turn", every="0 0 1 1 *")
    async def turn(deps: Registry) -> None:
        await add_turn(database, in_seconds=600)
        began.set()
        await asyncio.sleep(600)

    await add_turn(database)
    async with working(make_deps(database), settings):
        await began.wait()

    assert [status for _, status, _ in await statuses(database)] == ["aborted", "todo"]


def test_a_periodic_task_runs_under_its_lock() -> None:
    @task("sample.turn", every="0 0 1 1 *", lock="sample.turns")
    async def turn(deps: Registry) -> None: ...

    known = build_app(Registry()).tasks["sample.turn"]

    assert (known.lock, known.queueing_lock) == ("sample.turns", "sample.turn")
