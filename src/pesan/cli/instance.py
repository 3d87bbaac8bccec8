"""How a command reaches the instance, and where the instance is served."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pesan.app.instance import open_instance
from pesan.cli.output import progress, say
from pesan.db import Database
from pesan.settings import Settings, load_settings

T = TypeVar("T")
DEFAULT_PORT = 8000
_ADDRESS = "address"


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


@contextmanager
def announced(settings: Settings, origin: str) -> Iterator[None]:
    """While the block runs, other commands of this instance know that it is served at `origin`."""
    note = settings.home / _ADDRESS
    settings.home.mkdir(parents=True, exist_ok=True)
    note.write_text(origin)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def find_origin(settings: Settings) -> str:
    """The beginning of every link: the public address, else where the instance is served or would be."""
    if settings.base_url:
        return settings.base_url.rstrip("/")
    note = settings.home / _ADDRESS
    return note.read_text() if note.exists() else f"http://localhost:{DEFAULT_PORT}"


def settle_origin(settings: Settings, origin: str) -> Settings:
    """The settings that this process and its children go by: links in chats begin with `origin` if with nothing else.

    WhatsApp takes no address that begins with nothing, so not even a trip would be answered.
    """
    if settings.base_url or not settings.has_whatsapp:
        return settings
    say(f"[yellow]![/] PESAN_BASE_URL is missing; links in chats begin with {origin}.")
    os.environ["PESAN_BASE_URL"] = origin
    return load_settings()
