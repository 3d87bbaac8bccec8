"""An organizer lowers an event's places while it sells: refused or taken, never below what is taken."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import text

from pesan.capacity.errors import CapacityTooLow
from pesan.catalog.models import Event
from pesan.catalog.service import update_event
from pesan.db import Database
from pesan.errors import Busy
from tests.support.database import offenders, places_taken
from tests.support.factories import SYSTEM, event_draft
from tests.support.racer import race
from tests.support.wire import Request

BUYERS = 100


def hold(event_id: UUID) -> Request:
    return Request("POST", "/api/bookings/hold", {"eventId": str(event_id), "name": "Budi Santoso", "qty": 1})


async def lower(database: Database, event: Event) -> list[str]:
    """Try ever smaller capacities, as fast as they are answered."""
    said = []
    for capacity in range(BUYERS, 4, -3):
        try:
            async with database.write(SYSTEM) as session:
                stored = await session.get_one(Event, event.id)
                draft = event_draft(starts_at=event.starts_at, capacity=capacity)
                await update_event(session, event=stored, draft=draft, actor=SYSTEM)
        except (CapacityTooLow, Busy) as refusal:
            said.append(refusal.code)
        else:
            said.append("lowered")
        await asyncio.sleep(0.01)
    return said


async def capacity_of(database: Database, event: Event) -> int:
    async with database.read(SYSTEM) as session:
        query = text("SELECT capacity FROM capacity_pools WHERE id = :id")
        return int((await session.execute(query, {"id": event.pool_id})).scalar_one())


@pytest.mark.parametrize("processes", [1, 4])
async def test_capacity_lowered_during_a_sale_is_never_below_what_is_sold(served, make, database, processes):
    event, other = await make.event(capacity=BUYERS), await make.event(capacity=BUYERS)
    service = await served(workers=processes)
    wishes = [hold(event.id), hold(other.id)] * BUYERS

    said, answers = await asyncio.gather(lower(database, event), race(service.port, wishes))

    mine, others = answers[::2], answers[1::2]
    assert {answer.status for answer in mine} <= {201, 409}
    assert Counter(answer.status for answer in others) == {201: BUYERS}
    sold = len([answer for answer in mine if answer.status == 201])
    assert await places_taken(database, event.id) == sold
    assert sold <= await capacity_of(database, event)
    assert set(said) <= {"lowered", "capacity.below_sold"}
    assert await offenders(database) == []
