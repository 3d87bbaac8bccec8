"""`python -m benchmarks [part …]`: runs the parts, prints their tables; never a pass or a fail."""

import argparse
import os
import platform
from collections.abc import Awaitable, Callable

import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from benchmarks.chats import measure_chats
from benchmarks.fulfilment import measure_jobs, measure_tickets
from benchmarks.gate_phone import measure_phone
from benchmarks.holds import measure_holds, measure_holds_beside_moves
from benchmarks.instance import Bench, open_bench
from benchmarks.pages import measure_pages
from benchmarks.scans import measure_scans
from benchmarks.sockets import measure_sockets
from benchmarks.webhooks import measure_webhooks
from pesan.logging import configure_logging
from tests.support.factories import SYSTEM

PARTS: dict[str, Callable[[Bench], Awaitable[Table]]] = {
    "holds": measure_holds,
    "moves": measure_holds_beside_moves,
    "tickets": measure_tickets,
    "pages": measure_pages,
    "jobs": measure_jobs,
    "webhooks": measure_webhooks,
    "chats": measure_chats,
    "scans": measure_scans,
    "phone": measure_phone,
    "sockets": measure_sockets,
}


async def run(names: list[str], seconds: float | None = None) -> None:
    """Run the named parts, each on an instance of its own, and print what they measured."""
    console = Console(width=120)
    for name in names:
        async with open_bench(seconds) as bench:
            if name == names[0]:
                console.print(await _machine(bench))
            console.print(await PARTS[name](bench))
    console.print(
        "Figures are the middle of all rounds, with the least and the most in brackets.", style="dim"
    )


async def _machine(bench: Bench) -> str:
    async with bench.database.read(SYSTEM) as session:
        version = (await session.execute(text("SHOW server_version"))).scalar_one()
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, PostgreSQL {version}, one web process"
    )


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument(
        "part", nargs="*", choices=[*PARTS, []], help=f"one of {', '.join(PARTS)}; all by default"
    )
    parser.add_argument("--seconds", type=float, help="how long each variant of the part sockets takes")
    wanted = parser.parse_args()
    # What every job and request would say is not what is measured here.
    configure_logging(folder=None, level="warning", service="bench")
    uvloop.run(run(wanted.part or list(PARTS), wanted.seconds))


if __name__ == "__main__":
    main()
