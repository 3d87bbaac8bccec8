"""A thousand WhatsApp messages at a steady rate, with duplicates, batches and no order, while workers are killed.

How soon they are answered, how soon handled, and whether anything was lost, done twice, or sent faster than allowed.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from rich.table import Table
from sqlalchemy import text

from benchmarks.instance import VARIABLES, Bench
from benchmarks.rounds import Measure, Rounds, Spread, run_rounds
from benchmarks.webhooks import EMPTY, NOTHING, send_steadily
from tests.support.factories import SYSTEM
from tests.support.loader import Report
from tests.support.trips import make_journey
from tests.support.whatsapp import WEBHOOK_PATH, FakeWhatsApp, running_whatsapp

TALKING, JOINING = 960, 40
SECONDS = 10.0
BATCH = 3
TWICE = 0.2
KILLS = 2
ROUNDS = 3
WITHIN_SECONDS = 240.0
_NOW = text("SELECT clock_timestamp()")
_CAME = text(
    "SELECT coalesce(outcome, 'open') AS came, count(*) AS count FROM chat_updates"
    " WHERE kind = 'message' AND received_at > :since GROUP BY 1"
)
_WAITS = text(
    "SELECT extract(epoch FROM handled_at - received_at) AS seconds FROM chat_updates"
    " WHERE kind = 'message' AND received_at > :since"
)
_LEFT = text("SELECT count(*) FROM chat_messages WHERE state IN ('queued', 'sending')")


@dataclass
class _Seen:
    """What came of the messages of each round, and how many seconds each of them waited to be handled."""

    came: list[Counter[str]] = field(default_factory=list)
    waits: list[Report] = field(default_factory=list)


async def measure_chats(bench: Bench) -> Table:
    """Messages of many people, told by a fake WhatsApp that also takes the answers and measures them.

    Against a POST that does nothing, sent in the same way.
    """
    seen = _Seen()
    async with running_whatsapp() as whatsapp, _server(bench, whatsapp) as (port, url):
        whatsapp.deliver_to(f"{url}{WEBHOOK_PATH}")

        async def messages() -> Report:
            return await _round(bench, whatsapp, seen)

        nothing = partial(send_steadily, port, NOTHING, [EMPTY] * TALKING)
        variants: dict[str, Measure] = {"message": messages, "nothing": nothing}
        rounds = await run_rounds(variants, rounds=ROUNDS, counted=[200])
        return _table(rounds, seen, await whatsapp.measures())


@asynccontextmanager
async def _server(bench: Bench, whatsapp: FakeWhatsApp) -> AsyncIterator[tuple[int, str]]:
    variables: Mapping[str, Any] = whatsapp.environment
    async with bench.server(**variables) as server:
        yield server.port, server.url


async def _round(bench: Bench, whatsapp: FakeWhatsApp, seen: _Seen) -> Report:
    """A trip that nobody takes part in yet, a thousand messages, and a wait until all of it came to an end."""
    slug = f"jpn{len(seen.came)}"
    await make_journey(bench.make, bench.database, bench.settings, slug=slug)
    async with bench.database.read(SYSTEM) as session:
        since: datetime = (await session.execute(_NOW)).scalar_one()
    load = {"duplicates": TWICE, "reorder": True}
    async with _workers(bench, whatsapp):
        bursts = await asyncio.gather(
            whatsapp.burst(count=TALKING, per_second=TALKING / SECONDS, batch=BATCH, customers=200, **load),
            whatsapp.burst(
                count=JOINING,
                per_second=JOINING / SECONDS,
                customers=JOINING,
                text=f"JOIN {slug} | Nama: Siti",
                **load,
            ),
        )
        await _settle(bench, seen, since)
    posts = [post for burst in bursts for post in burst["posts"]]
    return Report(
        seconds=SECONDS,
        statuses=Counter(int(post["status"]) for post in posts),
        latencies=[post["milliseconds"] / 1_000 for post in posts],
    )


@asynccontextmanager
async def _workers(bench: Bench, whatsapp: FakeWhatsApp) -> AsyncIterator[None]:
    """A worker that is killed twice while messages come, and followed by another each time."""
    variables = {"PESAN_HOME": str(bench.settings.home), **whatsapp.environment}
    environment = {**os.environ, **VARIABLES, **variables}
    alive: list[asyncio.subprocess.Process] = []

    async def start() -> None:
        silent = asyncio.subprocess.DEVNULL
        command = (sys.executable, "-m", "pesan.worker")
        alive.append(
            await asyncio.create_subprocess_exec(*command, env=environment, stdout=silent, stderr=silent)
        )

    async def kill_some() -> None:
        for _ in range(KILLS):
            await asyncio.sleep(SECONDS / (KILLS + 1))
            alive[-1].send_signal(signal.SIGKILL)
            await start()

    await start()
    killing = asyncio.create_task(kill_some())
    try:
        yield
    finally:
        killing.cancel()
        for process in alive:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _settle(bench: Bench, seen: _Seen, since: datetime) -> None:
    """Wait until every message is handled and every answer left; note what came of them."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            async with bench.database.read(SYSTEM) as session:
                rows = (await session.execute(_CAME, {"since": since})).all()
                left = (await session.execute(_LEFT)).scalar_one()
                waits = (await session.scalars(_WAITS, {"since": since})).all()
            came = Counter({row.came: row.count for row in rows})
            if not came["open"] and not left:
                break
            await asyncio.sleep(0.5)
    seen.came.append(came)
    seen.waits.append(Report(latencies=[float(wait) for wait in waits]))


def _table(rounds: Rounds, seen: _Seen, measures: dict[str, Any]) -> Table:
    total, rate = TALKING + JOINING, (TALKING + JOINING) / SECONDS
    title = f"{total} messages, {rate:.0f} a second, {ROUNDS} rounds, the worker killed {KILLS} times in each"
    table = Table(title=title)
    for heading in ("", "p50", "p99", "failed"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, label in {
        "message": "answer to the webhook, ms",
        "nothing": "answer to a POST that does nothing, ms",
    }.items():
        middle, slow = (rounds.latency(name, part).show(".1f") for part in (0.5, 0.99))
        table.add_row(label, middle, slow, str(rounds.failures(name)))
    middle, slow = (
        Spread.of([report.percentile(part) for report in seen.waits]).show(".2f") for part in (0.5, 0.99)
    )
    table.add_row("message in to message handled, s", middle, slow, "")
    table.add_section()
    expected = Counter({"unknown": TALKING, "joined": JOINING})
    wrong = sum(((expected - came) + (came - expected)).total() for came in seen.came)
    answers = measures["opaque"]
    twice = sum(answers.values()) - len(answers)
    fastest = max(measures["greatest_per_second"].values())
    table.add_row("messages lost, or not handled once", str(wrong), "", "")
    table.add_row("answers taken, and of them twice", f"{len(answers)}, {twice}", "", "")
    table.add_row("most answers within any second", str(fastest), "", "")
    return table
