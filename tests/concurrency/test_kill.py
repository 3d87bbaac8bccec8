"""`kill -9` of web, worker and database while buyers buy: what was acknowledged stays, and the service comes back."""

import asyncio
import itertools
import os
import random
from collections import Counter
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from pesan.db.embedded import EmbeddedServer
from tests.support.kill import Part, kill
from tests.support.loader import Client, load
from tests.support.service import Service, free_port
from tests.support.wire import Request

pytestmark = [pytest.mark.kill, pytest.mark.timeout(1_800)]

KILLS = int(os.environ.get("PESAN_TEST_KILLS", "2"))
BUYERS = 16
BACK_WITHIN_SECONDS = 60
# 201 was sold, 409 was not; 503 and a broken connection (0) are what a crash looks like from outside.
ACCEPTABLE = {201, 409, 503, 0}


@pytest.fixture
async def service(tmp_path: Path):
    """An instance with its own embedded database, which really writes to disk."""
    service = Service(tmp_path / "instance", {"PESAN_RATE_LIMITS": "off"}, free_port())
    service.run("merchant", "create", "--name", "Teater Kecil", "--slug", "teater")
    await service.start(workers=2)
    yield service
    await service.stop()


@pytest.fixture
def event_id(service: Service) -> str:
    """An event that nobody can empty in the time of a test."""
    limits = [
        "--capacity",
        "1000000",
        "--hold-ratio",
        "1",
        "--price",
        "50000",
        "--starts-at",
        "2027-06-01T19:00",
    ]
    made = service.run("event", "create", "--merchant", "teater", "--title", "Pentas", *limits)
    with EmbeddedServer(service.home).acquire() as server, psycopg.connect(server.conninfo()) as connection:
        connection.execute("UPDATE events SET max_holds_per_ip = 1000000, max_holds_per_contact = 1000000")
    return made["id"]


def buyer(event_id: str, acknowledged: list[str], statuses: Counter[int]) -> Client:
    wish = Request(
        "POST", "/api/bookings/hold", {"eventId": event_id, "name": "Budi Santoso", "qty": 1}
    ).encode()
    while True:
        answer = yield wish
        statuses[answer.status] += 1
        if answer.status == 201:
            acknowledged.append(answer.json()["id"])
        yield 0.02


def lost(service: Service, acknowledged: list[str]) -> set[UUID]:
    with EmbeddedServer(service.home).acquire() as server, psycopg.connect(server.conninfo()) as connection:
        kept = {row[0] for row in connection.execute("SELECT id FROM orders")}
    return {UUID(order_id) for order_id in acknowledged} - kept


@pytest.mark.parametrize("part", list(Part))
async def test_nothing_acknowledged_is_lost_when_it_is_killed(service: Service, event_id: str, part: Part):
    acknowledged: list[str] = []
    statuses: Counter[int] = Counter()
    clients = [buyer(event_id, acknowledged, statuses) for _ in range(BUYERS)]
    buying = asyncio.create_task(load(service.port, clients, seconds=60.0 * KILLS + 30))
    for _ in itertools.repeat(None, KILLS):
        await asyncio.sleep(random.uniform(1.0, 3.0))
        before = len(acknowledged)
        kill(service, part)
        await service.wait_until_ready(within=BACK_WITHIN_SECONDS)
        await sold_again(acknowledged, before)
    buying.cancel()
    await asyncio.gather(buying, return_exceptions=True)

    assert set(statuses) <= ACCEPTABLE
    assert lost(service, acknowledged) == set()
    assert service.attempt("doctor").returncode == 0
    assert service.attempt("audit", "verify").returncode == 0


async def sold_again(acknowledged: list[str], before: int) -> None:
    async with asyncio.timeout(BACK_WITHIN_SECONDS):
        while len(acknowledged) <= before:
            await asyncio.sleep(0.05)
