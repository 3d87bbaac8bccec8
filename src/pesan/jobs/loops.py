"""Tasks that run every few seconds: loops inside the worker, without a job for each turn."""

import asyncio
import contextlib
import random
import time
from datetime import timedelta

from pesan.jobs.handlers import JobFields, named_in_logs
from pesan.jobs.registry import TaskSpec, list_tasks
from pesan.kit.registry import Registry
from pesan.logging import get_logger

log = get_logger(__name__)

LONGEST_PAUSE_SECONDS = 30.0


async def run_loops(deps: Registry, *, stop: asyncio.Event) -> None:
    """Run every task whose `every` is a timedelta until `stop` is set; a turn under way is finished."""
    async with asyncio.TaskGroup() as group:
        for spec in list_tasks():
            if isinstance(spec.every, timedelta):
                group.create_task(_loop(spec, deps, spec.every.total_seconds(), stop), name=spec.name)


async def _loop(spec: TaskSpec, deps: Registry, every: float, stop: asyncio.Event) -> None:
    failures = 0
    while not stop.is_set():
        with named_in_logs(JobFields(spec.name)):
            failures = 0 if await _turn(spec, deps) else failures + 1
        pause = every if not failures else min(LONGEST_PAUSE_SECONDS, every * 2.0 ** min(failures, 10))
        # Several workers started together must not ask in step.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause * random.uniform(0.8, 1.2))  # noqa: S311


async def _turn(spec: TaskSpec, deps: Registry) -> bool:
    started = time.perf_counter()
    try:
        await spec.handler(deps)
    except Exception:
        # A loop outlives its turn; what it could not do now it finds again next time.
        log.warning("loop.failed", exc_info=True)
        return False
    log.debug("loop.turned", milliseconds=round((time.perf_counter() - started) * 1000))
    return True
