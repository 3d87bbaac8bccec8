"""One instance for the races of this folder, each with an event of its own, and another whose guard is gone."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from pesan.db import Database
from pesan.settings import Settings
from tests.support.factories import Make
from tests.support.instance import shared_instance
from tests.support.postgres import Server
from tests.support.schema import open_database
from tests.support.service import Service, StartService, services
from tests.support.unguarded import drop_checks


@dataclass(frozen=True)
class Spare:
    """A database apart from the others', in which a control may take a guard out."""

    settings: Settings
    name: str
    database: Database
    make: Make


@dataclass(frozen=True)
class Unguarded:
    """A service that locks neither pools nor tickets, on a database that would hold an oversold one."""

    service: Service
    settings: Settings
    database: Database
    make: Make


@pytest.fixture(scope="package")
def settings(
    postgres: Server, template: str, role_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """The instance that the services here serve."""
    with shared_instance(postgres, template, role_prefix, tmp_path_factory.mktemp("home")) as settings:
        yield settings


@pytest.fixture(scope="package")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Its database, as the worker logs in."""
    opened = open_database(settings, "worker")
    yield opened
    await opened.dispose()


@pytest.fixture(scope="package")
def make(database: Database) -> Make:
    """Makes merchants, events, people and orders in it."""
    return Make(database)


class Served:
    """Services of one instance, by the number of their web processes; each is started when it is first wanted."""

    def __init__(self, start: StartService) -> None:
        self._start = start
        self._running: dict[int, Service] = {}

    async def __call__(self, *, workers: int = 4) -> Service:
        """The service with as many web processes."""
        if workers not in self._running:
            # Several queue for one pool: on a busy machine, a slow process must not look like a frozen one.
            patient = {"PESAN_LOCK_TIMEOUT_MS": "28000", "PESAN_STATEMENT_TIMEOUT_MS": "60000"}
            patient = patient if workers > 1 else {}
            self._running[workers] = await self._start(workers=workers, **patient)
        return self._running[workers]


@pytest.fixture(scope="package")
async def served(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """The running services: `await served(workers=1)`."""
    async with services(settings, tmp_path_factory.mktemp("served")) as start:
        yield Served(start)


@pytest.fixture(scope="package")
async def unguarded(
    postgres: Server, template: str, role_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Unguarded]:
    """The control of the races for places: four processes in which nothing keeps two buyers apart."""
    home = tmp_path_factory.mktemp("unguarded")
    program = [sys.executable, "-m", "tests.support.unguarded"]
    async with spare_instance(postgres, template, role_prefix, home) as spare:
        drop_checks(postgres, spare.name)
        async with services(spare.settings, home, program=program) as start:
            yield Unguarded(await start(workers=4), spare.settings, spare.database, spare.make)


@pytest.fixture
async def spare(postgres: Server, template: str, role_prefix: str, tmp_path: Path) -> AsyncIterator[Spare]:
    """For a control that needs no service: a fresh database, with nobody's jobs running."""
    async with spare_instance(postgres, template, role_prefix, tmp_path) as spare:
        yield spare


@asynccontextmanager
async def spare_instance(
    postgres: Server, template: str, role_prefix: str, home: Path
) -> AsyncIterator[Spare]:
    with shared_instance(postgres, template, role_prefix, home) as settings:
        database = open_database(settings, "worker")
        name = str(make_url(settings.database_url).database)
        try:
            yield Spare(settings, name, database, Make(database))
        finally:
            await database.dispose()
