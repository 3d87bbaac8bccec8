"""One place and 200 buyers whose last bytes arrive together, over real HTTP, with one process and with four."""

import os
import sys
from collections import Counter
from uuid import UUID

import pytest

from pesan.db import Database
from tests.support.database import offenders, places_taken
from tests.support.factories import Make
from tests.support.racer import race
from tests.support.service import services
from tests.support.unguarded import drop_checks
from tests.support.wire import Answer, Request

BUYERS = 200
ROUNDS = int(os.environ.get("PESAN_TEST_ROUNDS", "20"))

ONE_WINS = Counter({(201, None): 1, (409, "capacity.hold_pool_full"): BUYERS - 1})


def hold(event_id: UUID) -> Request:
    return Request("POST", "/api/bookings/hold", {"eventId": str(event_id), "name": "Budi Santoso", "qty": 1})


def outcomes(answers: list[Answer]) -> Counter[tuple[int, str | None]]:
    return Counter((answer.status, answer.code) for answer in answers)


@pytest.mark.parametrize("processes", [1, 4])
async def test_last_place_goes_to_one_of_200_buyers(live_server, make: Make, database: Database, processes):
    service = await live_server(workers=processes)
    for _ in range(ROUNDS):
        event = await make.event(capacity=1)
        answers = await race(service.port, [hold(event.id)] * BUYERS)
        assert outcomes(answers) == ONE_WINS
        assert await places_taken(database, event.id) == 1
    assert await offenders(database) == []


async def test_places_run_out_exactly(live_server, make: Make, database: Database):
    service = await live_server(workers=2)
    event = await make.event(capacity=50)
    answers = await race(service.port, [hold(event.id)] * BUYERS)
    assert Counter(answer.status for answer in answers) == {201: 50, 409: 150}
    assert len({answer.json()["code"] for answer in answers if answer.status == 201}) == 50
    assert await offenders(database) == []


@pytest.fixture
async def unguarded_server(settings, tmp_path, postgres, database_url):
    """Starts the service with its guard taken out, on a database that would hold an oversold pool."""
    drop_checks(postgres, database_url.database)
    async with services(
        settings, tmp_path, program=[sys.executable, "-m", "tests.support.unguarded"]
    ) as start:
        yield start


async def test_without_the_lock_the_same_race_oversells(unguarded_server, make: Make, database: Database):
    """The control: the very same race finds the oversell when pools are not locked and the CHECKs are gone."""
    service = await unguarded_server(workers=4)
    most = 0
    for _ in range(ROUNDS):
        event = await make.event(capacity=1)
        await race(service.port, [hold(event.id)] * BUYERS)
        most = max(most, await places_taken(database, event.id))
        if most > 1:
            break
    assert most > 1
