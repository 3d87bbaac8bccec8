"""What an order's end means at the booth desk, and that it is told there."""

import pytest
from sqlalchemy import text

from pesan.booths.states import SessionState
from pesan.booths.tasks import end_session
from pesan.db import Database
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from tests.support.booths import book, book_session, make_place, read_session
from tests.support.factories import SYSTEM, Make


async def list_jobs(database: Database) -> list[str]:
    async with database.read(SYSTEM) as session:
        query = "SELECT task_name FROM procrastinate_jobs WHERE task_name LIKE 'booths.%' ORDER BY id"
        return list(await session.scalars(text(query)))


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.REJECTED])
async def test_an_order_that_comes_to_nothing_is_told_to_its_outlet(
    make: Make, database: Database, state: OrderState
):
    await book(make, await make_place(make, database), state=state)

    assert await list_jobs(database) == ["booths.end_session"]


async def test_nothing_is_told_of_orders_for_tickets(make: Make, database: Database):
    await make.order(state=OrderState.CANCELLED)

    assert await list_jobs(database) == []


async def test_a_refunded_session_is_waited_for_no_more(make: Make, database: Database, registry):
    place = await make_place(make, database)
    session = await book_session(make, database, place, in_minutes=60)
    await make.move(Move(OrderEvent.REFUND, place.id, SYSTEM, session.id, reason="Pelanggan sakit"))

    await end_session(registry, session.id)
    await registry[Database].dispose()

    assert (await read_session(database, session.id)).state == SessionState.OVERRIDDEN
