"""Procrastinate's bookkeeping with a lease: fencing, and patience with a database that restarts.

A job belongs to (worker, attempt). Whoever reports its end must still hold it, or the report is dropped: a
machine that slept through its lease cannot end, or restart, what another worker runs by now.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from procrastinate import PsycopgConnector, exceptions
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from pesan.jobs.errors import WorkerEvicted
from pesan.logging import get_logger

T = TypeVar("T")
log = get_logger(__name__)

OUTAGE_PAUSE_SECONDS = 0.5

# The next run of a periodic job that waits already covers this one, and the unique index would refuse a second.
_HELD = (
    "SELECT id, EXISTS (SELECT 1 FROM procrastinate_jobs waiting WHERE waiting.queueing_lock = job.queueing_lock"
    " AND waiting.status = 'todo') AS is_covered FROM procrastinate_jobs job WHERE id = %(job_id)s"
    " AND status = 'doing' AND worker_id = %(worker_id)s AND attempts = %(attempts)s FOR UPDATE"
)
_NOTED = """noted AS (
        INSERT INTO job_failures (job_id, code)
        SELECT id, %(failure)s::text FROM held WHERE %(failure)s::text IS NOT NULL
        ON CONFLICT (job_id) DO UPDATE SET code = excluded.code, failed_at = now()
    )"""
_FINISH = f"""
    WITH held AS ({_HELD}),
    forgotten AS (DELETE FROM job_failures USING held WHERE job_id = held.id AND %(status)s::text = 'succeeded'),
    {_NOTED}
    SELECT procrastinate_finish_job_v1(id, %(status)s::text::procrastinate_job_status, false) FROM held
"""  # noqa: S608  fragments of our own
_RETRY = f"""
    WITH held AS ({_HELD}),
    {_NOTED}
    SELECT CASE WHEN is_covered THEN procrastinate_finish_job_v1(id, 'aborted', false)::text
        ELSE procrastinate_retry_job_v2(id, %(retry_at)s, NULL, NULL, NULL)::text END FROM held
"""  # noqa: S608  fragments of our own
# Given back unfinished (shutdown): not an attempt, and the next worker may take it at once.
_RETURN = f"""
    WITH held AS ({_HELD})
    UPDATE procrastinate_jobs job SET worker_id = NULL, abort_requested = false,
        status = (CASE WHEN is_covered THEN 'aborted' ELSE 'todo' END)::procrastinate_job_status
    FROM held WHERE job.id = held.id RETURNING job.id
"""  # noqa: S608  fragments of our own
_HEARTBEAT = (
    "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %(worker_id)s"
    " RETURNING ARRAY(SELECT id FROM procrastinate_jobs WHERE worker_id = %(worker_id)s AND status = 'doing')"
    " AS jobs"
)
# Without a worker a job is stalled, and the rescuer counts and returns it.
_DISOWN = (
    "UPDATE procrastinate_jobs SET worker_id = NULL"
    " WHERE worker_id = %(worker_id)s AND status = 'doing' AND id = ANY(%(ids)s) RETURNING id"
)


class LeasedJobManager(JobManager):
    """Fetches, renews and ends jobs for one worker."""

    connector: PsycopgConnector

    def __init__(self, connector: PsycopgConnector) -> None:
        super().__init__(connector)
        self._running: set[int] = set()
        self._suspects: set[int] = set()
        self._failures: dict[int, str] = {}

    def note_failure(self, job_id: int, code: str) -> None:
        """Keep why the running job failed, to be written with its end."""
        self._failures[job_id] = code

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The next job; None while the database is away, which makes the worker poll again."""
        try:
            job = await super().fetch_job(queues, worker_id)
        except exceptions.ConnectorException as error:
            await self._wait_out(error)
            return None
        if job is not None:
            self._running.add(_id(job))
        return job

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002  Procrastinate's signature
        """End a job that this worker still holds; repeated until the database has it."""
        await self._end(job, _FINISH, status=status.value, failure=self._failure(job))

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,  # noqa: ARG002  we never change it
        queue: str | None = None,  # noqa: ARG002
        lock: str | None = None,  # noqa: ARG002
    ) -> None:
        """Put a job that this worker still holds back: for `retry_at`, or unfinished when there is no time.

        A periodic one whose next run waits already ends here, as aborted.
        """
        if retry_at is None:
            await self._end(job, _RETURN)
        else:
            await self._end(job, _RETRY, retry_at=retry_at, failure=self._failure(job))

    async def update_heartbeat(self, worker_id: int) -> None:
        """Renew the lease, and disown jobs that the table thinks we run and we do not.

        Such orphans come from an answer that got lost: the job was taken, and nobody heard of it. One is believed
        only when it is seen twice, because a job just taken is in the table before it is in our set.
        """
        try:
            rows = await self.connector.execute_query_all_async(_HEARTBEAT, worker_id=worker_id)
            if not rows:
                raise WorkerEvicted
            await self._disown_orphans(worker_id, set(rows[0]["jobs"]) - self._running)
        except exceptions.ConnectorException as error:
            await self._wait_out(error)

    async def defer_periodic_job(self, job: Job, periodic_id: str, defer_timestamp: int) -> int | None:
        """Enqueue a periodic job once; waits out a database that is away, or this minute's run would be lost."""
        return await self._until_answered(
            lambda: super(LeasedJobManager, self).defer_periodic_job(job, periodic_id, defer_timestamp)
        )

    async def _disown_orphans(self, worker_id: int, strangers: set[int]) -> None:
        orphans = sorted(strangers & self._suspects)
        self._suspects = strangers
        if orphans:
            await self.connector.execute_query_all_async(_DISOWN, worker_id=worker_id, ids=orphans)
            log.warning("jobs.orphans_disowned", job_ids=orphans)

    async def _end(self, job: Job, query: str, **arguments: Any) -> None:
        held = {"job_id": job.id, "worker_id": job.worker_id, "attempts": job.attempts}
        try:
            rows = await self._until_answered(
                lambda: self.connector.execute_query_all_async(query, **held, **arguments)
            )
        finally:
            self._running.discard(_id(job))
        if not rows:
            # Either the lease was lost, or this is the repetition of an end that did arrive.
            log.warning("jobs.end_not_held", job_id=job.id, task=job.task_name)

    def _failure(self, job: Job) -> str | None:
        return self._failures.pop(_id(job), None)

    async def _until_answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await ask()
            except exceptions.ConnectorException as error:
                await self._wait_out(error)

    async def _wait_out(self, error: exceptions.ConnectorException) -> None:
        """Rest a little while the database is away, and clear out connections that broke; raise any other error."""
        if not is_outage(error):
            raise error
        log.warning("jobs.database_away", error=type(error.__cause__).__name__)
        await asyncio.sleep(OUTAGE_PAUSE_SECONDS)
        await self.connector.pool.check()


def is_outage(error: BaseException) -> bool:
    """Whether the database was away or busy, rather than asked something wrong."""
    cause = error.__cause__ if isinstance(error, exceptions.ConnectorException) else error
    return isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError, OSError))


def _id(job: Job) -> int:
    assert job.id is not None
    return job.id
