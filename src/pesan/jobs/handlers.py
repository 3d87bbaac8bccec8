"""Running one handler: its arguments, its log line, its outcome."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from procrastinate import JobContext
from procrastinate.jobs import Job

from pesan.errors import PesanError
from pesan.jobs.errors import GiveUp
from pesan.jobs.lease import LeasedJobManager
from pesan.jobs.registry import TaskSpec
from pesan.jobs.retry import Backoff
from pesan.kit import metrics
from pesan.kit.registry import Registry
from pesan.logging import CURRENT_REQUEST, get_logger, report

log = get_logger(__name__)

JOB_SECONDS = metrics.Histogram(
    "job_duration_seconds", "Time a job ran, by task and outcome.", ["task", "outcome"]
)
# Procrastinate gives every periodic job the time it was meant for; our handlers ask the database's clock.
_PERIODIC_ARGUMENT = "timestamp"


@dataclass(frozen=True, slots=True)
class JobFields:
    """What every line carries that is written while a job runs."""

    task: str
    job_id: int | None = None

    def log_fields(self) -> dict[str, str]:
        """The task and the job."""
        return {"task": self.task, **({"job": str(self.job_id)} if self.job_id else {})}


@contextmanager
def named_in_logs(fields: JobFields) -> Iterator[None]:
    """Lines written inside the block say which job they belong to."""
    token = CURRENT_REQUEST.set(fields)
    try:
        yield
    finally:
        CURRENT_REQUEST.reset(token)


def make_runner(
    spec: TaskSpec, deps: Registry, manager: LeasedJobManager, backoff: Backoff
) -> Callable[..., Awaitable[None]]:
    """The function that Procrastinate calls for a job of `spec`; it logs one line and lets every error through."""

    async def run(context: JobContext, **stored: Any) -> None:
        job, started, outcome = context.job, time.perf_counter(), "succeeded"
        with named_in_logs(JobFields(spec.name, job.id)):
            try:
                await spec.handler(deps, **_arguments(spec, stored))
            except BaseException as error:
                outcome = _outcome(error, job, backoff)
                _note(error, job, manager)
                raise
            finally:
                _tell(spec, job, stored, outcome, time.perf_counter() - started)

    return run


def failure_code(error: BaseException) -> str:
    """What to call a failure in the queue monitor: a stable code or a type, never a message with somebody's data."""
    if isinstance(error, (PesanError, GiveUp)):
        return error.code
    return type(error).__name__


def _arguments(spec: TaskSpec, stored: dict[str, Any]) -> dict[str, Any]:
    return spec.call_arguments({key: value for key, value in stored.items() if key != _PERIODIC_ARGUMENT})


def _outcome(error: BaseException, job: Job, backoff: Backoff) -> str:
    if isinstance(error, asyncio.CancelledError):
        return "returned"
    return "retried" if backoff.may_retry(error, job.attempts) else "parked"


def _note(error: BaseException, job: Job, manager: LeasedJobManager) -> None:
    if not isinstance(error, Exception) or job.id is None:
        return
    manager.note_failure(job.id, failure_code(error))
    if not isinstance(error, (PesanError, GiveUp)):
        log.error("job.error", exc_info=error)
        report(error)


def _tell(spec: TaskSpec, job: Job, stored: dict[str, Any], outcome: str, seconds: float) -> None:
    JOB_SECONDS.observe(seconds, spec.name, outcome)
    if outcome == "parked":
        metrics.JOBS_FAILED.inc(spec.name)
    level = {"succeeded": log.info, "parked": log.error}.get(outcome, log.warning)
    milliseconds = round(seconds * 1000)
    level(f"job.{outcome}", queue=job.queue, attempt=job.attempts + 1, milliseconds=milliseconds, ids=stored)
