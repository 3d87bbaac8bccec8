"""Holds per second on one hot event, beside what a hold is compared with."""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from uuid import UUID

from rich.table import Table

from benchmarks.instance import Bench
from benchmarks.rounds import Rounds, Spread, run_rounds
from benchmarks.seeding import seed_orders
from pesan.catalog.models import Event
from tests.support.loader import Client, Report, load
from tests.support.wire import Request

CONNECTIONS = 128
MOVERS = 48
ORDERS_PER_MOVER = 400
# Four moves a second each: a review desk and a guest list busier than any that people work.
PAUSE = 0.25
ORDERS_PER_CALM_MOVER = 60
SECONDS = 5.0
SETTLE = 1.0
ROUNDS = 5
OK = (200, 201)


async def measure_holds(bench: Bench) -> Table:
    """Holds against a request that does nothing, and against one row-locking transaction for each hold."""
    event = await bench.make.event(capacity=10_000_000)
    async with bench.server() as grouped, bench.server(PESAN_BENCH_DESK="plain") as plain:
        variants = {
            "hold": partial(_hit, grouped.port, buyer, event),
            "nothing": partial(_hit, grouped.port, idler, event),
            "plain": partial(_hit, plain.port, buyer, event),
        }
        rounds = await run_rounds(variants, rounds=ROUNDS, counted=OK)
    return _holds_table(rounds)


async def measure_holds_beside_moves(bench: Bench) -> Table:
    """Holds while 48 others move orders of the same event, as fast as people do and as fast as they can."""
    event = await bench.make.event(capacity=10_000_000)
    supply = iter(
        await seed_orders(bench, event, count=ROUNDS * MOVERS * (ORDERS_PER_MOVER + ORDERS_PER_CALM_MOVER))
    )
    moves: dict[str, list[Report]] = {"beside": [], "restless": []}

    async def beside(name: str, port: int, pause: float) -> Report:
        count = ORDERS_PER_CALM_MOVER if pause else ORDERS_PER_MOVER
        movers = [mover(event, _take(supply, count), pause) for _ in range(MOVERS)]
        holds, moved = await asyncio.gather(_hit(port, buyer, event), _run(port, movers))
        moves[name].append(moved)
        return holds

    async with bench.server() as server:
        variants = {
            "alone": partial(_hit, server.port, buyer, event),
            "beside": partial(beside, "beside", server.port, PAUSE),
            "restless": partial(beside, "restless", server.port, 0.0),
        }
        rounds = await run_rounds(variants, rounds=ROUNDS, counted=OK)
    return _moves_table(rounds, moves)


def buyer(event: Event) -> Client:
    """Holds place after place."""
    while True:
        yield Request("POST", "/api/bookings/hold", _wish(event), _someone()).encode()


def idler(event: Event) -> Client:
    """Sends the same body to the route that does nothing."""
    while True:
        yield Request("POST", "/api/bench/nothing", _wish(event), _someone()).encode()


def mover(event: Event, orders: Sequence[UUID], pause: float) -> Client:
    """Sends in the proof of one order, approves it, and lets the hold of the next run out; `pause` before each."""
    for order_id, over_id in zip(orders[::2], orders[1::2], strict=True):
        for step, target in (("submit_proof", order_id), ("approve", order_id), ("expire", over_id)):
            if pause:
                yield random.uniform(0, 2 * pause)
            body = {"order_id": str(target), "event_id": str(event.id), "event": step}
            yield Request("POST", "/api/bench/move", body, _someone()).encode()


def _wish(event: Event) -> dict[str, object]:
    return {"eventId": str(event.id), "name": "Budi Santoso", "qty": 1}


def _someone() -> dict[str, str]:
    """Headers of a buyer with an address of their own."""
    return {
        "x-forwarded-for": f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"
    }


def _take(supply: Iterator[UUID], count: int) -> list[UUID]:
    return [next(supply) for _ in range(count)]


async def _hit(port: int, kind: Callable[[Event], Client], event: Event) -> Report:
    return await _run(port, [kind(event) for _ in range(CONNECTIONS)])


async def _run(port: int, clients: Sequence[Client]) -> Report:
    return await load(port, clients, seconds=SECONDS, settle=SETTLE)


def _holds_table(rounds: Rounds) -> Table:
    table = Table(
        title=f"Holds on one hot event, {CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS:.0f} s"
    )
    for heading in ("", "per second", "p50 ms", "p99 ms", "failed"):
        table.add_column(heading, justify="left" if not heading else "right")
    names = {"hold": "hold", "nothing": "POST that does nothing", "plain": "hold, one transaction each"}
    for name, label in names.items():
        _add_rate(table, label, rounds, name)
    table.add_section()
    table.add_row("(a) hold / nothing, aim ≥ 0.5", rounds.ratio("hold", "nothing").show())
    table.add_row("(b) hold / one transaction each, aim ≥ 5", rounds.ratio("hold", "plain").show())
    return table


def _moves_table(rounds: Rounds, moves: Mapping[str, Sequence[Report]]) -> Table:
    table = Table(title=f"Holds while {MOVERS} others move orders of the same event")
    for heading in ("", "per second", "p50 ms", "p99 ms", "failed"):
        table.add_column(heading, justify="left" if not heading else "right")
    names = {
        "alone": "holds alone",
        "beside": "holds beside moves",
        "restless": "holds beside moves without pause",
    }
    for name, label in names.items():
        _add_rate(table, label, rounds, name)
        if name in moves:
            done = Spread.of([report.rate(*OK) for report in moves[name]])
            table.add_row("moves meanwhile", done.show(",.0f"))
    table.add_section()
    table.add_row(
        f"(c) beside {MOVERS} who move {1 / PAUSE:.0f} orders a second each, aim ≥ 0.8",
        rounds.ratio("beside", "alone").show(),
    )
    table.add_row(f"(c) beside {MOVERS} who never pause", rounds.ratio("restless", "alone").show())
    return table


def _add_rate(table: Table, label: str, rounds: Rounds, name: str) -> None:
    p50, p99 = rounds.latency(name, 0.5), rounds.latency(name, 0.99)
    table.add_row(
        label, rounds.rate(name).show(",.0f"), p50.show(".1f"), p99.show(".1f"), str(rounds.failures(name))
    )
