"""What happens at outlets, told to hundreds of open sockets: how soon, whether once, and what a socket costs."""

import asyncio
import random
import signal
import time
from array import array
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil
from rich.table import Table

from benchmarks.ears import Ear, Wire, upgrade
from benchmarks.instance import Bench
from pesan.booths.feed import FeedEvent, tell_many
from pesan.booths.kinds import FeedKind
from pesan.booths.topics import topic_of
from pesan.catalog.models import Event
from pesan.kit.ids import new_id
from pesan.realtime import Hub
from tests.support.service import Service

SOCKETS = 500
PROCESSES = 2
PER_SECOND = 20
ECHOES_PER_SECOND = 4
SECONDS = 20.0
OPENED_AT_ONCE = 25
# After the last change: whoever was cut off comes back, and a lost hint is made up for.
PATIENCE_SECONDS = 30.0
ROOM = {"PESAN_MAX_STREAMS": str(2 * SOCKETS), "PESAN_MAX_STREAMS_PER_PEER": str(2 * SOCKETS)}


@dataclass
class Heard:
    """What all sockets of one run heard, in seconds; `away` is how long those that were cut off were gone."""

    live: "array[float]" = field(default_factory=lambda: array("d"))
    lost: int = 0
    twice: int = 0
    away: list[float] = field(default_factory=list)
    kilobytes: float = 0.0
    seconds: float = 0.0

    def percentile(self, fraction: float) -> float:
        """Milliseconds that `fraction` of what was told live stayed under."""
        ordered = sorted(self.live)
        return 1_000 * ordered[min(len(ordered) - 1, int(len(ordered) * fraction))] if ordered else 0.0


async def measure_sockets(bench: Bench) -> Table:
    """Sockets at one outlet and at fifty, with a process that is killed, beside sockets that are answered alone."""
    seconds = bench.seconds or SECONDS
    found = {
        f"{SOCKETS} at one outlet": await _follow(bench, outlets=1, seconds=seconds),
        f"{SOCKETS} at 50 outlets": await _follow(bench, outlets=50, seconds=seconds),
        "one outlet, a process killed midway": await _follow(
            bench, outlets=1, seconds=seconds, is_killed=True
        ),
        f"echo: each its own, {ECHOES_PER_SECOND} times a second": await _echo(bench, seconds=seconds),
    }
    return _table(found, seconds)


async def _follow(bench: Bench, *, outlets: int, seconds: float, is_killed: bool = False) -> Heard:
    merchant = await bench.make.merchant()
    events = [await bench.make.event(merchant, fulfilment="booths") for _ in range(outlets)]
    cookies = await bench.make.session_of(await bench.make.user(merchant))
    async with bench.server(workers=PROCESSES, **ROOM) as service:
        before = _memory(service)
        headers = _headers(cookies)
        ears = [
            Ear(service.port, f"/ws?outlet={events[number % outlets].id}", headers)
            for number in range(SOCKETS)
        ]
        async with _listening(ears), _hub(bench) as hub:
            kilobytes = (_memory(service) - before) / SOCKETS / 1_024
            killing = asyncio.create_task(_kill_one(service, seconds / 2)) if is_killed else None
            told = await _write(bench, hub, events, seconds)
            if killing is not None:
                await killing
            await _wait_for(ears, [told[number % outlets] for number in range(SOCKETS)])
    heard = Heard(kilobytes=kilobytes, seconds=seconds)
    for number, ear in enumerate(ears):
        _count(heard, ear, told[number % outlets])
    return heard


@asynccontextmanager
async def _listening(ears: Sequence[Ear]) -> AsyncIterator[None]:
    """All of them connected, a few at a time."""
    tasks: list[asyncio.Task[None]] = []
    try:
        for start in range(0, len(ears), OPENED_AT_ONCE):
            some = ears[start : start + OPENED_AT_ONCE]
            tasks += [asyncio.create_task(ear.listen()) for ear in some]
            await asyncio.gather(*(ear.is_ready.wait() for ear in some))
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _hub(bench: Bench) -> AsyncIterator[Hub]:
    """What hints from here, connected; until all was heard, because its end would lose the last hint."""
    async with Hub(bench.database.url) as hub:
        while not hub.is_connected:
            await asyncio.sleep(0.05)
        yield hub


async def _write(bench: Bench, hub: Hub, events: Sequence[Event], seconds: float) -> list[int]:
    """Let things happen at their own pace, at each outlet in turn; how many happened at each."""
    told = [0] * len(events)
    begin = time.perf_counter()
    for number in range(int(seconds * PER_SECOND)):
        await asyncio.sleep(max(0.0, begin + number / PER_SECOND - time.perf_counter()))
        place = number % len(events)
        await _happen(bench, hub, events[place])
        told[place] += 1
    return told


async def _happen(bench: Bench, hub: Hub, event: Event) -> None:
    """One change of a session; its time is taken before its transaction begins."""
    payload = {
        "sessionId": str(new_id()),
        "boothId": str(new_id()),
        "state": "ARRIVED",
        "customer": "S***i",
        "sentAt": time.perf_counter(),
    }
    happened = FeedEvent(
        event.id, event.merchant_id, FeedKind.SESSION_CHANGED, payload, session_id=new_id(), booth_id=new_id()
    )
    async with bench.database.sale() as session:
        await tell_many(session, [happened])
    hub.hint(topic_of(event.id))


async def _kill_one(service: Service, after: float) -> None:
    await asyncio.sleep(after)
    random.choice(_web_processes(service)).send_signal(signal.SIGKILL)


async def _wait_for(ears: Sequence[Ear], told: Sequence[int]) -> None:
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < deadline and any(
        not ear.heard or ear.heard[-1] < last for ear, last in zip(ears, told, strict=True)
    ):
        await asyncio.sleep(0.1)


def _count(heard: Heard, ear: Ear, told: int) -> None:
    known = set(ear.heard)
    heard.lost += told - len(known)
    heard.twice += len(ear.heard) - len(known)
    heard.live.extend(ear.live)
    heard.away += ear.away


async def _echo(bench: Bench, *, seconds: float) -> Heard:
    """The yardstick: sockets with nothing behind them, all of them answered at the same moment, each what it said.

    Four times a second, because to read a message costs as much as to tell one.
    """
    heard = Heard(seconds=seconds)

    def hear(text: bytes) -> None:
        heard.live.append(time.perf_counter() - float(text))

    async with bench.server(workers=PROCESSES, **ROOM) as service:
        before = _memory(service)
        wires = [await _open_echo(service.port, hear) for _ in range(SOCKETS)]
        await _burst(wires, heard)
        heard.kilobytes = (_memory(service) - before) / SOCKETS / 1_024
        heard.live = array("d")
        bursts, begin = int(seconds * ECHOES_PER_SECOND), time.perf_counter()
        for number in range(bursts):
            await asyncio.sleep(max(0.0, begin + number / ECHOES_PER_SECOND - time.perf_counter()))
            await _burst(wires, heard)
        for wire in wires:
            wire.close()
    heard.lost = bursts * SOCKETS - len(heard.live)
    return heard


async def _burst(wires: Sequence[Wire], heard: Heard) -> None:
    """Everybody says something, and hears it again."""
    wanted, deadline = len(heard.live) + len(wires), time.perf_counter() + PATIENCE_SECONDS
    for wire in wires:
        wire.send(b"%.6f" % time.perf_counter())
    while len(heard.live) < wanted and time.perf_counter() < deadline:
        await asyncio.sleep(0.005)


async def _open_echo(port: int, hear: Callable[[bytes], None]) -> Wire:
    request = upgrade("/api/bench/echo", port, {})
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(lambda: Wire(request, hear), "127.0.0.1", port)
    await wire.opened.wait()
    return wire


def _headers(cookies: Mapping[str, str]) -> dict[str, str]:
    return {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def _web_processes(service: Service) -> list[psutil.Process]:
    """Those that serve; the first one keeps them running."""
    _, *children = service.processes()
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


def _memory(service: Service) -> float:
    return float(sum(process.memory_full_info().uss for process in _web_processes(service)))


def _table(found: Mapping[str, Heard], seconds: float) -> Table:
    title = f"{SOCKETS} sockets over {PROCESSES} processes, {PER_SECOND} changes a second for {seconds:.0f} s"
    table = Table(title=title)
    for heading in (
        "",
        "told / s",
        "p50 ms",
        "p99 ms",
        "longest",
        "lost",
        "twice",
        "KB each",
        "back after s",
    ):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, heard in found.items():
        table.add_row(
            name,
            f"{len(heard.live) / heard.seconds:,.0f}",
            f"{heard.percentile(0.5):.1f}",
            f"{heard.percentile(0.99):.1f}",
            f"{heard.percentile(1):.0f}",
            str(heard.lost),
            str(heard.twice),
            f"{heard.kilobytes:.0f}",
            f"{max(heard.away):.1f}" if heard.away else "",
        )
    table.caption = (
        "From before a change's transaction until it was heard, by all who were connected; aim p99 < 200 ms."
    )
    return table
