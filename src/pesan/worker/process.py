"""What a worker does from its start to its drain, apart from how it was put together."""

import asyncio
import signal

from pesan.db import Database
from pesan.jobs.loops import run_loops
from pesan.jobs.runner import WorkerOptions, run_worker
from pesan.kit.registry import Registry
from pesan.logging import get_logger

log = get_logger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; from the main thread, inside the event loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    return stop


async def work(deps: Registry, *, stop: asyncio.Event) -> None:
    """Run jobs and loops until `stop` is set, then drain.

    `deps` holds the Database, as the worker logs in, and the WorkerOptions, beside what the handlers need.
    Raises what makes going on pointless; a database that is away is not such a thing.
    """
    database = deps[Database]
    role = f"{database.role_prefix}_system"
    log.info("worker.started", concurrency=deps[WorkerOptions].concurrency)
    async with asyncio.TaskGroup() as group:
        group.create_task(
            run_worker(deps, database.url, role=role, options=deps[WorkerOptions], stop=stop), name="jobs"
        )
        group.create_task(run_loops(deps, stop=stop), name="loops")
    log.info("worker.drained")
