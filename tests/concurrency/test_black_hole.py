"""A database that hears nothing and breaks nothing: every request ends in time, and all is well afterwards."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from sqlalchemy import make_url

from tests.support.database import offenders
from tests.support.proxy import Proxy, running_proxy

pytestmark = pytest.mark.timeout(240)
# Reliability §3, item 57.
LONGEST_SECONDS = 10


@pytest.fixture
async def proxy(settings) -> AsyncIterator[Proxy]:
    async with running_proxy(make_url(settings.database_url)) as proxy:
        yield proxy


def wish(event_id: UUID) -> dict[str, object]:
    return {"eventId": str(event_id), "name": "Budi Santoso", "qty": 1}


async def ask_everything(client: httpx.AsyncClient, event, order) -> list[httpx.Response]:
    """What visitors do at one moment: some read, several buy."""
    reads = ["/", "/api/items", f"/b/{order.code}", f"/api/bookings/{order.code}/status"]
    asked = [client.get(path) for path in reads]
    asked += [client.post("/api/bookings/hold", json=wish(event.id)) for _ in range(4)]
    return list(await asyncio.gather(*asked))


async def until_sold(client: httpx.AsyncClient, event_id: UUID) -> None:
    async with asyncio.timeout(60):
        while (await client.post("/api/bookings/hold", json=wish(event_id))).status_code != 201:
            await asyncio.sleep(0.3)


@pytest.mark.parametrize("limits", ["on", "off"])
async def test_requests_end_in_time_while_the_database_is_swallowed(
    live_server, make, database, proxy, limits
):
    event = await make.event(capacity=100)
    order = await make.order(event)
    service = await live_server(PESAN_DATABASE_URL=proxy.url, PESAN_RATE_LIMITS=limits)
    async with httpx.AsyncClient(base_url=service.url, timeout=LONGEST_SECONDS) as client:
        before = await ask_everything(client, event, order)
        proxy.swallow()
        swallowed = [await ask_everything(client, event, order) for _ in range(2)]
        alive = await client.get("/healthz")
        proxy.heal()
        if limits == "off":  # else this address has had its share of holds
            await until_sold(client, event.id)

    assert [answer.status_code for answer in before] == [200] * 4 + [201] * 4
    answers = [answer for wave in swallowed for answer in wave]
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"2"}
    assert alive.status_code == 200
    assert await offenders(database) == []
