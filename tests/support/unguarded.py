"""The service with its guard taken out, as a control: `python -m tests.support.unguarded --port N --workers N`.

Pools, and tickets at gates, are read without a lock. Everything else is the real application; whether a test can find
an oversell is shown by its finding this one.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI
from granian import Granian
from granian.constants import Interfaces
from sqlalchemy import ARRAY, Uuid, bindparam, text

from pesan.app import server
from pesan.capacity import locks
from pesan.capacity.models import ONE_AT_A_TIME
from pesan.chats import claiming
from pesan.gates import locks as gate_locks
from tests.support.postgres import Server

CHECKS = ("ck_capacity_pools_never_oversold", "ck_capacity_pools_held", "ck_capacity_pools_used")


def create() -> FastAPI:
    """The real application, in a process that locks neither pools nor tickets at gates.

    It waits a moment where it would have locked, as a busy database lets it: on an idle one, two processes may never
    be in the gap together.
    """
    unlocked = text("SELECT pg_sleep(0.02) FROM capacity_pools WHERE id = ANY (:ids)")
    locks._LOCK = unlocked.bindparams(bindparam("ids", type_=ARRAY(Uuid())))
    scanned = gate_locks._TICKETS.text.partition(" ORDER BY")[0].replace("WHERE ", "WHERE (") + ")"
    gate_locks._TICKETS = text(f"{scanned} AND pg_sleep(0.02) IS NOT NULL").bindparams(*gate_locks._KEYS)
    return server.create()


def drop_checks(owner: Server, database: str) -> None:
    """Let the database hold an oversold pool, a booth that two have at once, and a ticket that came in twice."""
    with owner.connect(database) as connection:
        connection.execute(f"ALTER TABLE claims DROP CONSTRAINT {ONE_AT_A_TIME}".encode())
        # What costs nothing has its session at once, which the database keeps apart by itself.
        connection.execute(b"ALTER TABLE booth_sessions DROP CONSTRAINT ex_booth_sessions_time")
        connection.execute(b"DROP INDEX uq_scans_entry")
        for name in CHECKS:
            connection.execute(f"ALTER TABLE capacity_pools DROP CONSTRAINT {name}".encode())


@contextmanager
def without_slots() -> Iterator[None]:
    """Senders in this process that take a slot of their number's second whether or not it is free."""
    guarded = claiming._FREE_SLOTS
    claiming._FREE_SLOTS = text(guarded.text.replace("free_at <= clock_timestamp()", "true"))
    try:
        yield
    finally:
        claiming._FREE_SLOTS = guarded


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    wanted = parser.parse_args()
    Granian(
        "tests.support.unguarded:create",
        factory=True,
        port=wanted.port,
        workers=wanted.workers,
        interface=Interfaces.ASGI,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    main()
