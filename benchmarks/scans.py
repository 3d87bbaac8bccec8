"""Scans per second at the gates of one event, beside what a scan is compared with, and 20 devices' evening."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle

from rich.table import Table

from benchmarks.instance import Bench
from benchmarks.rounds import Rounds, run_rounds
from pesan.gates.device_tokens import DeviceTokens
from pesan.gates.models import GateDevice
from pesan.gates.states import Reentry
from pesan.kit.ids import new_id
from pesan.tickets.models import Ticket
from pesan.web.devices import DeviceClaims
from tests.gates.steps import Venue, open_venue
from tests.support.loader import Client, Report, load
from tests.support.wire import Request

CONNECTIONS = 128
DEVICES = 20
PER_DEVICE = 5
TICKETS = 4_000
SOLD_AT_ONCE = 1_000
SECONDS = 4.0
STEADY_SECONDS = 8.0
SETTLE = 1.0
ROUNDS = 5
OK = (200,)


async def measure_scans(bench: Bench) -> Table:
    """Scans against a request that does nothing, and against one row-locking transaction for each scan.

    Each ticket goes in and out in turn, so that every scan is one that lets somebody through.
    """
    scene = await _prepare(bench)
    async with bench.server() as grouped, bench.server(PESAN_BENCH_DESK="plain") as plain:
        variants = {
            "scan": partial(_hit, grouped.port, scene.scanners),
            "nothing": partial(_hit, grouped.port, scene.idlers),
            "plain": partial(_hit, plain.port, scene.scanners),
            "steady": partial(_evening, grouped.port, scene),
        }
        rounds = await run_rounds(variants, rounds=ROUNDS, counted=OK)
    return _table(rounds)


class Scene:
    """An event with its devices, and tickets that are scanned in and out."""

    def __init__(
        self, devices: Sequence[GateDevice], tickets: Sequence[Ticket], tokens: DeviceTokens
    ) -> None:
        self._headers = [{"authorization": f"Bearer {_token(tokens, device)}"} for device in devices]
        self._devices = devices
        self._shares = [cycle(_ways(tickets[place::CONNECTIONS])) for place in range(CONNECTIONS)]

    def scanners(self) -> list[Client]:
        """One for each connection, as fast as answers come."""
        return [self.scanner(place) for place in range(CONNECTIONS)]

    def idlers(self) -> list[Client]:
        """The same requests to the route that does nothing."""
        return [self.scanner(place, path="/api/bench/nothing") for place in range(CONNECTIONS)]

    def scanner(self, place: int, path: str = "/v1/scan") -> Client:
        """The scans of one connection, each ticket in and later out; where it stopped, the next one goes on."""
        device, headers = self._devices[place % DEVICES], self._headers[place % DEVICES]
        for text, direction in self._shares[place]:
            yield Request("POST", path, _wish(device, text, direction), headers).encode()

    def steady(self, place: int, begin: float) -> Client:
        """A device at its own pace, whatever the last answer took."""
        at = begin + place / (DEVICES * PER_DEVICE)
        for wanted in self.scanner(place):
            yield max(0.0, at - time.perf_counter())
            yield wanted
            at += 1 / PER_DEVICE


async def _prepare(bench: Bench) -> Scene:
    secret = bench.settings.secret
    venue = await open_venue(bench.make, bench.database, secret, capacity=TICKETS, max_per_order=SOLD_AT_ONCE)
    await venue.rules(reentry=Reentry.AFTER_EXIT.value)
    devices = [await venue.device() for _ in range(DEVICES)]
    return Scene(devices, await _sell(venue), DeviceTokens(secret))


async def _sell(venue: Venue) -> list[Ticket]:
    tickets: list[Ticket] = []
    while len(tickets) < TICKETS:
        tickets += await venue.sell(quantity=SOLD_AT_ONCE)
    return tickets


def _ways(tickets: Sequence[Ticket]) -> list[tuple[str, str]]:
    return [(ticket.qr_text, direction) for direction in ("entry", "exit") for ticket in tickets]


def _wish(device: GateDevice, text: str, direction: str) -> Mapping[str, object]:
    return {"device_id": str(device.id), "qr": text, "nonce": str(new_id()), "direction": direction}


def _token(tokens: DeviceTokens, device: GateDevice) -> str:
    return tokens.make(DeviceClaims(device.id, device.event_id, device.gate_id, device.merchant_id)).text


async def _hit(port: int, clients: Callable[[], list[Client]]) -> Report:
    return await load(port, clients(), seconds=SECONDS, settle=SETTLE)


async def _evening(port: int, scene: Scene) -> Report:
    begin = time.perf_counter() + SETTLE
    clients: Iterator[Client] = (scene.steady(place, begin) for place in range(DEVICES))
    return await load(port, list(clients), seconds=STEADY_SECONDS, settle=SETTLE)


def _table(rounds: Rounds) -> Table:
    table = Table(title=f"Scans at one event, {CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS:.0f} s")
    for heading in ("", "per second", "p50 ms", "p95 ms", "failed"):
        table.add_column(heading, justify="left" if not heading else "right")
    names = {
        "scan": "scan",
        "nothing": "POST that does nothing",
        "plain": "scan, one transaction each",
        "steady": f"{DEVICES} devices, {PER_DEVICE} scans a second each",
    }
    for name, label in names.items():
        p50, p95 = rounds.latency(name, 0.5), rounds.latency(name, 0.95)
        rate = rounds.rate(name).show(",.0f")
        table.add_row(label, rate, p50.show(".1f"), p95.show(".1f"), str(rounds.failures(name)))
    table.add_section()
    table.add_row("scan / nothing, aim ≥ 0.4", rounds.ratio("scan", "nothing").show())
    table.add_row("scan / one transaction each", rounds.ratio("scan", "plain").show())
    return table
