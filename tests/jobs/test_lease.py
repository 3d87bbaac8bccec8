"""A dead worker's jobs are taken back, a living one's are not, and a sleeper's late reports count for nothing."""

import asyncio
import os
import signal

import pytest
from sqlalchemy import make_url, text

from pesan.db import Database
from pesan.errors import Busy
from pesan.jobs import enqueue, enqueue_many, service, task
from pesan.jobs.invariants import INVARIANTS
from pesan.jobs.queries import get_workers
from pesan.jobs.runner import build_app
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.jobs.support import (
    BRISK,
    SYSTEM,
    Ran,
    make_deps,
    statuses,
    until,
    until_statuses,
    worker_process,
    working,
)
from tests.support.postgres import Server

LEASE = BRISK.lease


@pytest.fixture(autouse=True)
def sample_runs(settings: Settings, postgres: Server) -> None:
    """A table for the worker processes to leave their traces in."""
    with postgres.connect(str(make_url(settings.database_url).database)) as connection:
        connection.execute("CREATE TABLE sample_runs (id bigserial, name text, pid int)")
        connection.execute("GRANT ALL ON sample_runs, sample_runs_id_seq TO PUBLIC")


async def _runs(database: Database) -> list[tuple[str, int]]:
    async with database.read(SYSTEM) as session:
        return [
            (row[0], row[1])
            for row in await session.execute(text("SELECT name, pid FROM sample_runs ORDER BY id"))
        ]


async def test_job_of_a_killed_worker_runs_again_elsewhere(database: Database, settings: Settings) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.note_slowly", name="a", tenths=10)

    with worker_process(settings) as first:
        await until(lambda: _has_runs(database, 1))
        first.kill()
        first.wait()
        with worker_process(settings) as second:
            await until_statuses(database, ("sample.note_slowly", "succeeded", 2))

    runs = await _runs(database)
    assert runs == [("a:began", first.pid), ("a:began", second.pid), ("a:ended", second.pid)]


async def test_many_kills_lose_no_job(database: Database, settings: Settings) -> None:
    async with database.write(SYSTEM) as session:
        names = [("sample.note_slowly", {"name": f"n{n}", "tenths": 3}) for n in range(40)]
        await enqueue_many(session, names)

    for _ in range(3):
        with worker_process(settings) as worker:
            seen = len(await _runs(database))
            await until(lambda seen=seen: _has_moved(database, seen))
            worker.kill()
            worker.wait()
    with worker_process(settings):
        await until(lambda: _all_ended(database))

    ended = {name for name, _pid in await _runs(database) if name.endswith(":ended")}
    assert ended == {f"n{n}:ended" for n in range(40)}


async def test_long_job_of_a_living_worker_is_left_alone(database: Database, settings: Settings) -> None:
    may_end = asyncio.Event()

    @task("sample.long")
    async def long(deps: Registry) -> None:
        deps[Ran].calls.append("began")
        await may_end.wait()

    deps = make_deps(database)
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.long")

    async with working(deps, settings):
        await until(lambda: _has_beaten_for_a_lease(database))
        async with database.write(SYSTEM) as session:
            rescued = await service.rescue_stalled(session, lease_seconds=LEASE)
        may_end.set()
        await until_statuses(database, ("sample.long", "succeeded", 1))

    assert (rescued, deps[Ran].calls) == ([], ["began"])


async def test_report_of_a_worker_that_slept_through_its_lease_is_dropped(
    database: Database, settings: Settings
) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.note_slowly", name="a", tenths=5)

    with worker_process(settings) as sleeper:
        await until(lambda: _has_runs(database, 1))
        os.kill(sleeper.pid, signal.SIGSTOP)
        with worker_process(settings) as other:
            await until(lambda: _has_runs(database, 2))
            os.kill(sleeper.pid, signal.SIGCONT)
            await until_statuses(database, ("sample.note_slowly", "succeeded", 2))
            await until(lambda: _has_runs(database, 4))
            await asyncio.sleep(1)  # in which the sleeper reports

    # Both ran it, which is what at-least-once means, but only the second one's end was recorded.
    assert await statuses(database) == [("sample.note_slowly", "succeeded", 2)]
    assert (other.returncode, len([name for name, _ in await _runs(database) if name == "a:ended"])) == (
        -9,
        2,
    )


async def test_stalled_job_on_its_last_attempt_is_parked(database: Database) -> None:
    @task("sample.crasher", attempts=2)
    async def crasher(deps: Registry) -> None: ...

    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.crasher")

    async def crash() -> list[tuple[int, str, bool]]:
        async with database.write(SYSTEM) as session:
            await session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
            return await service.rescue_stalled(session, lease_seconds=LEASE)

    assert await crash() == [(1, "sample.crasher", False)]
    assert await crash() == [(1, "sample.crasher", True)]
    assert await statuses(database) == [("sample.crasher", "failed", 2)]


async def test_job_taken_by_a_lost_answer_is_found_again(database: Database, settings: Settings) -> None:
    @task("sample.note")
    async def note(deps: Registry) -> None:
        deps[Ran].calls.append("ran")

    @task("sample.idle")
    async def idle(deps: Registry) -> None: ...

    deps = make_deps(database)
    async with working(deps, settings):
        async with database.write(SYSTEM) as session:
            await enqueue(session, "sample.note")
            # What a fetch leaves behind whose answer never arrived: taken by a living worker that knows nothing of it.
            await session.execute(
                text(
                    "UPDATE procrastinate_jobs SET status = 'doing',"
                    " worker_id = (SELECT max(id) FROM procrastinate_workers)"
                )
            )
        await until(lambda: _is_disowned(database))
        async with database.write(SYSTEM) as session:
            await service.rescue_stalled(session, lease_seconds=LEASE)
        await until_statuses(database, ("sample.note", "succeeded", 2))

    assert deps[Ran].calls == ["ran"]


async def test_worker_survives_the_loss_of_all_its_connections(
    database: Database, settings: Settings, postgres: Server
) -> None:
    @task("sample.note", attempts=3)
    async def note(deps: Registry, n: int) -> None:
        deps[Ran].calls.append(n)
        await asyncio.sleep(0.05)

    deps = make_deps(database)
    async with database.write(SYSTEM) as session:
        await enqueue_many(session, [("sample.note", {"n": n}) for n in range(60)])

    async with working(deps, settings):
        for _ in range(4):
            await asyncio.sleep(0.2)
            _break_connections(postgres, settings)
        await until(lambda: _none_left(database))

    assert set(deps[Ran].calls) == set(range(60))


async def test_worker_counts_as_alive_while_it_beats(database: Database, settings: Settings) -> None:
    @task("sample.idle")
    async def idle(deps: Registry) -> None: ...

    async with working(make_deps(database), settings):
        await until(lambda: _alive(database, 1))
    async with database.read(SYSTEM) as session:
        assert (await get_workers(session, lease_seconds=LEASE)).alive == 0


async def test_invariant_names_a_job_past_its_lease(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.note")
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))

    async with database.read(SYSTEM) as session:
        found = {rule.name: list(await session.execute(text(rule.sql))) for rule in INVARIANTS}

    assert {name: len(rows) for name, rows in found.items()} == {
        "jobs.no_job_past_its_lease": 1,
        "jobs.arguments_are_ids": 0,
    }


async def test_invariant_names_a_job_that_carries_content(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.note", ok="7K2-ABC")
        content = """INSERT INTO procrastinate_jobs (queue_name, task_name, args)
                     VALUES ('default', 'x', '{"name": "Budi Santoso", "ok": 3}')"""
        await session.execute(text(content.replace(":", "\\:")))

    async with database.read(SYSTEM) as session:
        rows = list(await session.execute(text(INVARIANTS[1].sql)))

    assert [(row[1], row[2]) for row in rows] == [("x", "name")]


def test_every_registered_task_is_known_to_the_worker() -> None:
    @task("sample.note", queue="mail", priority=2)
    async def note(deps: Registry) -> None: ...

    known = build_app(Registry()).tasks["sample.note"]

    assert (known.queue, known.priority) == ("mail", 2)


def _break_connections(postgres: Server, settings: Settings) -> None:
    name = str(make_url(settings.database_url).database)
    with postgres.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND application_name = ''",
            [name],
        )


async def _has_runs(database: Database, count: int) -> bool:
    return len(await _runs(database)) >= count


async def _has_moved(database: Database, seen: int) -> bool:
    return await _has_runs(database, seen + 4) or await _all_ended(database)


async def _all_ended(database: Database) -> bool:
    return all(status == "succeeded" for _task, status, _attempts in await statuses(database))


async def _none_left(database: Database) -> bool:
    try:
        async with database.write(SYSTEM) as session:
            await service.rescue_stalled(session, lease_seconds=LEASE)
        return not any(status in {"todo", "doing"} for _task, status, _ in await statuses(database))
    except Busy:
        return False


async def _is_disowned(database: Database) -> bool:
    async with database.read(SYSTEM) as session:
        query = text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL")
        return (await session.execute(query)).scalar() == 1


async def _has_beaten_for_a_lease(database: Database) -> bool:
    """Whether the worker lives for longer than a lease after its job began."""
    query = text(
        "SELECT max(last_heartbeat) - (SELECT max(at) FROM procrastinate_events WHERE type = 'started')"
        " > make_interval(secs => :lease) FROM procrastinate_workers"
    )
    async with database.read(SYSTEM) as session:
        return bool(await session.scalar(query, {"lease": LEASE}))


async def _alive(database: Database, count: int) -> bool:
    async with database.read(SYSTEM) as session:
        return (await get_workers(session, lease_seconds=LEASE)).alive == count
