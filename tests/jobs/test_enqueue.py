"""Jobs exist exactly if their cause does, and nobody but a worker sees what is in them."""

from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from pesan.db import Actor, Database
from pesan.jobs import enqueue, enqueue_many, task
from pesan.jobs.registry import stored_arguments
from pesan.kit.registry import Registry
from tests.jobs.support import SYSTEM, statuses
from tests.support.queries import CountQueries

GUEST = Actor.guest()
SAMPLE_ID = UUID("0193a1b2-0000-7000-8000-000000000001")


async def _stored(database: Database) -> list[tuple[object, ...]]:
    async with database.read(SYSTEM) as session:
        query = text("SELECT queue_name, task_name, priority, lock, args FROM procrastinate_jobs ORDER BY id")
        return [tuple(row) for row in await session.execute(query)]


async def test_job_committed_with_its_cause_is_there(database: Database) -> None:
    async with database.write(GUEST) as session:
        await enqueue(session, "sample.note", order_id=SAMPLE_ID)

    assert await _stored(database) == [("default", "sample.note", 0, None, {"order_id": str(SAMPLE_ID)})]


async def test_job_of_a_cause_rolled_back_is_not_there(database: Database) -> None:
    async def fail() -> None:
        async with database.write(GUEST) as session:
            await enqueue(session, "sample.note", order_id=SAMPLE_ID)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()

    assert await _stored(database) == []


async def test_job_takes_queue_priority_and_lock_from_its_task(database: Database) -> None:
    @task("sample.mail", queue="mail", priority=3, lock="order:{order_id}")
    async def send(deps: Registry, order_id: UUID) -> None: ...

    async with database.write(GUEST) as session:
        await enqueue(session, "sample.mail", order_id=SAMPLE_ID)

    wanted = ("mail", "sample.mail", 3, f"order:{SAMPLE_ID}", {"order_id": str(SAMPLE_ID)})
    assert await _stored(database) == [wanted]


async def test_many_jobs_of_several_tasks_keep_their_order(
    database: Database, count_queries: CountQueries
) -> None:
    requests = [("sample.a", {"n": 1}), ("sample.b", {"n": 2}), ("sample.a", {"n": 3})]

    async with database.write(GUEST) as session:
        await enqueue_many(session, requests)

    assert [row[0] for row in await statuses(database)] == ["sample.a", "sample.b", "sample.a"]


async def test_nothing_to_enqueue_is_no_statement(database: Database) -> None:
    async with database.write(GUEST) as session:
        await enqueue_many(session, [])

    assert await _stored(database) == []


async def test_combiner_of_a_sale_may_enqueue(web_database: Database, database: Database) -> None:
    async with web_database.sale() as session:
        await enqueue(session, "sample.note", n=1)

    assert await statuses(database) == [("sample.note", "todo", 0)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT args FROM procrastinate_jobs",
        "SELECT lock FROM procrastinate_jobs",
        "SELECT * FROM procrastinate_jobs",
        "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'x')",
        "UPDATE procrastinate_jobs SET status = 'todo'",
        "DELETE FROM procrastinate_jobs",
        "SELECT procrastinate_fetch_job_v2(NULL, 1)",
        "SELECT procrastinate_finish_job_v1(1, 'succeeded', false)",
    ],
)
async def test_request_may_not_look_into_the_queue(web_database: Database, statement: str) -> None:
    async with web_database.write(GUEST) as session:
        await enqueue(session, "sample.note", n=1)

    with pytest.raises(ProgrammingError) as refused:
        async with web_database.write(GUEST) as session:
            await session.execute(text(statement))

    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


async def test_enqueueing_notifies_nobody(database: Database) -> None:
    async with database.read(SYSTEM) as session:
        query = text("SELECT tgname FROM pg_trigger WHERE tgname LIKE '%notify%'")
        assert list(await session.execute(query)) == []


@pytest.mark.parametrize(
    "value", ["budi@example.com", "+6281234567890", "Budi Santoso", "", "x" * 129, 1.5, None, ["a"], "a\nb"]
)
def test_argument_that_could_be_content_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must be an id"):
        stored_arguments({"value": value})  # type: ignore[dict-item]


def test_arguments_that_are_ids_are_kept() -> None:
    kept = stored_arguments({"id": SAMPLE_ID, "code": "7K2-ABC", "n": 5, "final": True})

    assert kept == {"id": str(SAMPLE_ID), "code": "7K2-ABC", "n": 5, "final": True}


def test_second_handler_for_a_name_is_refused() -> None:
    @task("sample.note")
    async def first(deps: Registry) -> None: ...

    with pytest.raises(ValueError, match="two handlers"):

        @task("sample.note")
        async def second(deps: Registry) -> None: ...
