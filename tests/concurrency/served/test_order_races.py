"""The last place of a type, one seat and the last use of a promo code, wanted by 100 buyers at once over real HTTP."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from pesan.catalog.models import Event
from pesan.db import Database
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.racer import race
from tests.support.wire import Answer, Request

BUYERS = 100
ROUNDS = 3


@dataclass(frozen=True)
class Scarce:
    """What everybody wants, and by which of its parts they ask for it."""

    event: Event
    item: dict[str, Any]
    promo: str | None = None

    def request(self) -> Request:
        body = {
            "event_id": str(self.event.id),
            "items": [self.item],
            "promo_code": self.promo,
            "buyer": {"name": "Budi Santoso"},
        }
        return Request("POST", "/v1/orders", body)


async def last_place(make: Make) -> Scarce:
    event = await make.event(capacity=1_000)
    offer = await make.ticket_type(event, inventory=1)
    return Scarce(event, {"ticket_type_id": str(offer.id), "qty": 1})


async def one_seat(make: Make) -> Scarce:
    event = await make.event(capacity=1_000)
    offer = await make.ticket_type(event, inventory=1_000, is_seated=True)
    seats = await make.seats(offer, 3)
    item = {"ticket_type_id": str(offer.id), "qty": 1, "seat_ids": [str(seats[1].id)]}
    return Scarce(event, item)


async def last_use(make: Make) -> Scarce:
    event = await make.event(capacity=1_000)
    offer = await make.ticket_type(event, inventory=1_000)
    promo = await make.promo(event, max_uses=1)
    return Scarce(event, {"ticket_type_id": str(offer.id), "qty": 1}, promo.code)


def outcomes(answers: list[Answer]) -> Counter[tuple[int, str | None]]:
    return Counter((answer.status, answer.code) for answer in answers)


async def count_orders(database: Database, scarce: Scarce) -> int:
    query = text("SELECT count(*) FROM orders WHERE event_id = :id AND state = 'HOLD'")
    async with database.read(SYSTEM) as session:
        return int((await session.execute(query, {"id": scarce.event.id})).scalar_one())


@pytest.mark.parametrize(
    ("scarcity", "refusal"),
    [
        (last_place, "capacity.hold_pool_full"),
        (one_seat, "capacity.seat_held"),
        (last_use, "promo.held"),
    ],
)
async def test_the_last_one_goes_to_one_buyer(served, make: Make, database: Database, scarcity, refusal):
    service = await served()
    for _ in range(ROUNDS):
        scarce = await scarcity(make)
        answers = await race(service.port, [scarce.request()] * BUYERS)
        assert outcomes(answers) == {(201, None): 1, (409, refusal): BUYERS - 1}
        assert await count_orders(database, scarce) == 1
    assert await offenders(database) == []


@pytest.mark.parametrize("scarcity", [last_place, one_seat, last_use])
async def test_without_the_lock_the_same_race_sells_it_twice(unguarded, scarcity):
    """The control: pools are not locked, and the CHECKs are gone."""
    most = 0
    for _ in range(8 * ROUNDS):
        scarce = await scarcity(unguarded.make)
        await race(unguarded.service.port, [scarce.request()] * BUYERS)
        most = max(most, await count_orders(unguarded.database, scarce))
        if most > 1:
            break
    assert most > 1
