"""Statements that travel together."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator, Sequence

import pytest
from psycopg import OperationalError
from psycopg.waiting import Ready, Wait
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from pesan.db import Database
from pesan.db.pipeline import Pipe, Row, pipelined
from tests.support.factories import SYSTEM

pytestmark = pytest.mark.every_postgres
_ADD = text("INSERT INTO things (id) VALUES (:id)")
_LIST = text("SELECT id FROM things ORDER BY id")


def numbers(rows: Sequence[Row]) -> list[int]:
    return [row[0] for row in rows]


async def make_things(pipe: Pipe) -> None:
    await pipe.execute(text("CREATE TEMPORARY TABLE things (id int PRIMARY KEY) ON COMMIT DROP"), {})


async def test_answers_are_read_after_the_block(database: Database):
    async with database.write(SYSTEM) as session:
        async with pipelined(session) as pipe:
            await make_things(pipe)
            before = await pipe.ask(_LIST, {}, numbers)
            await pipe.execute(_ADD, {"id": 7})
            after = await pipe.ask(_LIST, {}, numbers)
        assert [await before.get(), await after.get()] == [[], [7]]


async def test_what_is_sent_together_is_rolled_back_together(database: Database):
    with pytest.raises(IntegrityError):
        async with database.write(SYSTEM) as session, pipelined(session) as pipe:
            await make_things(pipe)
            await pipe.execute(_ADD, {"id": 7})
            await pipe.execute(_ADD, {"id": 7})
    async with database.read(SYSTEM) as session:
        assert await session.scalar(text("SELECT to_regclass('pg_temp.things')")) is None


async def test_the_session_sees_what_its_pipe_wrote(database: Database):
    async with database.write(SYSTEM) as session:
        async with pipelined(session) as pipe:
            await make_things(pipe)
            await pipe.execute(_ADD, {"id": 7})
        assert (await session.scalars(_LIST)).all() == [7]


async def say(database: Database, word: str) -> str | None:
    async with database.read(SYSTEM) as session:
        return await session.scalar(text("SELECT CAST(:word AS text)"), {"word": word})


async def say_often(database: Database, word: str) -> None:
    async with database.write(SYSTEM) as session:
        await session.execute(text("SELECT set_config('pesan.said', :word, true)"), [{"word": word}] * 3)


@pytest.mark.parametrize("insistent", [False, True], ids=["once", "again-and-again"])
@pytest.mark.parametrize("ask", [say, say_often])
async def test_connection_whose_user_was_cancelled_in_a_pipe_serves_nobody_else(
    database: Database, ask: Callable[..., Awaitable[object]], insistent: bool
):
    """Control: one that was kept stayed in pipeline mode, and each statement after it "does not return rows"."""
    for steps in range(40):
        await asyncio.sleep(
            0.01
        )  # psycopg looks up from its work, and so can be cancelled, once in five milliseconds
        asking = asyncio.ensure_future(ask(database, "gone"))
        for _ in range(steps):
            await asyncio.sleep(0)
        asking.cancel()
        while insistent and not asking.done():  # as anyio's scopes do, by which servers end requests
            await asyncio.sleep(0)
            asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert await say(database, "here") == "here"


async def test_what_a_cancelled_user_left_unread_is_put_away_at_once(database: Database):
    """Control: left to the collector, the end of a pipe spoke to a connection that was closed by then."""

    def unread() -> Generator[Wait, Ready, None]:
        try:
            yield Wait.R
        finally:
            try:
                yield Wait.R  # as the end of a pipe does, which wants to hear what is left
            finally:
                raise OperationalError("the connection is closed")

    answer = unread()
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        waiting = asyncio.ensure_future(raw.driver_connection.wait(answer))
        while inspect.getgeneratorstate(answer) == inspect.GEN_CREATED:
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    assert inspect.getgeneratorstate(answer) == inspect.GEN_CLOSED
