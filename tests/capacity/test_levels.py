"""What a scrape sees of the pools."""

import pytest

from pesan.capacity import levels
from pesan.capacity.levels import capacity_levels
from pesan.db import Database
from pesan.orders.states import OrderState
from tests.support.factories import Make
from tests.support.postgres import Server


async def read(source: levels.LevelSource) -> dict[str, float]:
    found = await source()
    return {
        " ".join([level.name, *labels.values()]): value for level in found for labels, value in level.readings
    }


async def test_levels_tell_places_by_bucket(web_database: Database, make: Make):
    event = await make.event(capacity=10)
    await make.order(event)
    await make.order(event, state=OrderState.REVIEW)
    await make.order(event, state=OrderState.PAID)

    assert await read(capacity_levels(web_database)) == {
        "capacity_places held": 1,
        "capacity_places used": 2,
        "capacity_places free": 7,
        "capacity_drift_pools": 0,
    }


async def test_levels_without_pools_are_zero(web_database: Database):
    assert set((await read(capacity_levels(web_database))).values()) == {0.0}


async def test_levels_tell_a_counter_that_drifted(
    web_database: Database, make: Make, postgres: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(levels, "DRIFT_SECONDS", 0.0)
    await make.order(await make.event())
    source = capacity_levels(web_database)
    before = (await read(source))["capacity_drift_pools"]
    with postgres.connect(web_database.url.database or "") as owner:
        owner.execute("UPDATE capacity_pools SET held = held + 1")

    assert (before, (await read(source))["capacity_drift_pools"]) == (0, 1)


async def test_drift_is_looked_for_once_a_minute(web_database: Database, make: Make, postgres: Server):
    await make.order(await make.event())
    source = capacity_levels(web_database)
    await read(source)
    with postgres.connect(web_database.url.database or "") as owner:
        owner.execute("UPDATE capacity_pools SET held = held + 1")

    assert (await read(source))["capacity_drift_pools"] == 0
