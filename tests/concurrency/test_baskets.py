"""Orders whose claims lie in several pools, moved in opposite orders at once."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from psycopg.errors import DeadlockDetected
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pesan.capacity.locks import lock_pools
from pesan.catalog.models import Event
from pesan.db import Database
from pesan.db.pipeline import pipelined
from pesan.kit.ids import new_id
from pesan.orders.gate import transition_many
from pesan.orders.models import Order
from pesan.orders.moves import Move, Moved
from pesan.orders.states import OrderEvent
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.postgres import Server

pytestmark = pytest.mark.every_postgres
CLIENTS = 20
ROUNDS = 10


async def lock_one_by_one(database: Database, pools: Sequence[UUID], turn: asyncio.Barrier) -> None:
    """What the control does: the pools as they come, each in a statement of its own, when everybody has theirs."""
    async with database.sale() as session:
        # Longer than the server takes to notice a deadlock, which a sale's own patience is not.
        await session.execute(text("SET LOCAL lock_timeout = '10s'"))
        for pool_id in pools:
            await session.execute(
                text("SELECT 1 FROM capacity_pools WHERE id = :id FOR UPDATE"), {"id": pool_id}
            )
            if pool_id is pools[0]:
                await turn.wait()


async def lock_in_order(database: Database, pools: Sequence[UUID]) -> None:
    async with database.sale() as session:
        async with pipelined(session) as pipe:
            await lock_pools(pipe, pools)
        await asyncio.sleep(0.005)


def is_deadlock(outcome: object) -> bool:
    cause = outcome.__cause__ if isinstance(outcome, Exception) else None
    return isinstance(cause, DBAPIError) and isinstance(cause.orig, DeadlockDetected)


async def test_pools_locked_in_opposite_orders_do_not_deadlock(database: Database, make: Make):
    events = [await make.event(), await make.event()]
    pools = [event.pool_id for event in events]
    for _ in range(ROUNDS):
        await asyncio.gather(
            *(lock_in_order(database, pools if client % 2 else pools[::-1]) for client in range(10))
        )


async def test_pools_locked_one_by_one_deadlock(database: Database, make: Make):
    """The control: without the order, the same thing goes wrong."""
    pools = [(await make.event()).pool_id, (await make.event()).pool_id]
    turn = asyncio.Barrier(2)
    outcomes = await asyncio.gather(
        *(lock_one_by_one(database, each, turn) for each in (pools, pools[::-1])), return_exceptions=True
    )
    assert [is_deadlock(outcome) for outcome in outcomes].count(True) == 1


async def make_basket(owner: Server, name: str, order: Order, also: Event) -> None:
    """Let an order hold a place of a second event's pool too."""
    with owner.connect(name) as connection, connection.transaction():
        connection.execute(
            "INSERT INTO claims (id, merchant_id, order_id, line_id, pool_id, quantity, bucket)"
            " SELECT %s, merchant_id, order_id, line_id, %s, 1, bucket FROM claims WHERE order_id = %s",
            [new_id(), also.pool_id, order.id],
        )
        connection.execute("UPDATE capacity_pools SET held = held + 1 WHERE id = %s", [also.pool_id])


async def move_all(database: Database, orders: Sequence[Order], event: OrderEvent) -> list[object]:
    async with database.sale() as session:
        moves = [Move(event, order.event_id, SYSTEM, order.id) for order in orders]
        return list(await transition_many(session, moves))


async def test_baskets_moved_in_opposite_orders_move_once(
    database: Database, make: Make, postgres, database_url
):
    merchant = await make.merchant()
    first, second = [await make.event(merchant, capacity=100), await make.event(merchant, capacity=100)]
    orders = [await make.order(first), await make.order(second)]
    await make_basket(postgres, database_url.database, orders[0], second)
    await make_basket(postgres, database_url.database, orders[1], first)

    groups = [orders if client % 2 else orders[::-1] for client in range(CLIENTS)]
    outcomes = await asyncio.gather(
        *(move_all(database, group, OrderEvent.SUBMIT_PROOF) for group in groups), return_exceptions=True
    )

    assert [outcome for outcome in outcomes if isinstance(outcome, BaseException)] == []
    moved = [one for group in outcomes for one in group if isinstance(one, Moved)]
    assert sorted(one.order_id for one in moved) == sorted(order.id for order in orders)
    assert await offenders(database) == []
