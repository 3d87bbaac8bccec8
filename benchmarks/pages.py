"""How long the guest's pages take to render."""

from functools import partial

from rich.table import Table

from benchmarks.instance import Bench
from benchmarks.rounds import run_rounds
from pesan.checkout.links import event_path
from tests.support.loader import Client, Report, load
from tests.support.wire import Request

SECONDS = 3.0
ROUNDS = 3
CONNECTIONS = 16


async def measure_pages(bench: Bench) -> Table:
    """List, event, payment and status, alone and with 16 people at once."""
    merchant = await bench.make.merchant()
    events = [await bench.make.event(merchant, title=f"Pertunjukan {number}") for number in range(30)]
    order = await bench.make.order(events[0])
    paths = {
        "list": "/",
        "event": event_path(events[0].slug, events[0].short_id),
        "payment": f"/pay/{order.code}",
        "status": f"/b/{order.code}",
        "API list": "/api/items",
    }
    table = Table(
        "page", "alone, p50 ms", "p99 ms", f"{CONNECTIONS} at once, per second", "failed", title="Pages"
    )
    async with bench.server() as server:
        for label, path in paths.items():
            variants = {
                "one": partial(_visit, server.port, path, 1),
                "many": partial(_visit, server.port, path, CONNECTIONS),
            }
            rounds = await run_rounds(variants, rounds=ROUNDS, counted=[200])
            latencies = [rounds.latency("one", fraction).show(".1f") for fraction in (0.5, 0.99)]
            failed = str(rounds.failures("one") + rounds.failures("many"))
            table.add_row(label, *latencies, rounds.rate("many").show(",.0f"), failed)
    return table


def visitor(path: str) -> Client:
    """Asks for one page again and again."""
    while True:
        yield Request("GET", path, headers={"accept": "text/html, application/json"}).encode()


async def _visit(port: int, path: str, many: int) -> Report:
    return await load(port, [visitor(path) for _ in range(many)], seconds=SECONDS, settle=0.5)
