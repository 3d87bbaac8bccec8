"""From a reviewer's approval to the ticket, and how many jobs a worker does."""

import asyncio
import time
from uuid import UUID

from rich.table import Table
from sqlalchemy import text

from benchmarks.instance import VARIABLES, Bench
from benchmarks.rounds import Spread
from pesan.catalog.models import Event
from pesan.db.schema import login_url
from pesan.jobs import enqueue_many, task
from pesan.jobs.runner import WorkerOptions, run_worker
from pesan.kit.registry import Registry
from pesan.orders import Move, OrderEvent, OrderState
from pesan.orders.gate import transition_many
from tests.support.factories import SYSTEM
from tests.support.loader import Report
from tests.support.service import Service, free_port

SINGLE = 40
BURST = 100
JOBS = 3_000
ROUNDS = 3
NOTHING_TASK = "bench.nothing"


async def measure_tickets(bench: Bench) -> Table:
    """Approve-to-ticket latency with one worker: one approval at a time, then a hundred at once."""
    event = await bench.make.event(capacity=10_000)
    service = Service(bench.settings.home, VARIABLES, free_port())
    await service.start()
    try:
        single = [seconds for _ in range(SINGLE) for seconds in await _approve(bench, event, 1)]
        burst = await _approve(bench, event, BURST)
    finally:
        await service.stop()
    table = Table("approval to ticket", "p50 s", "p99 s", title="Fulfilment, one worker")
    for label, latencies in (("one at a time", single), (f"{BURST} at once", burst)):
        report = Report(latencies=latencies)
        table.add_row(label, f"{report.percentile(0.5):.2f}", f"{report.percentile(0.99):.2f}")
    return table


async def measure_jobs(bench: Bench) -> Table:
    """Jobs per second that do nothing but the queue's own work."""
    rates = [await _drain(bench) for _ in range(ROUNDS)]
    table = Table("jobs per second", "", title=f"{JOBS} empty jobs, one worker process")
    table.add_row("done", Spread.of(rates).show(",.0f"))
    return table


@task(NOTHING_TASK)
async def nothing(deps: Registry) -> None:
    """Do nothing."""


async def _approve(bench: Bench, event: Event, count: int) -> list[float]:
    """Approve orders together; how long each took to its ticket, by the database's clock."""
    orders = [await bench.make.order(event, state=OrderState.REVIEW) for _ in range(count)]
    ids = [order.id for order in orders]
    async with bench.database.sale() as session:
        await transition_many(
            session, [Move(OrderEvent.APPROVE, event.id, SYSTEM, order_id) for order_id in ids]
        )
        approved_at = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    await _until(
        bench,
        "SELECT count(*) FROM orders WHERE id = ANY (:ids) AND ended_at IS NOT NULL",
        count,
        {"ids": ids},
    )
    async with bench.database.read(SYSTEM) as session:
        ended = await session.execute(text("SELECT ended_at FROM orders WHERE id = ANY (:ids)"), {"ids": ids})
        return [(row.ended_at - approved_at).total_seconds() for row in ended]


async def _drain(bench: Bench) -> float:
    async with bench.database.write(SYSTEM) as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
        await enqueue_many(session, [(NOTHING_TASK, {}) for _ in range(JOBS)])
    stop = asyncio.Event()
    settings = bench.settings
    prefix = settings.database_role_prefix
    url = login_url(bench.instance.owner_url, "worker", secret=settings.secret, prefix=prefix)
    started = time.perf_counter()
    working = asyncio.create_task(
        run_worker(Registry(), url, role=f"{prefix}_system", options=WorkerOptions(), stop=stop)
    )
    done = (
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'bench.nothing' AND status = 'succeeded'"
    )
    await _until(bench, done, JOBS)
    elapsed = time.perf_counter() - started
    stop.set()
    await working
    return JOBS / elapsed


async def _until(bench: Bench, query: str, wanted: int, values: dict[str, list[UUID]] | None = None) -> None:
    async with asyncio.timeout(120):
        while await _count(bench, query, values or {}) < wanted:
            await asyncio.sleep(0.02)


async def _count(bench: Bench, query: str, values: dict[str, list[UUID]]) -> int:
    async with bench.database.read(SYSTEM) as session:
        return int((await session.execute(text(query), values)).scalar_one())
