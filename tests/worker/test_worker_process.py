"""The worker as it really runs: a process that is started, starved, killed and told to go."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import text

from pesan.app.instance import open_instance
from pesan.db import Actor, Database
from pesan.errors import Busy
from pesan.jobs import enqueue
from pesan.settings import Settings
from tests.support.factories import Make
from tests.support.postgres import Server

SYSTEM = Actor.system("test")
HARMLESS = "web.purge_rate_counters"
# Its own schedule may have added another one.
HARMLESS_DONE = (
    f"SELECT bool_and(status = 'succeeded') FROM procrastinate_jobs WHERE task_name = '{HARMLESS}'"
)


@contextmanager
def worker(settings: Settings, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m pesan.worker` on the instance of `settings`."""
    ours = {
        "PESAN_HOME": str(settings.home),
        "PESAN_SECRET_KEY": settings.secret_key.get_secret_value(),
        "PESAN_DATABASE_URL": settings.database_url,
        "PESAN_DATABASE_ROLE_PREFIX": settings.database_role_prefix,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "pesan.worker"], env={**os.environ, **ours, **environment}
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def test_worker_runs_jobs_and_loops_until_told_to_go(
    database: Database, settings: Settings, make: Make
) -> None:
    await make.merchant()
    async with database.write(SYSTEM) as session:
        await enqueue(session, HARMLESS)

    with worker(settings) as process:
        await _until(database, HARMLESS_DONE)
        await _until(database, "SELECT count(*) >= 1 FROM audit_blocks")
        process.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(process.wait, 60)

    assert status == 0
    assert await _ask(database, "SELECT count(*) FROM procrastinate_workers") == 0


async def test_worker_after_a_killed_one_takes_over(database: Database, settings: Settings) -> None:
    with worker(settings):
        await _until(database, "SELECT count(*) = 1 FROM procrastinate_workers")
    async with database.write(SYSTEM) as session:
        await enqueue(session, HARMLESS)
        # The killed one may have had a job of this name too, as every minute has, which is given up on later.
        latest = await session.scalar(text("SELECT max(id) FROM procrastinate_jobs"))

    with worker(settings):
        await _until(database, f"SELECT status = 'succeeded' FROM procrastinate_jobs WHERE id = {latest}")


async def test_worker_without_its_tables_ends_with_a_failure(settings: Settings, postgres: Server) -> None:
    url = postgres.create("pesan_worker_without_tables")
    try:
        empty = settings.model_copy(update={"database_url": url.render_as_string(hide_password=False)})
        with worker(empty) as process:
            status = await asyncio.to_thread(process.wait, 60)
    finally:
        postgres.drop("pesan_worker_without_tables")

    assert status == 1


async def test_worker_outlives_a_killed_database(settings: Settings, tmp_path: Path) -> None:
    embedded = settings.model_copy(update={"database_url": "", "home": tmp_path / "own"})
    with open_instance(embedded) as instance:
        instance.migrate()
        database = instance.open_database("worker")
        with worker(embedded) as process:
            await _until(database, "SELECT count(*) = 1 FROM procrastinate_workers")
            before = await _ask(database, "SELECT pg_postmaster_start_time()::text")
            _kill_postmaster(str(instance.owner_url.set(drivername="postgresql").render_as_string(False)))

            # The server that was killed may answer once more: its children find out a moment later.
            await _until(database, f"SELECT pg_postmaster_start_time()::text <> '{before}'")
            async with database.write(SYSTEM) as session:
                await enqueue(session, HARMLESS)
            await _until(database, HARMLESS_DONE)
            assert process.poll() is None
        await database.dispose()


def _kill_postmaster(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        folder = connection.execute("SHOW data_directory").fetchone()
    assert folder is not None
    pid = int((Path(folder[0]) / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)


async def _ask(database: Database, query: str) -> object:
    async with database.read(SYSTEM) as session:
        return await session.scalar(text(query))


async def _until(database: Database, query: str, *, within: float = 90.0) -> None:
    async with asyncio.timeout(within):
        while not await _answers(database, query):
            await asyncio.sleep(0.1)


async def _answers(database: Database, query: str) -> bool:
    try:
        return bool(await _ask(database, query))
    except Busy:
        return False
