"""Changing a pool: what the database refuses is told as what it was."""

from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from pesan.capacity.errors import CapacityTooLow
from pesan.capacity.models import CapacityPool
from pesan.capacity.service import create_pool, resize_pool
from pesan.db import Actor, Database
from pesan.db.waits import violates
from pesan.kit.ids import new_id
from tests.support.factories import SYSTEM, Make


@pytest.fixture
async def pool(make: Make, database: Database) -> CapacityPool:
    """Ten places, four of them taken."""
    merchant = await make.merchant()
    async with database.write(SYSTEM) as session:
        pool = await create_pool(session, merchant_id=merchant.id, capacity=10)
    async with database.sale() as session:
        await session.execute(update(CapacityPool).where(CapacityPool.id == pool.id).values(used=3, held=1))
    return pool


async def resize(database: Database, pool: CapacityPool, **changes: object) -> None:
    wanted = {"capacity": 10, "hold_ratio": Decimal(1), "max_per_order": 1, **changes}
    staff = Actor.staff(new_id(), frozenset([pool.merchant_id]))
    async with database.write(staff) as session:
        await resize_pool(session, pool.id, **wanted)  # type: ignore[arg-type]


async def test_fewer_places_than_are_taken_are_refused(database: Database, pool: CapacityPool):
    with pytest.raises(CapacityTooLow) as refused:
        await resize(database, pool, capacity=3)

    assert refused.value.params == {"capacity": 3, "taken": 4}


async def test_a_broken_rule_of_another_kind_is_not_told_as_too_few_places(
    database: Database, pool: CapacityPool
):
    with pytest.raises(IntegrityError) as refused:
        await resize(database, pool, max_per_order=0)

    assert violates(refused.value, "ck_capacity_pools_max_per_order")
    assert not violates(refused.value, "ck_capacity_pools_never_oversold")
