"""A merchant who sells, guests with browsers of their own, and what the database held before and after."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI

from pesan.db import Database
from pesan.kit.registry import Registry
from tests.storefront.shop import Shop, open_shop
from tests.support.factories import Make

OpenGuest = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def open_guest(app: FastAPI) -> AsyncIterator[OpenGuest]:
    """Opens browsers that keep cookies, one per person: `await open_guest(code="3FQ7…")`."""
    async with AsyncExitStack() as stack:

        async def start(*, code: str | None = None, locale: str = "id") -> httpx.AsyncClient:
            headers = {"accept-language": locale, **({"x-booking-code": code} if code else {})}
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers)
            return await stack.enter_async_context(client)

        yield start


@pytest.fixture
async def shop(make: Make, database: Database, registry: Registry, open_guest: OpenGuest) -> Shop:
    """An event with 10 places at Rp 150.000, payable by bank and by QRIS."""
    return await open_shop(make, database, registry, open_guest)


@pytest.fixture
def owner(postgres, database_url):
    """Executes SQL as the tables' owner, whom nothing binds."""

    async def execute(sql: str, *values) -> None:
        with postgres.connect(database_url.database) as connection:
            connection.execute(sql, values)

    return execute


@pytest.fixture
def expire(owner):
    """Puts the end of a hold into the past, as waiting would: `await expire(booking)`."""

    async def put_back(booking) -> None:
        await owner(
            "UPDATE orders SET hold_expires_at = clock_timestamp() - interval '1 second' WHERE id = %s",
            booking["id"],
        )

    return put_back
