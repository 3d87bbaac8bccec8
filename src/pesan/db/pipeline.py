"""Several statements in one round trip (libpq's pipeline mode)."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar, cast

import psycopg
from sqlalchemy import TextClause
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

Result = TypeVar("Result")
Row = tuple[Any, ...]
Parameters = Mapping[str, Any]


class Executor(Protocol):
    """What takes a statement whose rows nobody reads: a session, which waits for it, or a pipe, which does not."""

    async def execute(self, statement: TextClause, params: Parameters, /) -> object:
        """Run `statement`, now or with the pipe's others."""


class Later(Generic[Result]):
    """What a statement in a pipe will have answered once the pipe is through; without one, no rows at all."""

    def __init__(
        self, parse: Callable[[Sequence[Row]], Result], cursor: "psycopg.AsyncCursor[Row] | None" = None
    ) -> None:
        self._parse = parse
        self._cursor = cursor

    async def get(self) -> Result:
        """The answer; costs no round trip after the pipe's block."""
        return self._parse(await self._cursor.fetchall() if self._cursor else ())


class Pipe:
    """Sends statements one behind the other, each still with a snapshot of its own, and waits for none of them.

    They go to the driver as they are, without the toolkit's layers, whose price a hot sale would pay for each.
    """

    def __init__(self, connection: "psycopg.AsyncConnection[Row]", dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    async def execute(self, statement: TextClause, params: Parameters) -> psycopg.AsyncCursor[Row]:
        """Send `statement` on its way; what its rows are is known after the pipe's block."""
        return await self._connection.cursor().execute(_compiled(statement, self._dialect), params)

    async def ask(
        self, statement: TextClause, params: Parameters, parse: Callable[[Sequence[Row]], Result]
    ) -> Later[Result]:
        """Send `statement` on its way, to have its rows read by `parse`."""
        return Later(parse, await self.execute(statement, params))


@asynccontextmanager
async def pipelined(session: AsyncSession) -> AsyncIterator[Pipe]:
    """Send the statements of this block together and wait once, at its end.

    A statement that fails is raised at the end of the block, or by a later statement in it, as the session itself
    would have raised it.
    """
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    driver = cast("psycopg.AsyncConnection[Row]", raw.driver_connection)
    try:
        async with driver.pipeline():
            yield Pipe(driver, connection.dialect)
    except psycopg.Error as error:
        raise DBAPIError.instance("pipeline", None, error, psycopg.Error) from error


@lru_cache(maxsize=256)
def _compiled(statement: TextClause, dialect: Dialect) -> bytes:
    return str(statement.compile(dialect=dialect)).encode()
