"""Baskets over two pools, placed at once in opposite orders: all or nothing, no deadlock, nothing oversold."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
from sqlalchemy import text

from pesan.capacity.errors import HoldPoolFull, SoldOut
from pesan.catalog.models import TicketType
from pesan.db import Actor, Database
from pesan.orders.gate import Outcome, transition_many
from pesan.orders.moves import LineWish, Move, Moved, Placement, TypeWish
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.schema import open_database

pytestmark = pytest.mark.every_postgres
CLIENTS = 20
EACH = 6
PLACES = 30


@pytest.fixture
async def wide(settings) -> AsyncIterator[Database]:
    """As many connections as there are clients, so that they really meet."""
    database = open_database(settings.model_copy(update={"database_pool_size": CLIENTS}), "worker")
    yield database
    await database.dispose()


async def place(database: Database, first: TicketType, second: TicketType) -> list[Outcome]:
    """One client: baskets of a place of each, one after the other."""
    outcomes: list[Outcome] = []
    for _ in range(EACH):
        lines = tuple(LineWish(1, TypeWish(kind.id, kind.pool_id)) for kind in (first, second))
        wish = Placement(first.event_id, "Siti Rahma", lines)
        async with database.sale() as session:
            outcomes += await transition_many(session, [Move.place(wish, Actor.guest())])
    return outcomes


async def claims_per_order(database: Database) -> Counter[int]:
    async with database.read(SYSTEM) as session:
        rows = await session.execute(text("SELECT count(*) FROM claims GROUP BY order_id"))
        return Counter(row[0] for row in rows)


async def counters(database: Database, pools: Sequence[UUID]) -> list[tuple[int, int]]:
    query = text("SELECT held, used FROM capacity_pools WHERE id = :id")
    async with database.read(SYSTEM) as session:
        return [
            tuple((await session.execute(query, {"id": pool_id})).one())  # type: ignore[misc]
            for pool_id in pools
        ]


async def test_baskets_placed_in_opposite_orders_are_whole_or_refused(
    database: Database, wide: Database, make: Make
):
    event = await make.event(capacity=5 * PLACES, max_per_order=2)
    kinds = [await make.ticket_type(event, inventory=places) for places in (PLACES, PLACES + 20)]

    groups = await asyncio.gather(
        *(place(wide, *(kinds if client % 2 else kinds[::-1])) for client in range(CLIENTS))
    )

    outcomes = [outcome for group in groups for outcome in group]
    assert len([one for one in outcomes if isinstance(one, Moved)]) == PLACES
    refused = {type(one) for one in outcomes if not isinstance(one, Moved)}
    assert refused <= {HoldPoolFull, SoldOut}
    assert await claims_per_order(database) == {4: PLACES}  # the event's and the type's, for each line
    pools = [event.pool_id, *(kind.pool_id for kind in kinds)]
    assert await counters(database, pools) == [(2 * PLACES, 0), (PLACES, 0), (PLACES, 0)]
    assert await offenders(database) == []
