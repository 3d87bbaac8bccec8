"""A trip, and programs of those who run it and of strangers."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from pesan.identity.states import MerchantRole
from tests.support.factories import PASSWORD
from tests.support.trips import Journey, make_journey

Program = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def journey(make, database, settings) -> Journey:
    """An open trip of a jastiper's."""
    return await make_journey(make, database, settings)


@pytest.fixture
async def program(app, make) -> AsyncIterator[Program]:
    """Signs somebody's program in: of `merchant`'s organizer, or of somebody who has an account only."""
    opened: list[httpx.AsyncClient] = []

    async def start(merchant=None, role=MerchantRole.ORGANIZER, **person) -> httpx.AsyncClient:
        user = await make.user(merchant, role, **person)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        opened.append(client)
        answer = await client.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        client.cookies.clear()
        return client

    yield start
    for client in opened:
        await client.aclose()
