"""A worker: fetches jobs, runs them, survives its database, drains when it is told to stop."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector
from psycopg import sql
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import URL

from pesan.db.connections import conninfo_of
from pesan.jobs.handlers import make_runner
from pesan.jobs.lease import LeasedJobManager, is_outage
from pesan.jobs.registry import TaskSpec, list_tasks
from pesan.jobs.retry import Backoff
from pesan.kit.registry import Registry
from pesan.logging import get_logger

log = get_logger(__name__)

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]

RESTART_PAUSE_SECONDS = 1.0
# This many failures in a row that are not the database's absence are a mistake of ours: better to say so and exit.
MAX_FAILURES = 5
HEALTHY_AFTER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker works; times in seconds.

    `lease` must exceed `drain` and a few heartbeats: while it drains, a worker renews nothing.
    """

    concurrency: int = 10
    poll: float = 0.3
    drain: float = 25.0
    heartbeat: float = 5.0
    lease: float = 40.0
    queues: tuple[str, ...] | None = None


def build_app(deps: Registry) -> App:
    """Procrastinate's application with every registered task; opened on a pool of `open_pool`."""
    _quieten()
    connector = PsycopgConnector()
    app = App(connector=connector)
    manager = LeasedJobManager(connector)
    app.job_manager = manager
    for spec in list_tasks():
        _register(app, spec, deps, manager)
    return app


def open_pool(url: URL, *, role: str, size: int) -> Pool:
    """A worker's own connections, as `role`; a context manager.

    Each of the queue's statements is a transaction by itself, and a connection that broke shows when it is used:
    every round trip saved here is a quarter of what a job costs.
    """
    return AsyncConnectionPool(
        conninfo_of(url),
        open=False,
        min_size=1,
        max_size=size,
        timeout=5.0,
        reconnect_timeout=5.0,
        configure=lambda connection: _become(connection, role),
        kwargs={"autocommit": True, "connect_timeout": 5, "keepalives_idle": 10, "tcp_user_timeout": 8_000},
    )


async def run_worker(
    deps: Registry, url: URL, *, role: str, options: WorkerOptions, stop: asyncio.Event
) -> None:
    """Work until `stop` is set, then drain: running jobs get `options.drain`, the rest go back to the queue.

    A database that goes away is waited for. Raises what keeps failing for any other reason.
    """
    failures = 0
    while not stop.is_set():
        started = time.monotonic()
        try:
            async with open_pool(url, role=role, size=options.concurrency + 3) as pool:
                await _serve(build_app(deps), pool, options, stop)
        except Exception as error:  # the loop's purpose is to outlive whatever stops a worker
            healthy = time.monotonic() - started > HEALTHY_AFTER_SECONDS
            failures = 0 if healthy or is_outage(error) else failures + 1
            log.warning(
                "worker.restarting", error=type(error).__name__, failures=failures, exc_info=failures > 0
            )
            if failures >= MAX_FAILURES:
                raise
        await _pause(stop, RESTART_PAUSE_SECONDS)


async def _serve(app: App, pool: Pool, options: WorkerOptions, stop: asyncio.Event) -> None:
    async with app.open_async(pool):
        await _until(stop, _work(app, options))


def _work(app: App, options: WorkerOptions) -> Coroutine[Any, Any, None]:
    return app.run_worker_async(
        queues=list(options.queues) if options.queues else None,  # type: ignore[arg-type]  # None means every queue
        concurrency=options.concurrency,
        fetch_job_polling_interval=options.poll,
        abort_job_polling_interval=3600.0,
        listen_notify=False,
        install_signal_handlers=False,
        shutdown_graceful_timeout=options.drain,
        update_heartbeat_interval=options.heartbeat,
        stalled_worker_timeout=options.lease,
        delete_jobs="never",
    )


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until it ends or `stop` is set; cancelling Procrastinate's worker makes it drain."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _become(connection: psycopg.AsyncConnection[Any], role: str) -> None:
    await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


def _register(app: App, spec: TaskSpec, deps: Registry, manager: LeasedJobManager) -> None:
    backoff = Backoff(spec.attempts)
    is_periodic = isinstance(spec.every, str)
    task = app.task(
        name=spec.name,
        queue=spec.queue,
        priority=spec.priority,
        # A periodic job that is still waiting covers the next one too.
        queueing_lock=spec.name if is_periodic else None,
        # Of any other job `enqueue` knows the arguments that its lock is made of.
        lock=spec.lock if is_periodic else None,
        retry=backoff,
        pass_context=True,
    )(make_runner(spec, deps, manager, backoff))
    if isinstance(spec.every, str):
        app.periodic(cron=spec.every)(task)


def _quieten() -> None:
    """Procrastinate logs every job with its arguments; we log one line of our own."""
    logger = logging.getLogger("procrastinate")
    logger.setLevel(logging.WARNING)
    worker = logging.getLogger("procrastinate.worker")
    if not any(isinstance(known, _JobErrors) for known in worker.filters):
        worker.addFilter(_JobErrors())


class _JobErrors(logging.Filter):
    """Drops Procrastinate's own report of a failed job."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "action", None) != "job_error"
