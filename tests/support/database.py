"""Questions that tests ask the database itself, as the system."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from pesan.app.modules import list_invariants
from pesan.audit.verify import verify
from pesan.db import Database
from tests.support.factories import SYSTEM

_TAKEN = text(
    "SELECT coalesce(sum(quantity), 0) FROM orders"
    " WHERE event_id = :event_id AND state NOT IN ('EXPIRED', 'CANCELLED', 'REJECTED', 'REFUNDED')"
)


async def offenders(database: Database) -> list[Any]:
    """What `pesan doctor` and `pesan audit verify` would name; empty when everything holds."""
    found: list[Any] = []
    for rule in list_invariants():
        async with database.read(SYSTEM) as session:
            found += [(rule.name, *row) for row in await session.execute(text(rule.sql))]
    async with database.read(SYSTEM) as session:
        return [*found, *await verify(session)]


async def places_taken(database: Database, event_id: UUID) -> int:
    """The places of an event's living orders, counted from the orders and not from any counter."""
    async with database.read(SYSTEM) as session:
        return int((await session.execute(_TAKEN, {"event_id": event_id})).scalar_one())
