"""When a booth is taken is told to anybody; holds whose time is over take nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from pesan.db import Actor, Database
from pesan.orders.moves import LineWish, SlotWish
from pesan.orders.states import OrderState
from tests.support.factories import Make

MONDAY = datetime(2030, 1, 7, 14, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture
async def outlet(make: Make):
    return await make.event(fulfilment="booths", ends_at=MONDAY + timedelta(days=365))


async def book(make: Make, outlet, starts_at: datetime, *, resource: int, state=OrderState.HOLD):
    slot = await make.slot(outlet, starts_at, resource=resource)
    return await make.order(outlet, state=state, lines=(LineWish(slot=SlotWish(slot.id, slot.pool_id)),))


async def test_a_guest_learns_when_and_not_by_whom(make: Make, web_database: Database, outlet):
    await book(make, outlet, MONDAY, resource=1)
    await book(make, outlet, MONDAY + 2 * QUARTER, resource=2, state=OrderState.PAID)
    await book(make, outlet, MONDAY + 2 * QUARTER, resource=3)
    await book(make, outlet, MONDAY, resource=2, state=OrderState.CANCELLED)

    assert await taken(web_database, [1, 2]) == [
        (1, MONDAY, MONDAY + QUARTER),
        (2, MONDAY + 2 * QUARTER, MONDAY + 3 * QUARTER),
    ]


async def test_a_hold_whose_time_is_over_takes_nothing(
    make: Make, database: Database, web_database: Database, outlet
):
    await book(make, outlet, MONDAY, resource=1)
    async with database.sale() as session:
        await session.execute(text("UPDATE orders SET hold_expires_at = clock_timestamp()"))

    assert await taken(web_database, [1]) == []


async def taken(database: Database, numbers: list[int]) -> list[tuple[object, ...]]:
    query = text("SELECT * FROM taken_times(:numbers, :since, :until) ORDER BY 1, 2")
    between = {"since": MONDAY - timedelta(days=1), "until": MONDAY + timedelta(days=1)}
    async with database.read(Actor.guest()) as session:
        return [tuple(row) for row in await session.execute(query, {"numbers": numbers, **between})]
