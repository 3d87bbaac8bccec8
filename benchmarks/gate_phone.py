"""What a gate's phone does with a large event: a real Chromium as fast as this machine, and one six times slower.

What is slowed down is the page's own thread. The camera's decoding, which has a thread of its own, is not measured: a
code comes as a hardware scanner types it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright
from rich.table import Table

from benchmarks.instance import Bench
from benchmarks.rounds import Spread
from benchmarks.seeding import seed_tickets
from pesan.gates.service.pairing import make_pairing
from pesan.tenancy.models import Merchant
from pesan.tickets.models import Ticket
from pesan.tickets.slices import Slices
from pesan.web.cookies import SESSION
from tests.gates.phones import Phone, strong_session
from tests.gates.steps import Venue, open_venue
from tests.journeys.browser import PHONE, launch
from tests.support.browser import find_chromium
from tests.support.factories import SYSTEM
from tests.support.service import Service

SIZES = (10_000, 50_000)
RATES = (1, 6)
ROUNDS = 3
SCANS = 20
SETTLE = 1.5
PER_ORDER = 10
MEGABYTE = 1_000_000
_SCRIPT = (Path(__file__).parent / "gate_phone.js").read_text()


@dataclass(frozen=True, slots=True)
class Made:
    """One bundle from the server: its bytes, the seconds it took, and what it cost the web process."""

    size: int
    seconds: float
    grown: float


@dataclass(frozen=True, slots=True)
class Visit:
    """What one phone did, from its pairing to its last scan without a network."""

    synced: float
    cold: float
    later: Sequence[float]
    refused: int
    heap_empty: float
    heap: float
    work: float


@dataclass
class Evening:
    """An event with a gate, who works there, and signed tickets that nobody used yet."""

    venue: Venue
    cookies: dict[str, str]
    bench: Bench
    supply: Iterator[Ticket]
    slices: Slices

    async def code(self) -> str:
        """A code that lets one phone join the gate."""
        venue, secret = self.venue, self.bench.settings.secret
        async with self.bench.database.write(venue.staff) as session:
            made = await make_pairing(
                session, secret, venue.gate.id, event_id=venue.event.id, actor=venue.staff
            )
        return made.code

    def codes(self, count: int) -> list[str]:
        """What the screens of that many guests show now."""
        now = datetime.now(UTC)
        return [self.slices.live_text(next(self.supply), now) for _ in range(count)]


@dataclass
class Figures:
    """Everything that was measured of an event of one size."""

    plain: list[Made] = field(default_factory=list)
    packed: list[Made] = field(default_factory=list)
    visits: dict[int, list[Visit]] = field(default_factory=lambda: {rate: [] for rate in RATES})

    def spread(self, rate: int, name: str) -> Spread:
        """A figure of the phones of one speed."""
        return Spread.of([getattr(visit, name) for visit in self.visits[rate]])

    def ratio(self, name: str) -> Spread:
        """How much longer the slow phone of each round took."""
        fast, slow = (self.visits[rate] for rate in RATES)
        return Spread.of(
            [getattr(two, name) / getattr(one, name) for one, two in zip(fast, slow, strict=True)]
        )

    def later(self, rate: int, percent: int) -> Spread:
        """The milliseconds that so many of every 100 scans stayed under, phone by phone."""
        return Spread.of([quantiles(visit.later, n=100)[percent - 1] for visit in self.visits[rate]])

    def refused(self) -> int:
        """Scans that did not let in somebody with a good ticket."""
        return sum(visit.refused for visits in self.visits.values() for visit in visits)


async def measure_phone(bench: Bench) -> Table:
    """The bundle of a large event: made, fetched, kept, and scanned by without a network after a cold start."""
    executable = find_chromium()
    if executable is None:
        return Table(title="A gate's phone: not measured, for want of Chromium (apt-get install chromium)")
    found = []
    async with async_playwright() as playwright, bench.server() as server:
        browser = await launch(playwright, executable)
        for size in SIZES:
            evening = await _open_evening(bench, size)
            found.append(await _measure(browser, server, evening))
        await browser.close()
    return _table(found)


async def _open_evening(bench: Bench, size: int) -> Evening:
    venue = await open_venue(bench.make, bench.database, bench.settings.secret, capacity=100_000)
    signed = [
        ticket
        for _ in range(-(-ROUNDS * len(RATES) * (SCANS + 1) // PER_ORDER))
        for ticket in await venue.sell(quantity=PER_ORDER)
    ]
    seed_tickets(bench, venue.event, count=size - len(signed))
    async with bench.database.read(SYSTEM) as session:
        merchant = await session.get_one(Merchant, venue.event.merchant_id)
    cookies = await strong_session(bench.make, bench.database, await bench.make.user(merchant))
    slices = Slices(bench.settings.secret, bench.settings.ticket_slice_seconds)
    return Evening(venue, cookies, bench, iter(signed), slices)


async def _measure(browser: Browser, server: Service, evening: Evening) -> Figures:
    figures = Figures()
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        phone = Phone(client)
        await phone.join(await evening.code(), evening.cookies)
        for _ in range(ROUNDS):
            figures.plain.append(await _make(server, phone, "identity"))
            figures.packed.append(await _make(server, phone, "gzip"))
    for number in range(ROUNDS):
        for rate in RATES if number % 2 == 0 else RATES[::-1]:
            figures.visits[rate].append(await _visit(browser, server, evening, rate))
    return figures


# ---- the server


async def _make(server: Service, phone: Phone, encoding: str) -> Made:
    before = _memory(server)
    started = time.perf_counter()
    asking = asyncio.create_task(phone.get("bundle", **{"accept-encoding": encoding}))
    most = before
    while not asking.done():
        await asyncio.wait([asking], timeout=0.01)
        most = max(most, _memory(server))
    answer = asking.result().raise_for_status()
    seconds = time.perf_counter() - started
    size = int(answer.headers["content-length"])
    return Made(size, seconds, (most - before) / MEGABYTE)


def _memory(server: Service) -> int:
    return sum(int(process.memory_info().rss) for process in server.processes())


# ---- the phone


@asynccontextmanager
async def _opened(
    context: BrowserContext, rate: int, script: str = ""
) -> AsyncIterator[tuple[Page, CDPSession]]:
    """A page of a browser that is so many times slower."""
    page = await context.new_page()
    await page.add_init_script(_SCRIPT + script)
    chrome = await context.new_cdp_session(page)
    await chrome.send("Performance.enable")
    await chrome.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    # A new window of Chromium loads parts of its own for a while, which a phone's does not.
    await asyncio.sleep(SETTLE)
    yield page, chrome
    await page.close()


async def _visit(browser: Browser, server: Service, evening: Evening, rate: int) -> Visit:
    """A phone of its own, with nothing on it."""
    context = await browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, locale="id-ID")
    await context.add_cookies([{"name": SESSION, "value": evening.cookies[SESSION], "url": server.url}])
    async with _opened(context, rate) as (page, chrome):
        await page.goto(f"{server.url}/gate?pair={await evening.code()}")
        empty = await _heap(chrome)
        await page.get_by_label("Nama perangkat").fill("HP Sari")
        await page.get_by_role("button", name="Pasangkan").click()
        synced = await page.evaluate("bench.synced()")
        await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    await context.set_offline(True)
    one, *others = evening.codes(SCANS + 1)
    # The scan is under way before anything from outside can ask for it.
    async with _opened(context, rate, f"globalThis.verdict = bench.first({one!r});") as (page, chrome):
        await page.goto(f"{server.url}/gate")
        cold = await page.evaluate("verdict")
        later = await page.evaluate("texts => bench.later(texts)", others)
        visit = Visit(
            synced=synced / 1000,
            cold=cold["since"] / 1000,
            later=[scan["took"] for scan in later],
            refused=sum(scan["result"] != "ok" for scan in (cold, *later)),
            heap_empty=empty,
            heap=await _heap(chrome),
            work=await page.evaluate("bench.work()"),
        )
    await context.close()
    return visit


async def _heap(chrome: CDPSession) -> float:
    """Megabytes of the page's objects that are in use."""
    await chrome.send("HeapProfiler.collectGarbage")
    metrics: dict[str, Any] = await chrome.send("Performance.getMetrics")
    values = {metric["name"]: metric["value"] for metric in metrics["metrics"]}
    return float(values["JSHeapUsedSize"]) / MEGABYTE


# ---- what is shown


def _table(found: Sequence[Figures]) -> Table:
    slowness = RATES[-1]
    table = Table(
        "",
        *(f"{size:,} tickets" for size in SIZES),
        title=f"A gate's phone, {ROUNDS} of each speed with {SCANS + 1} scans each; slow is {slowness} times slower",
    )
    for part in (_server_lines, _sync_lines, _scan_lines):
        for lines in zip(*map(part, found), strict=True):
            table.add_row(lines[0][0], *(shown for _, shown in lines))
        table.add_section()
    return table


def _server_lines(of: Figures) -> list[tuple[str, str]]:
    (first, *later), packed = [made.grown for made in (*of.plain, *of.packed)], of.packed
    return [
        ("bundle, MB, aim ≤ 1 for 10,000", f"{of.plain[0].size / MEGABYTE:.2f}"),
        ("in gzip, MB", f"{packed[0].size / MEGABYTE:.2f}"),
        ("made and sent, s", _seconds(of.plain).show()),
        ("made and sent in gzip, s", _seconds(packed).show()),
        ("web process grows by MB: first, later", f"{first:.1f}, {Spread.of(later).show('.1f')}"),
    ]


def _sync_lines(of: Figures) -> list[tuple[str, str]]:
    return [
        ("same work, slow / fast", of.ratio("work").show(".1f")),
        *_pair(of, "fetched and kept, s", "synced", "aim ≤ 5 for 10,000"),
        ("heap without the bundle, MB", of.spread(1, "heap_empty").show(".1f")),
        ("heap with it, MB", of.spread(1, "heap").show(".1f")),
    ]


def _scan_lines(of: Figures) -> list[tuple[str, str]]:
    lines = _pair(of, "opened to first verdict, s", "cold", "aim < 1.5")
    for rate, name in zip(RATES, ("fast", "slow, aim < 100"), strict=True):
        for percent in (50, 95):
            lines.append((f"later verdicts, p{percent} ms, {name}", of.later(rate, percent).show(".0f")))
    return [*lines, ("good tickets refused", str(of.refused()))]


def _pair(of: Figures, label: str, name: str, aim: str) -> list[tuple[str, str]]:
    fast, slow = (of.spread(rate, name).show() for rate in RATES)
    return [
        (f"{label}, fast", fast),
        (f"{label}, slow, {aim}", slow),
        ("  slow / fast", of.ratio(name).show(".1f")),
    ]


def _seconds(made: Sequence[Made]) -> Spread:
    return Spread.of([one.seconds for one in made])
