"""Another time for a booked session: its order and its session change together, or not at all."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from pesan.booths.desk import BoothDesk
from pesan.booths.errors import NotReschedulable, SessionNotFound
from pesan.booths.models.feeds import BoothEvent
from pesan.booths.queries.sessions import BookingFilter, list_booked
from pesan.booths.rescheduling import NewTime, rescheduling
from pesan.booths.slots import Span
from pesan.booths.states import SessionEvent
from pesan.capacity.errors import SlotHeld
from pesan.db import Actor
from pesan.orders.desk import SaleDesk
from pesan.orders.moves import Move, SlotWish
from pesan.orders.queries import get_order
from pesan.orders.states import OrderEvent
from pesan.payments.refunds.errors import Overruled
from pesan.realtime import Hub
from tests.support.booths import MINUTE, book, book_session, make_place, move_session, read_session
from tests.support.database import offenders
from tests.support.factories import SYSTEM

pytestmark = pytest.mark.every_postgres


@pytest.fixture
def desk(database):
    hub = Hub()
    return BoothDesk(database, hub, SaleDesk(database, hub))


async def new_time(make, place, *, in_minutes, booth=0, minutes=15):
    starts_at = datetime.now(UTC).replace(microsecond=0) + in_minutes * MINUTE
    found = place.booths[booth]
    slot = await make.slot(place.event, starts_at, minutes=minutes, resource=found.number)
    return NewTime(found, Span(slot.starts_at, slot.ends_at), SlotWish(slot.id, slot.pool_id))


async def guest_of(database, session_id):
    async with database.read(SYSTEM) as session:
        return Actor.guest((await get_order(session, session_id)).code)


async def test_a_customer_moves_their_session_and_both_booths_hear_of_it(make, database, desk):
    place = await make_place(make, database, booths=2)
    session_ = await book_session(make, database, place, in_minutes=90)
    to = await new_time(make, place, in_minutes=200, booth=1, minutes=20)

    await desk.reschedule(session_.id, to, actor=await guest_of(database, session_.id))

    moved = await read_session(database, session_.id)
    assert (moved.booth_id, moved.resource, moved.starts_at, moved.ends_at) == (
        to.booth.id,
        to.booth.number,
        to.span.starts_at,
        to.span.ends_at,
    )
    assert (moved.duration_minutes, moved.arrive_until) == (20, moved.starts_at + 15 * MINUTE)
    async with database.read(SYSTEM) as session:
        query = (
            select(BoothEvent.booth_id).where(BoothEvent.session_id == session_.id).order_by(BoothEvent.seq)
        )
        assert list(await session.scalars(query)) == [session_.booth_id, to.booth.id, session_.booth_id]
    assert [found for found in await offenders(database) if not found[0].startswith("payments.")] == []
    await book(make, place, in_minutes=90)


async def test_a_moved_session_is_listed_at_the_time_that_it_has_now_and_at_none_that_it_had(
    make, database, desk
):
    place = await make_place(make, database, booths=2)
    moved = await book_session(make, database, place, in_minutes=90)
    other = await book_session(make, database, place, in_minutes=90, booth=1)
    before, to = moved.starts_at, await new_time(make, place, in_minutes=200)
    await desk.reschedule(moved.id, to, actor=await guest_of(database, moved.id))
    back = await new_time(make, place, in_minutes=300)
    await desk.reschedule(moved.id, back, actor=await guest_of(database, moved.id))

    async def listed(since, until):
        async with database.read(place.staff) as session:
            page = await list_booked(session, BookingFilter(starts_from=since, starts_before=until))
        return [each.order.id for each in page.items]

    last = back.span.starts_at
    assert await listed(before - MINUTE, before + MINUTE) == [other.id]
    assert await listed(to.span.starts_at, to.span.ends_at) == []
    assert await listed(last, last + MINUTE) == [moved.id]
    assert await listed(None, last) == [other.id]
    assert await listed(last + MINUTE, None) == []


async def test_a_time_that_somebody_has_leaves_the_session_where_it_was(make, database, desk):
    place = await make_place(make, database)
    session_ = await book_session(make, database, place, in_minutes=90)
    await book(make, place, in_minutes=195)
    to = await new_time(make, place, in_minutes=200)

    with pytest.raises(SlotHeld):
        await desk.reschedule(session_.id, to, actor=SYSTEM)

    assert (await read_session(database, session_.id)).starts_at == session_.starts_at


async def test_shortly_before_it_only_staff_move_a_session_and_then_nobody(make, database, desk):
    place = await make_place(make, database)
    session_ = await book_session(make, database, place, in_minutes=59)
    to = await new_time(make, place, in_minutes=200)
    customer = await guest_of(database, session_.id)

    with pytest.raises(NotReschedulable):
        await desk.reschedule(session_.id, to, actor=customer)
    with pytest.raises(SessionNotFound):
        await desk.reschedule(session_.id, to, actor=Actor.guest())
    await desk.reschedule(session_.id, to, actor=place.staff)
    await move_session(database, session_.id, SessionEvent.ARRIVE)
    with pytest.raises(NotReschedulable):
        await desk.reschedule(session_.id, await new_time(make, place, in_minutes=300), actor=place.staff)

    assert (await read_session(database, session_.id)).starts_at == to.span.starts_at


async def test_a_customer_who_arrives_meanwhile_keeps_their_time(make, database):
    """What the move was made of has changed when it is written: it is overruled, and the slot given back."""
    place = await make_place(make, database)
    session_ = await book_session(make, database, place, in_minutes=90)
    to = await new_time(make, place, in_minutes=200)
    async with database.read(SYSTEM) as session:
        move = await rescheduling(session, session_.id, to, actor=SYSTEM)
    await move_session(database, session_.id, SessionEvent.ARRIVE)

    with pytest.raises(Overruled) as overruled:
        await make.move(move)

    assert isinstance(overruled.value.refusal, NotReschedulable)
    assert (await read_session(database, session_.id)).starts_at == session_.starts_at
    assert [found for found in await offenders(database) if not found[0].startswith("payments.")] == []


async def test_a_time_that_was_refunded_a_moment_ago_can_be_moved_to(make, database, desk):
    place = await make_place(make, database)
    session_ = await book_session(make, database, place, in_minutes=90)
    gone = await book_session(make, database, place, in_minutes=120)
    await make.move(Move(OrderEvent.REFUND, place.id, SYSTEM, gone.id, reason="Sakit"))
    to = await new_time(make, place, in_minutes=120)

    await desk.reschedule(session_.id, to, actor=await guest_of(database, session_.id))

    assert (await read_session(database, session_.id)).starts_at == to.span.starts_at
