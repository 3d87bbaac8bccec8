"""One place and 200 buyers whose last bytes arrive together, over real HTTP, with one process and with four."""

import os
from collections import Counter
from uuid import UUID

import pytest

from pesan.db import Database
from tests.support.database import offenders, places_taken
from tests.support.factories import Make
from tests.support.racer import race
from tests.support.wire import Answer, Request

BUYERS = 200
ROUNDS = int(os.environ.get("PESAN_TEST_ROUNDS", "20"))

ONE_WINS = Counter({(201, None): 1, (409, "capacity.hold_pool_full"): BUYERS - 1})


def hold(event_id: UUID) -> Request:
    return Request("POST", "/api/bookings/hold", {"eventId": str(event_id), "name": "Budi Santoso", "qty": 1})


def outcomes(answers: list[Answer]) -> Counter[tuple[int, str | None]]:
    return Counter((answer.status, answer.code) for answer in answers)


@pytest.mark.parametrize("processes", [1, 4])
async def test_last_place_goes_to_one_of_200_buyers(served, make: Make, database: Database, processes):
    service = await served(workers=processes)
    for _ in range(ROUNDS):
        event = await make.event(capacity=1)
        answers = await race(service.port, [hold(event.id)] * BUYERS)
        assert outcomes(answers) == ONE_WINS
        assert await places_taken(database, event.id) == 1
    assert await offenders(database) == []


async def test_places_run_out_exactly(served, make: Make, database: Database):
    service = await served()
    event = await make.event(capacity=50)
    answers = await race(service.port, [hold(event.id)] * BUYERS)
    assert Counter(answer.status for answer in answers) == {201: 50, 409: 150}
    assert len({answer.json()["code"] for answer in answers if answer.status == 201}) == 50
    assert await offenders(database) == []


async def test_without_the_lock_the_same_race_oversells(unguarded):
    """The control: the very same race finds the oversell when pools are not locked and the CHECKs are gone."""
    most = 0
    for _ in range(ROUNDS):
        event = await unguarded.make.event(capacity=1)
        await race(unguarded.service.port, [hold(event.id)] * BUYERS)
        most = max(most, await places_taken(unguarded.database, event.id))
        if most > 1:
            break
    assert most > 1
