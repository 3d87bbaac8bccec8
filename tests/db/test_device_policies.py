"""Row-level security of the devices at a gate: their event, and no money."""

from collections import Counter

import pytest

from pesan.db import Database
from tests.db.test_policies import OF_THE_EVENT, database_url, world  # noqa: F401
from tests.db.worlds import World

pytestmark = pytest.mark.every_postgres


async def test_devices_of_an_event_see_its_rows_and_no_money(
    world: World,  # noqa: F811
    web_database: Database,
):
    async with web_database.gate(world.a.event.id) as session:
        seen = await world.seen(session)

    of_gates = {name: OF_THE_EVENT[name] for name in seen if name in OF_THE_EVENT}
    assert {name: counts for name, counts in seen.items() if counts} == {
        name: Counter({"A": count}) for name, count in {**of_gates, "events": 1}.items()
    } | {"signing_keys": Counter({"A": 1, "B": 1})}
