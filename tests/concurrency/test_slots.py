"""Overlapping times of one booth in a race: two guards, each of which is enough, and a control without both."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import ARRAY, URL, Uuid, bindparam, text

from pesan.capacity import locks
from pesan.capacity.errors import SlotHeld, SlotTaken
from pesan.capacity.models import ONE_AT_A_TIME
from pesan.catalog.models import Slot
from pesan.db import Actor, Database, WriteSession
from pesan.orders import gate
from pesan.orders.desk import SaleDesk
from pesan.orders.moves import LineWish, Move, Moved, Placement, SlotWish
from pesan.orders.reading import read_situation
from pesan.orders.situation import Situation
from pesan.realtime import Hub
from tests.support.database import offenders
from tests.support.factories import Make
from tests.support.postgres import Server

pytestmark = pytest.mark.every_postgres
RACERS = 200
# As many as there are connections, for one of which nobody waits longer than five seconds.
AT_ONCE = 7
FEW = 5
START = datetime(2030, 1, 7, 14, 0, tzinfo=UTC)


async def list_wishes(make: Make, count: int) -> list[Placement]:
    """Wishes for times of 15 to 30 minutes that all have a moment in common, on one booth."""
    outlet = await make.event(fulfilment="booths", ends_at=START + timedelta(days=365))
    slots = [
        await make.slot(outlet, START + timedelta(minutes=turn % 15), minutes=15 + turn % 16, resource=9)
        for turn in range(count)
    ]
    return [wish_of(slot) for slot in slots]


def wish_of(slot: Slot) -> Placement:
    line = LineWish(slot=SlotWish(slot.id, slot.pool_id))
    return Placement(slot.event_id, "Siti Rahma", (line,))


async def race(database: Database, wishes: list[Placement]) -> Counter[type]:
    """Each wish at a desk of its own, as in processes of their own."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def place(wish: Placement) -> object:
        desk = SaleDesk(database, Hub(database.url))
        try:
            async with turns:
                return await desk.submit(Move.place(wish, Actor.guest()))
        except (SlotTaken, SlotHeld) as refusal:
            return refusal

    return Counter(type(outcome) for outcome in await asyncio.gather(*map(place, wishes)))


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody locks a pool, and everybody has read what is taken before the first one writes."""
    have_read = asyncio.Barrier(FEW)

    async def read_and_wait(session: WriteSession, moves: Sequence[Move]) -> Situation:
        situation = await read_situation(session, moves)
        await have_read.wait()
        return situation

    unlocking = text("SELECT 1 WHERE cardinality(:ids) > 0").bindparams(bindparam("ids", type_=ARRAY(Uuid())))
    monkeypatch.setattr(locks, "_LOCK", unlocking)
    monkeypatch.setattr(gate, "read_situation", read_and_wait)


async def test_one_of_many_overlapping_times_is_booked(make: Make, database: Database):
    wishes = await list_wishes(make, RACERS)

    assert await race(database, wishes) == {Moved: 1, SlotHeld: RACERS - 1}
    assert await offenders(database) == []


# A winter's night, the night in which Berlin's clocks go forward, and the one in which they go back.
NIGHTS = [(2030, 1, 7, 23, 30), (2030, 3, 31, 0, 30), (2030, 10, 27, 0, 30)]


@pytest.mark.parametrize("night", NIGHTS)
async def test_touching_times_are_both_booked_and_overlapping_ones_never(
    make: Make, database: Database, night: tuple[int, int, int, int, int]
):
    outlet = await make.event(fulfilment="booths", ends_at=START + timedelta(days=365))
    at = datetime(*night, tzinfo=UTC)
    slots = [
        await make.slot(outlet, at + timedelta(minutes=offset), minutes=60, resource=9)
        for offset in (0, 30, 60)
    ]
    wishes = [wish_of(slot) for slot in slots]

    outcomes = await race(database, wishes)

    assert outcomes in ({Moved: 2, SlotHeld: 1}, {Moved: 1, SlotHeld: 2})
    assert await offenders(database) == []


@pytest.mark.usefixtures("unlocked")
async def test_without_the_lock_the_database_itself_refuses(make: Make, database: Database):
    wishes = await list_wishes(make, FEW)

    assert (await race(database, wishes))[Moved] == 1


@pytest.mark.usefixtures("unlocked")
async def test_without_lock_and_constraint_a_booth_is_booked_twice(
    make: Make, database: Database, postgres: Server, database_url: URL
):
    """The control."""
    with postgres.connect(database_url.database) as owner:
        owner.execute(f"ALTER TABLE claims DROP CONSTRAINT {ONE_AT_A_TIME}".encode())
    wishes = await list_wishes(make, FEW)

    assert (await race(database, wishes))[Moved] > 1
    assert "capacity.one_at_a_time" in {name for name, *_ in await offenders(database)}
