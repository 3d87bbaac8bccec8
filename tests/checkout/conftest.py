"""A worker's objects, as the worker itself builds them, and orders on their way through checkout."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import URL

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.settings import Settings
from tests.support.factories import SYSTEM

BASE_URL = "https://tiket.example"


@pytest.fixture
async def deps(settings: Settings, database_url: URL) -> AsyncIterator[Registry]:
    """The registry of a worker whose links begin with BASE_URL."""
    told = settings.model_copy(update={"base_url": BASE_URL})
    deps = build_registry(Instance(told, database_url, None), "worker")
    yield deps
    await deps[Database].dispose()


ReadOrder = Callable[[Order], Awaitable[Order]]


@pytest.fixture
def fresh(database: Database) -> ReadOrder:
    """An order as it stands now."""

    async def read(order: Order) -> Order:
        async with database.read(SYSTEM) as session:
            return await session.get_one(Order, order.id)

    return read


@pytest.fixture
def execute(postgres, database_url):
    """Statements as the tables' owner; the rows of the last one."""

    def run(sql: str, *values):
        with postgres.connect(database_url.database) as connection:
            cursor = connection.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    return run
