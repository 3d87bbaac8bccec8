"""Lists of bookings at the booth desk: where each stands now, whoever has written it down."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from pesan.booths.errors import SessionNotFound
from pesan.booths.queries.sessions import BookingFilter, get_booked, list_booked
from pesan.booths.states import SessionEvent, SessionState
from pesan.db import Actor
from pesan.kit.ids import new_id
from pesan.orders.states import OrderState
from tests.support.booths import book, book_session, let_pass, make_place, move_session
from tests.support.factories import SYSTEM
from tests.support.queries import counter_for

pytestmark = pytest.mark.every_postgres
E, S = SessionEvent, SessionState


async def stand(make, database):
    """A place with a booking in every state, by name; late ones and finished ones as the clock left them."""
    place = await make_place(make, database, booths=2)
    found = {
        "held": await book(make, place, in_minutes=60),
        "review": await book(make, place, in_minutes=75, state=OrderState.REVIEW),
        "rejected": await book(make, place, in_minutes=90, state=OrderState.REJECTED),
        "awaited": await book_session(make, database, place, in_minutes=30),
        "late": await book_session(make, database, place, in_minutes=-60),
        "running": await book_session(make, database, place, in_minutes=0),
        "over": await book_session(make, database, place, booth=1, in_minutes=0),
        "arrived": await book_session(make, database, place, booth=1, in_minutes=15),
        "off": await book_session(make, database, place, booth=1, in_minutes=45),
    }
    for name in ("running", "over", "arrived"):
        await move_session(database, found[name].id, E.ARRIVE)
    for name in ("running", "over"):
        await move_session(database, found[name].id, E.START)
    for name in ("late", "over"):
        await let_pass(database, found[name].id, 20)
    await move_session(database, found["off"].id, E.OVERRIDE, reason="Mesin rusak")
    return place, {name: each.id for name, each in found.items()}


async def test_every_booking_says_where_it_stands_now_and_is_found_by_it(make, database):
    place, ids = await stand(make, database)

    async with database.read(place.staff) as session:
        page = await list_booked(session, BookingFilter([place.id]))
        by_state = {
            state: {each.order.id for each in (await list_booked(session, BookingFilter(state=state))).items}
            for state in S
        }

    expected = {
        S.PENDING_PAYMENT: {ids["held"], ids["review"]},
        S.AWAITING_CUSTOMER: {ids["awaited"]},
        S.ARRIVED: {ids["arrived"]},
        S.ONGOING: {ids["running"]},
        S.DONE: {ids["over"]},
        S.EXPIRED: {ids["late"], ids["rejected"]},
        S.OVERRIDDEN: {ids["off"]},
    }
    assert by_state == expected
    assert {state: {each.order.id for each in page.items if each.state is state} for state in S} == expected
    assert all(each.booth and each.starts_at and each.ends_at for each in page.items)


async def test_bookings_of_a_day_are_asked_of_an_index_in_as_many_queries_for_one_as_for_three(
    make, database, web_database
):
    place, since = await make_place(make, database), datetime.now(UTC)
    day, found = BookingFilter(starts_from=since, starts_before=since + timedelta(days=1)), []
    for minutes in ((60,), (90, 120, 25 * 60)):
        for each in minutes:
            await book_session(make, database, place, in_minutes=each)
        async with web_database.read(place.staff) as session:
            with counter_for(web_database.engine)() as statements:
                found.append((len((await list_booked(session, day)).items), len(statements)))
    async with web_database.read(place.staff) as session:
        # What staff may see is asked first, and keeps PostgreSQL from any index that it does not trust.
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        asked = "EXPLAIN SELECT order_id FROM claims WHERE begins_at >= now() AND begins_at < now() + interval '1 day'"
        plan = "\n".join(await session.scalars(text(asked)))

    assert found == [(1, 1), (3, 1)]
    assert ("claims.begins_at >=" in statements[0], "ix_claims_begins_at" in plan) == (True, True)


async def test_bookings_are_seen_by_those_who_have_a_part_in_them(make, database, web_database):
    place, other = await make_place(make, database), await make_place(make, database)
    session_ = await book_session(make, database, place)
    ref = str(session_.id)
    async with database.read(SYSTEM) as session:
        code = (await get_booked(session, ref)).order.code
    merchants = frozenset([place.event.merchant_id])
    limited = [
        Actor.staff(new_id(), frozenset(), limited_ids=merchants, event_ids=frozenset([outlet]))
        for outlet in (place.id, other.id)
    ]

    for actor in (Actor.guest(code), place.staff, limited[0]):
        async with web_database.read(actor) as session:
            found = await get_booked(session, ref)
        assert (found.state, found.session.id, found.booth.name) == (
            S.AWAITING_CUSTOMER,
            session_.id,
            "Booth 1",
        )
    for actor in (Actor.guest(), other.staff, limited[1]):
        async with web_database.read(actor) as session:
            with pytest.raises(SessionNotFound):
                await get_booked(session, ref)
            assert (await list_booked(session, BookingFilter())).items == []
