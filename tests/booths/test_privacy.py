"""Whose time at a booth is over may be erased, however long the outlet stays open."""

import pytest
from sqlalchemy import text

from pesan.booths.states import SessionEvent, SessionState
from pesan.orders.queries import get_order
from pesan.privacy.erasure import erase_orders, has_running, list_erasable
from pesan.privacy.retention import KINDS
from pesan.privacy.states import ERASED
from tests.support.booths import book_session, make_place, move_session, read_session
from tests.support.database import offenders
from tests.support.factories import SYSTEM

pytestmark = pytest.mark.every_postgres
EMAIL = "siti@contoh.id"
A_YEAR = 365 * 24 * 60


async def test_a_customer_whose_session_is_over_is_erased_and_one_who_is_expected_is_not(make, database):
    place = await make_place(make, database)
    over = await book_session(make, database, place, in_minutes=-60, email=EMAIL, buyer_name="Siti Rahma")
    expected = await book_session(make, database, place, in_minutes=60, email=EMAIL, buyer_name="Siti Rahma")
    for each in (over, expected):
        await move_session(database, each.id, SessionEvent.OVERRIDE, reason="Siti sakit")
    # What an override replaced says of its customer what the one before said.
    arrived = SessionState.ARRIVED
    await move_session(database, over.id, SessionEvent.OVERRIDE, target=arrived, reason="Siti sehat")

    async with database.write(SYSTEM) as session:
        found = await list_erasable(session, place.event.merchant_id, EMAIL, limit=10)
        assert (found, await has_running(session, place.event.merchant_id, EMAIL)) == ([over.id], True)
        await erase_orders(session, [over.id, expected.id], reason="asked", actor=SYSTEM)

    async with database.read(SYSTEM) as session:
        names = [(await get_order(session, each.id)).buyer_name for each in (over, expected)]
    reasons = [(await read_session(database, each.id)).override_reason for each in (over, expected)]
    assert names == [ERASED, "Siti Rahma"]
    assert reasons == [ERASED, "Siti sakit"]
    assert ((await read_session(database, over.id)).replaced or {})["override_reason"] == ERASED
    assert [each for each in await offenders(database) if not str(each[0]).startswith("payments.")] == []

    spoken = """UPDATE booth_sessions SET replaced = replaced || '{"override_reason": "Siti sakit"}'"""
    async with database.sale() as session:
        await session.execute(text(spoken))
    assert "booths.erased_sessions_say_nothing" in [each[0] for each in await offenders(database)]


async def test_contacts_are_kept_for_so_long_after_the_session_and_not_after_the_outlet(make, database):
    place = await make_place(make, database)
    await book_session(make, database, place, in_minutes=-A_YEAR, email=EMAIL)

    async with database.read(SYSTEM) as session:
        assert (await session.get_one(type(place.event), place.id)).ends_at.year > 2100
        assert await KINDS["contacts"].count(session, 0) == 1
        assert await KINDS["contacts"].count(session, 24) == 0
