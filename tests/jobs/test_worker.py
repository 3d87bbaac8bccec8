"""A worker runs jobs, parks what cannot succeed, and gives back what it cannot finish."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from pesan.db import Actor, Database
from pesan.errors import NotFound
from pesan.jobs import GiveUp, enqueue, enqueue_many, retry, service, task
from pesan.jobs.queries import ParkedJob, list_parked, list_queue_gauges
from pesan.jobs.runner import WorkerOptions
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.jobs.support import (
    SYSTEM,
    Ran,
    make_deps,
    statuses,
    until,
    until_statuses,
    working,
)

GUEST = Actor.guest()
SAMPLE_ID = UUID("0193a1b2-0000-7000-8000-000000000001")


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once, or the tests would wait for minutes."""
    monkeypatch.setattr(retry, "FIRST_WAIT_SECONDS", 0.01)


async def test_job_gets_its_ids_back_as_uuids(database: Database, settings: Settings) -> None:
    @task("sample.note")
    async def note(deps: Registry, order_id: UUID, code: str) -> None:
        deps[Ran].calls.append((order_id, code))

    deps = make_deps(database)
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.note", order_id=SAMPLE_ID, code="7K2")

    async with working(deps, settings):
        await until_statuses(database, ("sample.note", "succeeded", 1))

    assert deps[Ran].calls == [(SAMPLE_ID, "7K2")]


async def test_poison_job_is_parked_while_the_others_go_on(database: Database, settings: Settings) -> None:
    @task("sample.poison", attempts=3)
    async def poison(deps: Registry) -> None:
        raise ZeroDivisionError

    @task("sample.note")
    async def note(deps: Registry) -> None: ...

    async with database.write(SYSTEM) as session:
        await enqueue_many(session, [("sample.poison", {}), ("sample.note", {})])

    async with working(make_deps(database), settings):
        await until_statuses(database, ("sample.poison", "failed", 3), ("sample.note", "succeeded", 1))

    async with database.read(SYSTEM) as session:
        parked = await list_parked(session)
    assert [(job.task, job.queue, job.attempts, job.failure) for job in parked] == [
        ("sample.poison", "default", 3, "ZeroDivisionError")
    ]


@pytest.mark.parametrize(("error", "code"), [(GiveUp("mail.refused"), "mail.refused")])
async def test_job_that_gives_up_is_parked_at_once(
    database: Database, settings: Settings, error: Exception, code: str
) -> None:
    @task("sample.hopeless")
    async def hopeless(deps: Registry) -> None:
        raise error

    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.hopeless")

    async with working(make_deps(database), settings):
        await until_statuses(database, ("sample.hopeless", "failed", 1))

    async with database.read(SYSTEM) as session:
        assert [job.failure for job in await list_parked(session)] == [code]


async def test_parked_job_runs_again_when_a_person_says_so(
    database: Database, web_database: Database, settings: Settings
) -> None:
    @task("sample.mended", attempts=1)
    async def mended(deps: Registry) -> None:
        deps[Ran].calls.append("ran")
        if len(deps[Ran].calls) == 1:
            raise NotFound

    deps = make_deps(database)
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.mended")
    async with working(deps, settings):
        await until_statuses(database, ("sample.mended", "failed", 1))
        parked = await _only_parked(database)

        async with web_database.write(GUEST) as session:
            retried = await service.retry_parked(session, parked.id)

        await until_statuses(database, ("sample.mended", "succeeded", 1))
    assert (retried, parked.failure) == (True, "not_found")
    async with database.read(SYSTEM) as session:
        assert list(await list_parked(session)) == []
        assert (await session.execute(text("SELECT count(*) FROM job_failures"))).scalar() == 0


async def test_all_parked_jobs_run_again_the_longest_parked_first(
    database: Database, web_database: Database
) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue_many(session, [("sample.note", {"number": number}) for number in range(4)])
        await session.execute(
            text("UPDATE procrastinate_jobs SET status = 'failed', attempts = 16 WHERE id > 1")
        )
    async with web_database.read(GUEST) as session:
        (newest, *_) = await list_parked(session)

    async with web_database.write(GUEST) as session:
        retried = [await service.retry_all_parked(session, most=most) for most in (2, 100, 100)]

    assert retried == [2, 1, 0]
    assert newest.failed_at is not None
    assert newest.failure is None
    assert await statuses(database) == [("sample.note", "todo", 0)] * 4


async def test_job_that_is_not_parked_is_not_retried(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.note")

    async with database.write(SYSTEM) as session:
        ids = (0, 1, -1, 2**63 - 1, 2**63, -(2**63) - 1, 10**40)
        assert [await service.retry_parked(session, job_id) for job_id in ids] == [False] * 7

    assert await statuses(database) == [("sample.note", "todo", 0)]


async def test_job_without_a_handler_is_parked(database: Database, settings: Settings) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.unknown")

    async with working(make_deps(database), settings):
        await until_statuses(database, ("sample.unknown", "failed", 1))


async def test_no_more_jobs_run_at_once_than_the_worker_has_slots(
    database: Database, settings: Settings
) -> None:
    every_slot = asyncio.Barrier(4)

    @task("sample.crowd")
    async def crowd(deps: Registry) -> None:
        ran = deps[Ran]
        ran.running += 1
        ran.most_running = max(ran.most_running, ran.running)
        await every_slot.wait()  # however long it takes to fetch four
        await asyncio.sleep(0.05)
        ran.running -= 1

    deps = make_deps(database)
    async with database.write(SYSTEM) as session:
        await enqueue_many(session, [("sample.crowd", {})] * 12)

    async with working(deps, settings):
        await until_statuses(database, *[("sample.crowd", "succeeded", 1)] * 12)

    assert deps[Ran].most_running == 4


async def test_jobs_with_one_lock_run_one_after_the_other(database: Database, settings: Settings) -> None:
    @task("sample.queue_up", lock="order:{order_id}")
    async def queue_up(deps: Registry, order_id: UUID) -> None:
        ran = deps[Ran]
        ran.running += 1
        ran.most_running = max(ran.most_running, ran.running)
        await asyncio.sleep(0.05)
        ran.running -= 1

    deps = make_deps(database)
    async with database.write(SYSTEM) as session:
        await enqueue_many(session, [("sample.queue_up", {"order_id": SAMPLE_ID})] * 4)

    async with working(deps, settings):
        await until_statuses(database, *[("sample.queue_up", "succeeded", 1)] * 4)

    assert deps[Ran].most_running == 1


async def test_periodic_job_of_two_workers_runs_once(database: Database, settings: Settings) -> None:
    @task("sample.yearly", every="* * * * *")
    async def every_minute(deps: Registry) -> None:
        deps[Ran].calls.append("ran")

    deps = make_deps(database)
    async with working(deps, settings), working(deps, settings):
        await until(lambda: _has_run(deps))
        await asyncio.sleep(0.5)

    # A new minute may have begun in between, or just when they stopped: its run is there then, and waits.
    runs = [status for _, status, _ in await statuses(database)]
    assert len(deps[Ran].calls) == runs.count("succeeded")
    assert len(runs) <= 2


async def test_stopped_worker_finishes_what_it_has_begun(database: Database, settings: Settings) -> None:
    @task("sample.brief")
    async def brief(deps: Registry) -> None:
        deps[Ran].calls.append("began")
        await asyncio.sleep(0.5)
        deps[Ran].calls.append("ended")

    deps = make_deps(database)
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.brief")

    async with working(deps, settings):
        await until(lambda: _has_run(deps))

    assert deps[Ran].calls == ["began", "ended"]
    assert await statuses(database) == [("sample.brief", "succeeded", 1)]


async def test_job_that_outlasts_the_drain_goes_back_to_the_queue(
    database: Database, settings: Settings
) -> None:
    @task("sample.endless", attempts=1)
    async def endless(deps: Registry) -> None:
        deps[Ran].calls.append("began")
        await asyncio.sleep(60)

    deps = make_deps(database)
    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.endless")

    hasty = WorkerOptions(concurrency=1, poll=0.02, drain=0.2, heartbeat=0.2, lease=1.0)
    async with working(deps, settings, hasty):
        await until(lambda: _has_run(deps))

    # Neither lost nor counted: it was the shutdown that failed, not the job.
    assert await statuses(database) == [("sample.endless", "todo", 0)]


async def test_gauges_count_each_queue_by_what_its_jobs_wait_for(
    database: Database, settings: Settings
) -> None:
    @task("sample.mail", queue="mail", attempts=1)
    async def mail(deps: Registry) -> None:
        raise GiveUp("mail.refused")

    async with database.write(SYSTEM) as session:
        await enqueue(session, "sample.mail")
    async with working(make_deps(database), settings):
        await until_statuses(database, ("sample.mail", "failed", 1))
    async with database.write(SYSTEM) as session:
        await enqueue_many(session, [("sample.a", {}), ("sample.b", {})])
        await session.execute(text("UPDATE procrastinate_events SET at = at - interval '90 minutes'"))

    async with database.read(GUEST) as session:
        gauges = await list_queue_gauges(session)

    assert [(g.queue, g.waiting, g.scheduled, g.running, g.parked) for g in gauges] == [
        ("default", 2, 0, 0, 0),
        ("mail", 0, 0, 0, 1),
    ]
    assert [g.oldest_seconds // 3_600 for g in gauges] == [1, 0]


async def test_purge_deletes_old_finished_jobs_only(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        await enqueue_many(session, [("sample.a", {})] * 4)
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id IN (1, 2)"))
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = 3"))
        old = text("UPDATE procrastinate_events SET at = at - interval '2 days' WHERE job_id IN (1, 3, 4)")
        await session.execute(old)

    async with database.write(SYSTEM) as session:
        deleted = await service.purge_finished(session, statuses=["succeeded"], hours=24, chunk=10)

    assert deleted == 1
    assert [row[1] for row in await statuses(database)] == ["succeeded", "failed", "todo"]


async def _has_run(deps: Registry) -> bool:
    return bool(deps[Ran].calls)


async def _only_parked(database: Database) -> ParkedJob:
    async with database.read(SYSTEM) as session:
        (parked,) = await list_parked(session)
    return parked
