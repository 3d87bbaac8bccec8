"""An outlet with two booths in the middle of its day, told by the moves that make a real one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from pesan.app.demo.people import Buyer
from pesan.app.demo.tales import granted
from pesan.booths.fulfilling import find_booked, fulfilment
from pesan.booths.gate import transition_many
from pesan.booths.models import Booth, Outlet
from pesan.booths.moves import SessionMove
from pesan.booths.queries.configs import get_config
from pesan.booths.queries.outlets import list_booths
from pesan.booths.service import OutletDraft, add_booth, create_outlet, set_hours
from pesan.booths.slots import Opening
from pesan.booths.states import SessionEvent, SessionState
from pesan.catalog.service import SlotTime, ensure_slot
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.orders.moves import LineWish, Move, Placement, SlotWish
from pesan.orders.states import OrderEvent
from pesan.payments import CashCompanion

_ACTOR = Actor.system("demo")
_E, _S = SessionEvent, SessionState
_WEEK = [Opening(day, time(9), time(22)) for day in range(6)]
# On Sundays it is closed at noon, and open until after midnight.
HOURS = [*_WEEK, Opening(6, time(9), time(12)), Opening(6, time(13), time(1))]
DRAFT = OutletDraft(
    name="Bilik Foto Teduh",
    location="Sebelah kasir, Jl. Contoh 12, Jakarta Selatan",
    price_amount=45_000,
    reschedule_minutes=60,
)
BOOTHS = ("Bilik Tirai Merah", "Bilik Cermin")
Step = tuple[SessionEvent, SessionState | None, str | None]


@dataclass(frozen=True, slots=True)
class Visit:
    """A session so many sessions from now at a booth, and what the staff did with it; unpaid ones have none."""

    booth: int
    place: int
    steps: Sequence[Step] = ()
    is_paid: bool = True


DAY = (
    Visit(0, -2, [(_E.OVERRIDE, _S.OVERRIDDEN, "Lampu bilik mati")]),
    Visit(
        0,
        -1,
        [(_E.OVERRIDE, _S.ARRIVED, "QR tidak terbaca"), (_E.START, None, None), (_E.FINISH, None, None)],
    ),
    Visit(0, 0, [(_E.ARRIVE, None, None), (_E.START, None, None)]),
    Visit(0, 1),
    Visit(1, -1),
    Visit(1, 0, [(_E.ARRIVE, None, None)]),
    Visit(1, 1),
    Visit(1, 3, is_paid=False),
    Visit(0, 96),
)


async def open_counter(database: Database, merchant_id: UUID, staff: Actor, people: Iterator[Buyer]) -> None:
    """Open the outlet and let its day happen, once."""
    async with database.read(_ACTOR) as session:
        if await session.scalar(select(Outlet.event_id).where(Outlet.merchant_id == merchant_id).limit(1)):
            return
    async with database.write(_ACTOR) as session:
        outlet = await create_outlet(session, merchant_id=merchant_id, draft=DRAFT, actor=_ACTOR)
        await set_hours(session, outlet.event_id, hours=HOURS, actor=_ACTOR)
        for name in BOOTHS:
            await add_booth(session, outlet.event_id, name=name, actor=_ACTOR)
    async with database.read(_ACTOR) as session:
        booths = await list_booths(session, outlet.event_id)
        length = (await get_config(session, merchant_id)).duration
    now = datetime.now(UTC)
    began = now - timedelta(seconds=now.timestamp() % length.total_seconds())
    for visit in DAY:
        order_id = await _book(
            database, booths[visit.booth], began + visit.place * length, length, next(people)
        )
        if visit.is_paid:
            await _pay(database, outlet.event_id, order_id, staff)
            await _attend(database, order_id, staff, visit.steps)


async def _book(
    database: Database, booth: Booth, starts_at: datetime, length: timedelta, buyer: Buyer
) -> UUID:
    time_of_booth = SlotTime(booth.merchant_id, booth.event_id, booth.number, starts_at, starts_at + length)
    async with database.sale() as session:
        slot = await ensure_slot(session, time_of_booth)
        line = LineWish(slot=SlotWish(slot.id, slot.pool_id))
    wish = Placement(booth.event_id, buyer.name, (line,), wa=buyer.wa, email=buyer.email)
    return (await granted(database, Move.place(wish, Actor.guest()))).order_id


async def _pay(database: Database, event_id: UUID, order_id: UUID, staff: Actor) -> None:
    """In cash; the session is made here, because nobody works through the queue yet."""
    cash = CashCompanion(order_id, next(iter(staff.merchant_ids)), DRAFT.price_amount)
    await granted(database, Move(OrderEvent.PAY, event_id, staff, order_id, companions=(cash,)))
    async with database.read(_ACTOR) as session:
        booked = await find_booked(session, order_id)
    assert booked is not None
    await granted(database, fulfilment(booked))


async def _attend(database: Database, session_id: UUID, staff: Actor, steps: Sequence[Step]) -> None:
    for event, target, reason in steps:
        move = SessionMove(event, session_id, staff, target=target, reason=reason)
        async with database.sale() as session:
            (outcome,) = await transition_many(session, [move])
        if isinstance(outcome, PesanError):
            raise outcome
