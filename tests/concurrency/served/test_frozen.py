"""A process that stands still while it holds the pool of a sale: buyers are told in time, and the sale goes on."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from pesan.db.schema import login_url
from tests.support.database import offenders, places_taken
from tests.support.racer import race
from tests.support.wire import Answer, Request

ROOT = Path(__file__).parents[3]
BUYERS = 20
# The server ends a transaction that its process forgot after 15 seconds.
FREED_WITHIN_SECONDS = 40


@pytest.fixture
def freeze(settings) -> Callable[[UUID], object]:
    """Lets a process lock a pool and stand still for as long as the block runs."""

    @contextmanager
    def start(pool_id: UUID) -> Iterator[subprocess.Popen[bytes]]:
        url = login_url(
            settings.database_url, "web", secret=settings.secret, prefix=settings.database_role_prefix
        )
        address = url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "tests.support.frozen", address, settings.database_role_prefix]
        with subprocess.Popen([*command, str(pool_id)], cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"locked\n"
            try:
                yield process
            finally:
                process.kill()

    return start


def hold(event_id: UUID) -> Request:
    return Request("POST", "/api/bookings/hold", {"eventId": str(event_id), "name": "Budi Santoso", "qty": 1})


async def until_sold(port: int, event_id: UUID) -> Answer:
    async with asyncio.timeout(FREED_WITHIN_SECONDS):
        while True:
            (answer,) = await race(port, [hold(event_id)])
            if answer.status == 201:
                return answer
            await asyncio.sleep(0.5)


@pytest.mark.kill
async def test_buyers_of_a_frozen_pool_are_told_and_the_pool_is_freed(served, make, database, freeze):
    event, other = await make.event(capacity=50), await make.event(capacity=50)
    service = await served(workers=1)
    with freeze(event.pool_id) as frozen:
        answers = await race(service.port, [hold(event.id)] * BUYERS)
        beside = await race(service.port, [hold(other.id)] * BUYERS)
        taken_meanwhile = await places_taken(database, event.id)
        await until_sold(service.port, event.id)
        is_still_there = frozen.poll() is None

    assert Counter((answer.status, answer.code) for answer in answers) == {(503, "busy"): BUYERS}
    assert {answer.headers["retry-after"] for answer in answers} == {"2"}
    # In two seconds, and what a busy machine adds; without a limit of their own they would hear once the pool is freed.
    assert max(answer.seconds for answer in answers) < 10
    assert {answer.status for answer in beside} == {201}
    assert (taken_meanwhile, is_still_there) == (0, True)
    assert await places_taken(database, event.id) == 1
    assert await offenders(database) == []
