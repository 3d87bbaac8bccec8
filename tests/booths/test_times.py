"""Which times can be booked: those of the hours, less what is taken, whatever length that has."""

from datetime import UTC, datetime, time, timedelta

import pytest

from pesan.booths.queries.availability import HORIZON, find_offer, list_next_offers, list_offers
from pesan.booths.queries.configs import Config
from pesan.booths.queries.outlets import get_outlet
from pesan.booths.service import close_booth, set_config, set_hours
from pesan.booths.slots import DAY, Opening
from pesan.db import Actor
from pesan.kit.times import in_zone
from pesan.orders.moves import LineWish, Move, SlotWish
from pesan.orders.states import OrderEvent
from tests.support.booths import make_place
from tests.support.factories import SYSTEM

pytestmark = pytest.mark.every_postgres
ZONE = "Asia/Jakarta"
BOTH, FIRST, SECOND = ["Booth 1", "Booth 2"], ["Booth 1"], ["Booth 2"]


@pytest.fixture
def day():
    """Tomorrow, where the place is."""
    return in_zone(datetime.now(UTC), ZONE).date() + DAY


@pytest.fixture
async def place(make, database):
    """Two booths that are open from nine to ten every day."""
    place = await make_place(make, database, booths=2)
    async with database.write(SYSTEM) as session:
        hours = [Opening(weekday, time(9), time(10)) for weekday in range(7)]
        await set_hours(session, place.id, hours=hours, actor=SYSTEM)
    return place


async def ask(database, place, query, *given, **parts):
    async with database.read(Actor.guest()) as session:
        return await query(session, await get_outlet(session, place.id), *given, **parts)


async def free(database, place, day):
    """The free booths of the day's times, by the clock on the wall."""
    offers = await ask(database, place, list_offers, day)
    return {f"{in_zone(each.span.starts_at, ZONE):%H.%M}": [b.name for b in each.booths] for each in offers}


async def book(make, place, offer):
    length = (offer.span.ends_at - offer.span.starts_at) // timedelta(minutes=1)
    number = offer.booths[0].number
    slot = await make.slot(place.event, offer.span.starts_at, minutes=length, resource=number)
    return await make.order(place.event, lines=(LineWish(slot=SlotWish(slot.id, slot.pool_id)),))


async def test_what_is_booked_is_not_offered_and_comes_back_with_its_order(make, database, place, day):
    before = await free(database, place, day)
    assert before == {"09.00": BOTH, "09.15": BOTH, "09.30": BOTH, "09.45": BOTH}

    order = await book(make, place, (await ask(database, place, list_offers, day))[1])
    assert await free(database, place, day) == {**before, "09.15": SECOND}
    await make.move(Move(OrderEvent.CANCEL, place.id, SYSTEM, order.id))
    assert await free(database, place, day) == before


async def test_a_longer_session_is_offered_where_no_shorter_one_is_booked(make, database, place, day):
    await book(make, place, (await ask(database, place, list_offers, day))[1])
    async with database.write(SYSTEM) as session:
        await set_config(session, place.event.merchant_id, config=Config(30, 15), actor=SYSTEM)

    assert await free(database, place, day) == {"09.00": SECOND, "09.30": BOTH}


async def test_a_time_is_offered_at_open_booths_within_the_hours_and_a_month(database, place, day):
    first, *_ = await ask(database, place, list_offers, day)
    async with database.write(SYSTEM) as session:
        await close_booth(session, place.id, place.booths[1].id, actor=SYSTEM)

    async def found(starts_at):
        offer = await ask(database, place, find_offer, starts_at)
        return offer and [booth.name for booth in offer.booths]

    starts_at = first.span.starts_at
    assert await found(starts_at) == FIRST
    beside = (starts_at + timedelta(minutes=1), starts_at - 2 * DAY, starts_at + HORIZON)
    assert [await found(each) for each in beside] == [None, None, None]
    assert await free(database, place, day + HORIZON) == {}


async def test_somebody_who_stands_there_gets_the_next_free_time(make, database):
    place = await make_place(make, database)
    first, *_ = await ask(database, place, list_next_offers, limit=2)
    await book(make, place, first)

    (second,) = await ask(database, place, list_next_offers, limit=1)

    assert second.span.starts_at == first.span.ends_at
    assert abs(first.span.starts_at - datetime.now(UTC)) <= timedelta(minutes=15)
