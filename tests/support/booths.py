"""Outlets with booths and booked sessions, made by the services that make the real ones, without a worker."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from pesan.booths.fulfilling import find_booked, fulfilment
from pesan.booths.gate import Outcome, transition_many
from pesan.booths.models import Booth, BoothSession, Outlet
from pesan.booths.moves import SessionMove
from pesan.booths.queries.outlets import list_booths
from pesan.booths.service import OutletDraft, add_booth, create_outlet, set_hours
from pesan.booths.slots import Opening
from pesan.booths.states import SessionEvent
from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.kit.times import ZONES
from pesan.orders.errors import WrongState
from pesan.orders.models import Order
from pesan.orders.moves import LineWish, Move, SlotWish
from pesan.orders.states import OrderEvent, OrderState
from pesan.tenancy.models import Merchant
from tests.support.factories import SYSTEM, Make

ALWAYS = [Opening(weekday, time(0), time(0)) for weekday in range(7)]
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Place:
    """An outlet, the event that it sells as, and its booths; open day and night."""

    outlet: Outlet
    event: Event
    booths: Sequence[Booth]

    @property
    def id(self) -> UUID:
        """The outlet's id, which is the event's."""
        return self.event.id

    @property
    def staff(self) -> Actor:
        """Somebody who works for its merchant."""
        return Actor.staff(self.event.id, frozenset([self.event.merchant_id]))


def now_of_this_test() -> datetime:
    """When the running test first asked, so that it means one hour in all of its steps."""
    return _first_asked(os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0])


@lru_cache(maxsize=1)
def _first_asked(_test: str) -> datetime:
    return datetime.now(UTC)


def zone_of_the_longest_day() -> str:
    """Where today has most time left, two hours at least: just before midnight there is nothing more to book."""
    now = datetime.now(UTC)
    return max(ZONES, key=lambda zone: (24 - now.astimezone(ZoneInfo(zone)).hour, zone))


async def make_place(
    make: Make, database: Database, merchant: Merchant | None = None, *, booths: int = 1, **draft: Any
) -> Place:
    """An outlet with so many booths, at which a session costs Rp 50.000."""
    owner = merchant or await make.merchant()
    wanted = OutletDraft(**{"name": "Booth Kota Tua", "location": "Jakarta", "price_amount": 50_000, **draft})
    async with database.write(SYSTEM) as session:
        outlet = await create_outlet(session, merchant_id=owner.id, draft=wanted, actor=SYSTEM)
        await set_hours(session, outlet.event_id, hours=ALWAYS, actor=SYSTEM)
        for number in range(1, booths + 1):
            await add_booth(session, outlet.event_id, name=f"Booth {number}", actor=SYSTEM)
    async with database.read(SYSTEM) as session:
        event = await session.get_one(Event, outlet.event_id)
        return Place(outlet, event, await list_booths(session, outlet.event_id))


async def book(
    make: Make,
    place: Place,
    *,
    booth: int = 0,
    in_minutes: int = 0,
    minutes: int = 15,
    state: OrderState = OrderState.HOLD,
    **wish: Any,
) -> Order:
    """An order of a time at one of the place's booths, which begins in so many minutes, in this state."""
    starts_at = datetime.now(UTC).replace(microsecond=0) + in_minutes * MINUTE
    resource = place.booths[booth].number
    slot = await make.slot(place.event, starts_at, minutes=minutes, resource=resource)
    line = LineWish(slot=SlotWish(slot.id, slot.pool_id))
    if state is not OrderState.PAID:
        return await make.order(place.event, state=state, lines=(line,), **wish)
    # Paid by what asks for no proof: nobody may send one, or accept it, for a time that is over.
    order = await make.order(place.event, lines=(line,), **wish)
    await make.move(Move(OrderEvent.PAY, place.id, SYSTEM, order.id))
    return order


async def book_session(make: Make, database: Database, place: Place, **wish: Any) -> BoothSession:
    """A paid and fulfilled booking: its session, which waits for the customer; a worker that is there may be first."""
    order = await book(make, place, state=OrderState.PAID, **wish)
    with suppress(WrongState):
        await fulfil_session(make, database, order.id)
    return await read_session(database, order.id)


async def fulfil_session(make: Make, database: Database, order_id: UUID) -> BoothSession:
    """Make the session of a paid order, as the job does."""
    async with database.read(SYSTEM) as session:
        booked = await find_booked(session, order_id)
    assert booked is not None
    await make.move(fulfilment(booked))
    return await read_session(database, order_id)


async def read_session(database: Database, session_id: UUID) -> BoothSession:
    """The session's row as it is now."""
    async with database.read(SYSTEM) as session:
        return await session.get_one(BoothSession, session_id)


async def move_sessions(database: Database, *moves: SessionMove) -> list[Outcome]:
    """Moves in one group, without a desk: what came of each."""
    async with database.sale() as session:
        return await transition_many(session, moves)


async def move_session(
    database: Database, session_id: UUID, event: SessionEvent, actor: Actor = SYSTEM, **wish: Any
) -> Outcome:
    """One move: what came of it, a refusal too."""
    (outcome,) = await move_sessions(database, SessionMove(event, session_id, actor, **wish))
    return outcome


async def let_pass(database: Database, session_id: UUID, minutes: int) -> None:
    """Have what one session waits for, or did, be so many minutes earlier, instead of waiting."""
    columns = ["arrive_until", "arrived_at", "started_at", "due_at"]
    changes = ", ".join(f"{name} = {name} - make_interval(mins => :minutes)" for name in columns)
    async with database.sale() as session:
        query = text(f"UPDATE booth_sessions SET {changes} WHERE id = :id")
        await session.execute(query, {"id": session_id, "minutes": minutes})
