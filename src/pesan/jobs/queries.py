"""Reads of the queue; none of them touches a job's arguments, so that a request may run them too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from pesan.db.database import ReadSession


@dataclass(frozen=True, slots=True)
class QueueGauge:
    """One queue right now; `oldest_seconds` is how long the job waits that has been due the longest."""

    queue: str
    waiting: int
    scheduled: int
    running: int
    parked: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class ParkedJob:
    """A job that failed for good and waits for a person; without a `failure` its worker died under it each time."""

    id: int
    task: str
    queue: str
    attempts: int
    failure: str | None
    failed_at: datetime | None
    age_seconds: float


@dataclass(frozen=True, slots=True)
class Workers:
    """Who does the work; `alive` heard of within the lease."""

    alive: int
    last_heartbeat_at: datetime | None


_GAUGES = text(
    """
    SELECT queue_name AS queue,
        count(*) FILTER (WHERE is_due) AS waiting,
        count(*) FILTER (WHERE status = 'todo' AND NOT is_due) AS scheduled,
        count(*) FILTER (WHERE status = 'doing') AS running,
        count(*) FILTER (WHERE status = 'failed') AS parked,
        coalesce(extract(epoch FROM clock_timestamp() - least(
            min(scheduled_at) FILTER (WHERE is_due),
            (SELECT at FROM procrastinate_events WHERE type = 'deferred'
             AND job_id = min(live.id) FILTER (WHERE is_due AND scheduled_at IS NULL))
        )), 0)::float AS oldest_seconds
    FROM (
        SELECT id, queue_name, status, scheduled_at,
            status = 'todo' AND coalesce(scheduled_at <= now(), true) AS is_due
        FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed')
    ) AS live
    GROUP BY queue_name ORDER BY queue_name
    """
)
_PARKED = text(
    """
    SELECT job.id, job.task_name AS task, job.queue_name AS queue, job.attempts,
        failure.code AS failure, since.at AS failed_at,
        coalesce(extract(epoch FROM clock_timestamp() - since.at), 0)::float AS age_seconds
    FROM procrastinate_jobs job LEFT JOIN job_failures failure ON failure.job_id = job.id
    -- The last change of the job is that it was parked.
    CROSS JOIN LATERAL (
        SELECT coalesce(failure.failed_at, max(event.at)) AS at FROM procrastinate_events event
        WHERE event.job_id = job.id
    ) AS since
    WHERE job.status = 'failed' AND job.id < coalesce(CAST(:before AS bigint), 9223372036854775807)
    ORDER BY job.id DESC LIMIT :size
    """
)
_WORKERS = text(
    "SELECT count(*) FILTER (WHERE last_heartbeat > now() - make_interval(secs => :lease_seconds)) AS alive,"
    " max(last_heartbeat) AS last_heartbeat_at FROM procrastinate_workers"
)


async def list_queue_gauges(session: ReadSession) -> list[QueueGauge]:
    """Depth, age and parked jobs of every queue that has any."""
    return [QueueGauge(**row) for row in (await session.execute(_GAUGES)).mappings()]


async def list_parked(
    session: ReadSession, *, before: int | None = None, size: int = 50
) -> Sequence[ParkedJob]:
    """Parked jobs, newest first; the next page is `before` the last id."""
    found = await session.execute(_PARKED, {"before": before, "size": size})
    return [ParkedJob(**row) for row in found.mappings()]


async def get_workers(session: ReadSession, *, lease_seconds: float = 30.0) -> Workers:
    """How many workers are alive, and when one was last heard of."""
    row = (await session.execute(_WORKERS, {"lease_seconds": lease_seconds})).mappings().one()
    return Workers(**row)
