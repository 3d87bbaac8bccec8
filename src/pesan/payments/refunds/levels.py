"""Money that is due back as gauges, read when somebody scrapes."""

from collections.abc import Sequence

from sqlalchemy import text

from pesan.db import Database
from pesan.kit.exposition import Level, LevelSource
from pesan.payments.refunds.models import IS_OPEN

_OPEN = text(
    "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(requested_at)), 0),"  # noqa: S608
    " count(*) FILTER (WHERE state = 'failed')"
    f" FROM refunds WHERE {IS_OPEN}"
)


def refund_levels(database: Database) -> LevelSource:
    """How many refunds wait, and for how long the oldest does. Runs as the sale, which sees every refund."""

    async def read() -> Sequence[Level]:
        async with database.sale() as session:
            count, oldest, failed = (await session.execute(_OPEN)).one()
        return [
            Level("refunds_due", "Refunds that were not paid back yet.", [({}, float(count))]),
            Level(
                "refunds_due_oldest_seconds",
                "How long the oldest of them has been waiting.",
                [({}, float(oldest))],
            ),
            Level(
                "refunds_failed",
                "Refunds that their provider did not send, and that nobody has sent by hand yet.",
                [({}, float(failed))],
            ),
        ]

    return read
