"""How a command reaches the instance."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pesan.app.instance import open_instance
from pesan.cli.output import progress
from pesan.db import Database
from pesan.settings import Settings, load_settings

T = TypeVar("T")


def with_database(work: Callable[[Database, Settings], Awaitable[T]]) -> T:
    """Run `work` on an up-to-date database with the rights of the worker, and close what was opened."""
    settings = load_settings()
    with progress("Opening the database") as update, open_instance(settings, update) as instance:
        instance.migrate()
        database = instance.open_database("worker", pool_size=4)
        return asyncio.run(_run(work, database, settings))


async def _run(
    work: Callable[[Database, Settings], Awaitable[T]], database: Database, settings: Settings
) -> T:
    try:
        return await work(database, settings)
    finally:
        await database.dispose()
