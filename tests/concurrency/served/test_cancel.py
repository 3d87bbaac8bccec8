"""A booking that is given back many times at once gives its place back once."""

from collections import Counter

import pytest

from pesan.orders.models import Order
from tests.support.database import offenders, places_taken
from tests.support.factories import SYSTEM
from tests.support.racer import race
from tests.support.wire import Request

ROUNDS = 5
AT_ONCE = 20


def cancel(order: Order) -> Request:
    headers = {"x-booking-code": order.code, "content-type": "application/json"}
    return Request("POST", f"/api/bookings/{order.id}/cancel", b"{}", headers)


@pytest.mark.parametrize("processes", [1, 4])
async def test_place_comes_back_once_however_often_it_is_given_back(served, make, database, processes):
    service = await served(workers=processes)
    for _ in range(ROUNDS):
        event = await make.event(capacity=2)
        order, neighbour = await make.order(event), await make.order(event)

        answers = await race(service.port, [cancel(order)] * AT_ONCE)

        told = Counter((answer.status, answer.code) for answer in answers)
        assert told == {(200, None): 1, (409, "orders.wrong_state"): AT_ONCE - 1}
        assert await places_taken(database, event.id) == 1
        async with database.read(SYSTEM) as session:
            assert (await session.get_one(Order, neighbour.id)).state == "HOLD"
    assert await offenders(database) == []
