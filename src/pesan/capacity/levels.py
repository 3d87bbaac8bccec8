"""Places and their bookkeeping as gauges, read when somebody scrapes."""

import time
from collections.abc import Sequence

from sqlalchemy import text

from pesan.capacity.invariants import INVARIANTS
from pesan.db import Database
from pesan.kit.exposition import Level, LevelSource

# Comparing every counter with the sum of its claims reads all claims: once a minute is soon enough for an alarm.
DRIFT_SECONDS = 60.0
_PLACES = text(
    "SELECT coalesce(sum(held), 0), coalesce(sum(used), 0), coalesce(sum(capacity - held - used), 0)"
    " FROM capacity_pools"
)
_DRIFT = [text(rule.sql) for rule in INVARIANTS]


def capacity_levels(database: Database) -> LevelSource:
    """Places of all pools by bucket, and how many pools break an invariant.

    Runs as the sale, which sees every pool and claim.
    """
    checked_at = -DRIFT_SECONDS
    drifted = 0

    async def read() -> Sequence[Level]:
        nonlocal checked_at, drifted
        async with database.sale() as session:
            held, used, free = (await session.execute(_PLACES)).one()
            if time.monotonic() - checked_at >= DRIFT_SECONDS:
                offenders = [row.pool_id for rule in _DRIFT for row in await session.execute(rule)]
                drifted = len(set(offenders))
                checked_at = time.monotonic()
        places = [
            ({"bucket": name}, float(count))
            for name, count in (("held", held), ("used", used), ("free", free))
        ]
        return [
            Level("capacity_places", "Places of all pools, by bucket.", places),
            Level(
                "capacity_drift_pools",
                "Pools whose counters do not match their claims.",
                [({}, float(drifted))],
            ),
        ]

    return read
