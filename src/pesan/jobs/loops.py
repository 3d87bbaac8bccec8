"""Tasks that run every few seconds: loops inside the worker, without a job for each turn."""

import asyncio
import contextlib
import random
import time
from datetime import timedelta

import structlog

from pesan.jobs.registry import TaskSpec, list_tasks
from pesan.kit.registry import Registry

log = structlog.get_logger(__name__)

LONGEST_PAUSE_SECONDS = 60.0


async def run_loops(deps: Registry, *, stop: asyncio.Event) -> None:
    """Run every task whose `every` is a timedelta until `stop` is set; a turn under way is finished."""
    async with asyncio.TaskGroup() as group:
        for spec in list_tasks():
            if isinstance(spec.every, timedelta):
                group.create_task(_loop(spec, deps, spec.every.total_seconds(), stop), name=spec.name)


async def _loop(spec: TaskSpec, deps: Registry, every: float, stop: asyncio.Event) -> None:
    failures = 0
    while not stop.is_set():
        failures = 0 if await _turn(spec, deps) else failures + 1
        pause = min(LONGEST_PAUSE_SECONDS, every * 2.0 ** min(failures, 10))
        # Several workers started together must not ask in step.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause * random.uniform(0.8, 1.2))  # noqa: S311


async def _turn(spec: TaskSpec, deps: Registry) -> bool:
    started = time.perf_counter()
    with structlog.contextvars.bound_contextvars(task=spec.name):
        try:
            await spec.handler(deps)
        except Exception as error:
            # A loop outlives its turn; what it could not do now it finds again next time.
            log.warning("loop.failed", error=type(error).__name__, exc_info=True)
            return False
    seconds = time.perf_counter() - started
    log.debug("loop.turned", task=spec.name, milliseconds=round(seconds * 1000))
    return True
