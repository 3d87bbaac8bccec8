"""Baskets over two pools, placed at once in opposite orders: all or nothing, no deadlock, nothing oversold."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import text

from pesan.capacity.errors import HoldPoolFull, SoldOut
from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.orders.gate import Outcome, transition_many
from pesan.orders.moves import Move, Moved, Placement
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


async def place(database: Database, first: Event, second: Event) -> list[Outcome]:
    """One client: baskets of a place of each, one after the other."""
    outcomes: list[Outcome] = []
    for _ in range(EACH):
        wish = Placement(event_id=first.id, buyer_name="Siti Rahma", also=((second.pool_id, 1),))
        async with database.sale() as session:
            outcomes += await transition_many(session, [Move.place(wish, Actor.guest())])
    return outcomes


async def claims_per_order(database: Database) -> Counter[int]:
    async with database.read(SYSTEM) as session:
        rows = await session.execute(text("SELECT count(*) FROM claims GROUP BY order_id"))
        return Counter(row[0] for row in rows)


async def counters(database: Database, events: Sequence[Event]) -> list[tuple[int, int]]:
    query = text("SELECT held, used FROM capacity_pools WHERE id = :id")
    async with database.read(SYSTEM) as session:
        return [
            tuple((await session.execute(query, {"id": event.pool_id})).one())  # type: ignore[misc]
            for event in events
        ]


async def test_baskets_placed_in_opposite_orders_are_whole_or_refused(
    database: Database, wide: Database, make: Make
):
    merchant = await make.merchant()
    events = [await make.event(merchant, capacity=PLACES), await make.event(merchant, capacity=PLACES + 20)]

    groups = await asyncio.gather(
        *(place(wide, *(events if client % 2 else events[::-1])) for client in range(CLIENTS))
    )

    outcomes = [outcome for group in groups for outcome in group]
    assert len([one for one in outcomes if isinstance(one, Moved)]) == PLACES
    refused = {type(one) for one in outcomes if not isinstance(one, Moved)}
    assert refused <= {HoldPoolFull, SoldOut}
    assert await claims_per_order(database) == {2: PLACES}
    assert await counters(database, events) == [(PLACES, 0), (PLACES, 0)]
    assert await offenders(database) == []
