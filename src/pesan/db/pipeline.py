"""Several statements in one round trip (libpq's pipeline mode)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession


@asynccontextmanager
async def pipelined(session: AsyncSession) -> AsyncIterator[None]:
    """Send the statements of this block together and wait once, at its end; for statements whose rows nobody reads.

    A statement that fails is raised at the end of the block, or by a later statement in it, as the session itself
    would have raised it.
    """
    raw = await (await session.connection()).get_raw_connection()
    connection = cast("psycopg.AsyncConnection[Any]", raw.driver_connection)
    try:
        async with connection.pipeline():
            yield
    except psycopg.Error as error:
        raise DBAPIError.instance("pipeline", None, error, psycopg.Error) from error
