"""Workers for these tests: in this process, and as processes that can be killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, text

from pesan.db import Actor, Database
from pesan.db.schema import login_url
from pesan.jobs.runner import WorkerOptions, run_worker
from pesan.kit.registry import Registry
from pesan.settings import Settings

SYSTEM = Actor.system("test")
# A worker that a busy machine holds up for a second must not look like a dead one.
BRISK = WorkerOptions(concurrency=4, poll=0.02, drain=2.0, heartbeat=0.2, lease=3.0)


@dataclass
class Ran:
    """What handlers of a test did."""

    calls: list[Any] = field(default_factory=list)
    running: int = 0
    most_running: int = 0


def worker_url(settings: Settings) -> URL:
    """The worker's log-in on the test's database."""
    prefix = settings.database_role_prefix
    return login_url(settings.database_url, "worker", secret=settings.secret, prefix=prefix)


def make_deps(database: Database, options: WorkerOptions = BRISK) -> Registry:
    """What the handlers get."""
    deps = Registry()
    deps.add(Database, database)
    deps.add(WorkerOptions, options)
    deps.add(Ran, Ran())
    return deps


@asynccontextmanager
async def working(deps: Registry, settings: Settings, options: WorkerOptions = BRISK) -> AsyncIterator[None]:
    """A worker at work inside this process until the block ends."""
    stop = asyncio.Event()
    role = f"{settings.database_role_prefix}_system"
    running = asyncio.create_task(
        run_worker(deps, worker_url(settings), role=role, options=options, stop=stop)
    )
    try:
        yield
    finally:
        stop.set()
        await running


@contextmanager
def worker_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own; see `process.py` for its tasks."""
    url = worker_url(settings).render_as_string(hide_password=False)
    role = f"{settings.database_role_prefix}_system"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.process", url, role], env={**os.environ, "PYTHONPATH": "."}
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


async def until(condition: Callable[[], Awaitable[bool]], *, within: float = 90.0) -> None:
    """Wait for `condition`, which a process that has yet to start may have to fulfil; raises TimeoutError."""
    async with asyncio.timeout(within):
        while not await condition():
            await asyncio.sleep(0.02)


async def statuses(database: Database) -> list[tuple[str, str, int]]:
    """Every job as (task, status, attempts), oldest first."""
    async with database.read(SYSTEM) as session:
        query = text("SELECT task_name, status::text, attempts FROM procrastinate_jobs ORDER BY id")
        return [(row[0], row[1], row[2]) for row in await session.execute(query)]


async def until_statuses(database: Database, *wanted: tuple[str, str, int]) -> None:
    """Wait until the jobs are exactly these, and show how they are when they do not get there."""
    seen: list[tuple[str, str, int]] = []

    async def reached() -> bool:
        seen[:] = await statuses(database)
        return seen == list(wanted)

    try:
        await until(reached)
    except TimeoutError:
        assert seen == list(wanted)
