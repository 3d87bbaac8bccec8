"""The queue as gauges, read when somebody scrapes."""

from collections.abc import Sequence

from pesan.db import Actor, Database
from pesan.jobs.queries import QueueGauge, Workers, get_workers, list_queue_gauges
from pesan.kit.exposition import Level, LevelSource


def queue_levels(database: Database) -> LevelSource:
    """Depth, age and parked jobs of each queue, and how many workers are alive."""

    async def read() -> Sequence[Level]:
        async with database.read(Actor.guest()) as session:
            return _levels(await list_queue_gauges(session), await get_workers(session))

    return read


def _levels(gauges: Sequence[QueueGauge], workers: Workers) -> list[Level]:
    counts = [
        ({"queue": gauge.queue, "state": state}, float(getattr(gauge, state)))
        for gauge in gauges
        for state in ("waiting", "scheduled", "running", "parked")
    ]
    ages = [({"queue": gauge.queue}, gauge.oldest_seconds) for gauge in gauges]
    return [
        Level("queue_jobs", "Jobs that are not finished, by queue and state.", counts),
        Level("queue_oldest_seconds", "How long the longest-due job of a queue has waited.", ages),
        Level("workers_alive", "Workers heard of within their lease.", [({}, float(workers.alive))]),
    ]
