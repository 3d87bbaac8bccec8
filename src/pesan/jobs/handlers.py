"""Running one handler: its arguments, its log line, its outcome."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from procrastinate import JobContext
from procrastinate.jobs import Job

from pesan.errors import PesanError
from pesan.jobs.errors import GiveUp
from pesan.jobs.lease import LeasedJobManager
from pesan.jobs.registry import TaskSpec
from pesan.jobs.retry import Backoff
from pesan.kit.registry import Registry

log = structlog.get_logger(__name__)

# Procrastinate gives every periodic job the time it was meant for; our handlers ask the database's clock.
_PERIODIC_ARGUMENT = "timestamp"


def make_runner(
    spec: TaskSpec, deps: Registry, manager: LeasedJobManager, backoff: Backoff
) -> Callable[..., Awaitable[None]]:
    """The function that Procrastinate calls for a job of `spec`; it logs one line and lets every error through."""

    async def run(context: JobContext, **stored: Any) -> None:
        started = time.perf_counter()
        outcome = "succeeded"
        with structlog.contextvars.bound_contextvars(task=spec.name, job_id=context.job.id):
            try:
                await spec.handler(deps, **_arguments(spec, stored))
            except BaseException as error:
                outcome = _outcome(error, context.job, backoff)
                _note(error, context.job, manager)
                raise
            finally:
                _report(spec, context.job, stored, outcome, time.perf_counter() - started)

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
    if isinstance(error, asyncio.CancelledError) or job.id is None:
        return
    manager.note_failure(job.id, failure_code(error))
    if not isinstance(error, (PesanError, GiveUp)):
        log.error("job.error", exc_info=error)


def _report(spec: TaskSpec, job: Job, stored: dict[str, Any], outcome: str, seconds: float) -> None:
    level = {"succeeded": log.info, "parked": log.error}.get(outcome, log.warning)
    level(
        f"job.{outcome}",
        queue=spec.queue,
        attempt=job.attempts + 1,
        milliseconds=round(seconds * 1000),
        ids=stored,
    )
