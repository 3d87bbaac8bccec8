"""Objects that wait for their store as gauges, read when somebody scrapes."""

from collections.abc import Sequence

from sqlalchemy import text

from pesan.db import Database
from pesan.kit.exposition import Level, LevelSource

_KEPT = text(
    "SELECT count(*), coalesce(sum(size), 0),"
    " coalesce(extract(epoch FROM clock_timestamp() - min(kept_at)), 0) FROM kept_objects"
)


def storage_levels(database: Database) -> LevelSource:
    """How many objects wait for the store, how large they are and for how long. Runs as the sale, which may count."""

    async def read() -> Sequence[Level]:
        async with database.sale() as session:
            count, size, oldest = (await session.execute(_KEPT)).one()
        return [
            Level("kept_objects", "Objects that the store has not taken yet.", [({}, float(count))]),
            Level("kept_objects_bytes", "What they weigh together.", [({}, float(size))]),
            Level(
                "kept_objects_oldest_seconds",
                "How long the oldest of them has been waiting.",
                [({}, float(oldest))],
            ),
        ]

    return read
