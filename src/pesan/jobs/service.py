"""Writes to the queue: enqueueing in the caller's transaction, rescue, parking lot, purge."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from pesan.db.database import WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.jobs.registry import (
    DEFAULT_ATTEMPTS,
    JobArgument,
    TaskSpec,
    find_task,
    list_tasks,
    stored_arguments,
)

_JOB = {"queue_name": "text", "task_name": "text", "priority": "integer", "lock": "text", "args": "jsonb"}
# The library's own way in, in the order of its type's fields, without the library's cursor: a pipe has its own.
_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(array_agg(CAST(ROW(n.queue_name, n.task_name, n.priority, n.lock,"  # noqa: S608
    f" NULL, n.args, NULL) AS procrastinate_job_to_defer_v1))) FROM {recordset(_JOB)}"
)
MOST_RETRIED = 1_000
"""How many parked jobs are tried again at once, so that a mended provider is not buried."""

_RESCUE = text(
    """
    WITH stalled AS (
        SELECT job.id, job.queueing_lock, coalesce(known.attempts, :default_attempts) AS allowed
        FROM procrastinate_jobs job
        LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
        LEFT JOIN unnest(CAST(:names AS text[]), CAST(:attempts AS int[])) AS known(name, attempts)
            ON known.name = job.task_name
        WHERE job.status = 'doing'
          AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => :lease_seconds))
        FOR UPDATE OF job SKIP LOCKED
    ), judged AS (
        -- one waiting run of a periodic job covers all before it, and its unique index would refuse a second
        SELECT stalled.*, queueing_lock IS NOT NULL AND (
            row_number() OVER (PARTITION BY queueing_lock ORDER BY id DESC) > 1
            OR EXISTS (SELECT 1 FROM procrastinate_jobs waiting
                       WHERE waiting.queueing_lock = stalled.queueing_lock AND waiting.status = 'todo')
        ) AS is_covered FROM stalled
    )
    UPDATE procrastinate_jobs job
    SET status = (CASE WHEN is_covered THEN 'aborted' WHEN job.attempts + 1 < allowed THEN 'todo' ELSE 'failed' END)
            ::procrastinate_job_status,
        attempts = job.attempts + 1, scheduled_at = NULL, worker_id = NULL, abort_requested = false
    FROM judged WHERE job.id = judged.id
    RETURNING job.id, job.task_name, job.status = 'failed' AS is_parked
    """
)
_RETRY_ALL = text(
    """
    SELECT count(*) FILTER (WHERE jobs_retry_parked(id)) FROM (
        SELECT id FROM procrastinate_jobs WHERE status = 'failed' ORDER BY id LIMIT :most
    ) AS parked
    """
)
# The largest bigint: a larger number is no job's, and no function of the database would take it.
LAST_ID = 2**63 - 1
_FORGET_WORKERS = text(
    "DELETE FROM procrastinate_workers worker WHERE last_heartbeat < now() - interval '1 hour'"
    " AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs job WHERE job.worker_id = worker.id AND job.status = 'doing')"
)
# An event has the time of the last change of a job; jobs themselves have none.
_PURGE = text(
    """
    WITH gone AS (
        DELETE FROM procrastinate_jobs WHERE id IN (
            SELECT job.id FROM procrastinate_jobs job
            WHERE job.status = ANY(CAST(:statuses AS procrastinate_job_status[]))
              AND (SELECT max(event.at) FROM procrastinate_events event WHERE event.job_id = job.id)
                  < now() - make_interval(hours => :hours)
            ORDER BY job.id LIMIT :chunk
        ) RETURNING id
    ), forgotten AS (DELETE FROM job_failures USING gone WHERE job_id = gone.id)
    SELECT id FROM gone
    """
)


async def enqueue(session: WriteSession, name: str, /, **arguments: JobArgument) -> None:
    """Enqueue one job; it exists exactly if the caller's transaction commits. Arguments are ids only."""
    await enqueue_many(session, [(name, arguments)])


async def enqueue_many(executor: Executor, requests: Sequence[tuple[str, Mapping[str, JobArgument]]]) -> None:
    """Enqueue many jobs in one statement of the caller's transaction, which a pipe may carry with others."""
    if requests:
        await executor.execute(_DEFER, pack(_job(name, arguments) for name, arguments in requests))


async def retry_parked(session: WriteSession, job_id: int) -> bool:
    """Give a parked job all its attempts again; False when it is not parked (any more)."""
    if abs(job_id) > LAST_ID:
        return False
    return bool(await session.scalar(text("SELECT jobs_retry_parked(:id)"), {"id": job_id}))


async def retry_all_parked(session: WriteSession, *, most: int = MOST_RETRIED) -> int:
    """Give the longest parked jobs, at most so many, all their attempts again; returns how many."""
    return await session.scalar(_RETRY_ALL, {"most": most}) or 0


async def rescue_stalled(session: WriteSession, *, lease_seconds: float) -> list[tuple[int, str, bool]]:
    """Take the jobs of dead workers back: to the queue, or parked if that was their last attempt.

    Of a periodic job only one run waits: what another covers ends, as aborted.

    A worker is dead when it missed its heartbeat for `lease_seconds`. Should it only have slept, what it
    still reports about these jobs is refused by their fencing token (see `lease`).
    Returns (job id, task, whether it is parked). **Locks** the jobs, skipping those in use.
    """
    tasks = list_tasks()
    found = await session.execute(
        _RESCUE,
        {
            "names": [spec.name for spec in tasks],
            "attempts": [spec.attempts for spec in tasks],
            "default_attempts": DEFAULT_ATTEMPTS,
            "lease_seconds": lease_seconds,
        },
    )
    rescued = [(row.id, row.task_name, row.is_parked) for row in found]
    await session.execute(_FORGET_WORKERS)
    return rescued


async def purge_finished(session: WriteSession, *, statuses: Sequence[str], hours: int, chunk: int) -> int:
    """Delete at most `chunk` jobs that ended with one of `statuses` more than `hours` ago; returns how many."""
    found = await session.execute(_PURGE, {"statuses": list(statuses), "hours": hours, "chunk": chunk})
    return len(found.all())


def _job(name: str, arguments: Mapping[str, JobArgument]) -> dict[str, Any]:
    spec = find_task(name) or TaskSpec(name, _elsewhere)
    stored = stored_arguments(arguments)
    return {
        "queue_name": spec.queue,
        "task_name": name,
        "priority": spec.priority,
        "lock": spec.lock_for(stored),
        "args": stored,
    }


async def _elsewhere() -> None:
    """Stands for a handler that another process has."""
