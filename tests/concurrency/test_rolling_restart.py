"""SIGTERM cuts no request off, and two nodes are restarted one after the other without anybody noticing."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import pytest

from tests.support.database import offenders, places_taken
from tests.support.service import Service

pytestmark = pytest.mark.timeout(300)
PER_SECOND = 20


@dataclass
class Balancer:
    """Sends each request to the next node; one that lets nobody in any more is left out, as any balancer does.

    What it never does is send a request twice once a node has begun with it.
    """

    nodes: list[Service]
    client: httpx.AsyncClient
    outcomes: Counter[str] = field(default_factory=Counter)
    _turn: int = 0

    async def send(self, method: str, path: str, **what: object) -> None:
        self._turn += 1
        first = self._turn % len(self.nodes)
        for node in (*self.nodes[first:], *self.nodes[:first]):
            try:
                answer = await self.client.request(method, node.url + path, **what)  # type: ignore[arg-type]
            except httpx.ConnectError:
                continue
            except httpx.HTTPError as error:
                self.outcomes[type(error).__name__] += 1
                return
            self.outcomes[str(answer.status_code)] += 1
            return
        self.outcomes["nobody"] += 1


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
    nodes = [await live_server(), await live_server()]
    stop = asyncio.Event()
    # No kept connections: which of them a server that goes may close is for the balancer to know, not for us.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=30, limits=limits) as client:
        balancer = Balancer(nodes, client)
        visiting = asyncio.create_task(visit(balancer, event.id, stop))
        statuses = []
        for node in nodes:
            await asyncio.sleep(1)
            statuses.append(await node.stop())
            await node.start()
        await asyncio.sleep(1)
        stop.set()
        await visiting

    assert statuses == [0, 0]
    assert set(balancer.outcomes) == {"200", "201"}
    assert await places_taken(database, event.id) == balancer.outcomes["201"]
    assert await offenders(database) == []
