"""A worker process for the tests that kill it: `python -m tests.jobs.process URL ROLE`."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

from sqlalchemy import make_url, text

from pesan.db import Actor, Database
from pesan.jobs import service, task
from pesan.jobs.loops import run_loops
from pesan.jobs.runner import run_worker
from pesan.kit.registry import Registry
from tests.jobs.support import BRISK, make_deps


@task("sample.note", attempts=3)
async def note(deps: Registry, name: str) -> None:
    """Leave a row that says which process ran."""
    async with deps[Database].write(Actor.system("test")) as session:
        await session.execute(
            text("INSERT INTO sample_runs (name, pid) VALUES (:name, :pid)"),
            {"name": name, "pid": os.getpid()},
        )


@task("sample.note_slowly", attempts=20)
async def note_slowly(deps: Registry, name: str, tenths: int) -> None:
    """Say that it began, take a while, say that it ended."""
    await note(deps, f"{name}:began")
    await asyncio.sleep(tenths / 10)
    await note(deps, f"{name}:ended")


@task("jobs.rescue_stalled", every=timedelta(seconds=0.2))
async def rescue(deps: Registry) -> None:
    """The rescuer, with the short lease of the tests."""
    async with deps[Database].write(Actor.system("test")) as session:
        await service.rescue_stalled(session, lease_seconds=BRISK.lease)


async def main(url: str, role: str) -> None:
    """Work until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = Database(url, role_prefix=role.removesuffix("_system"))
    deps = make_deps(database)
    async with asyncio.TaskGroup() as group:
        group.create_task(run_worker(deps, make_url(url), role=role, options=BRISK, stop=stop))
        group.create_task(run_loops(deps, stop=stop))
    await database.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
