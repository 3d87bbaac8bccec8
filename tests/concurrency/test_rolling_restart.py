"""SIGTERM cuts no request off, and two nodes are restarted one after the other without anybody noticing."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import pytest

from tests.support.database import offenders, places_taken
from tests.support.service import Service

pytestmark = pytest.mark.timeout(600)
PER_SECOND = 20
CHECKS_PER_SECOND = 5
LEAVE_SECONDS = 2


@dataclass
class Balancer:
    """Sends each request once, to the next of the nodes that are ready; asks each several times a second if it is."""

    nodes: list[Service]
    client: httpx.AsyncClient
    outcomes: Counter[str] = field(default_factory=Counter)
    _ready: dict[str, asyncio.Event] = field(default_factory=dict)
    _turn: int = 0

    @asynccontextmanager
    async def checking(self) -> AsyncIterator[None]:
        self._ready = {node.url: asyncio.Event() for node in self.nodes}
        checks = [asyncio.create_task(self._check(url)) for url in self._ready]
        try:
            yield
        finally:
            for check in checks:
                check.cancel()

    async def until_ready(self, node: Service) -> None:
        await self._ready[node.url].wait()

    async def send(self, method: str, path: str, **what: object) -> None:
        ready = [url for url, is_ready in self._ready.items() if is_ready.is_set()]
        if not ready:
            self.outcomes["nobody"] += 1
            return
        self._turn += 1
        try:
            answer = await self.client.request(method, ready[self._turn % len(ready)] + path, **what)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            self.outcomes[type(error).__name__] += 1
        else:
            self.outcomes[str(answer.status_code)] += 1

    async def _check(self, url: str) -> None:
        while True:
            if await _is_ready(self.client, url):
                self._ready[url].set()
            else:
                self._ready[url].clear()
            await asyncio.sleep(1 / CHECKS_PER_SECOND)


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/readyz")).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


async def visit(balancer: Balancer, event_id: UUID, stop: asyncio.Event) -> None:
    """20 requests a second, every fourth of them a hold."""
    wish = {"eventId": str(event_id), "name": "Budi Santoso", "qty": 1}
    async with asyncio.TaskGroup() as visitors:
        count = 0
        while not stop.is_set():
            count += 1
            if count % 4:
                visitors.create_task(balancer.send("GET", "/api/items"))
            else:
                visitors.create_task(balancer.send("POST", "/api/bookings/hold", json=wish))
            await asyncio.sleep(1 / PER_SECOND)


async def test_rolling_restart_of_two_nodes_fails_nobody(live_server, make, database):
    event = await make.event(capacity=10_000)
    nodes = [await live_server(PESAN_LEAVE_SECONDS=str(LEAVE_SECONDS)) for _ in range(2)]
    stop = asyncio.Event()
    # No kept connections: which of them a server that goes may close is for the balancer to know, not for us.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=30, limits=limits) as client:
        balancer, statuses = Balancer(nodes, client), []
        async with balancer.checking():
            await balancer.until_ready(nodes[1])
            visiting = asyncio.create_task(visit(balancer, event.id, stop))
            for node, other in (nodes, reversed(nodes)):
                await balancer.until_ready(other)
                await asyncio.sleep(1)
                statuses.append(await node.stop())
                await node.start()
            await balancer.until_ready(node)
            await asyncio.sleep(1)
            stop.set()
            await visiting

    assert statuses == [0, 0]
    assert set(balancer.outcomes) == {"200", "201"}
    assert await places_taken(database, event.id) == balancer.outcomes["201"]
    assert await offenders(database) == []
