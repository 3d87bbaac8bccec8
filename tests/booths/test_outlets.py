"""Outlets with hours and booths, and how long their sessions are."""

from datetime import time

import pytest
from sqlalchemy import select

from pesan.audit.queries import list_entries
from pesan.booths.errors import BoothNameTaken, BoothNotFound, OutletBusy, OutletNotFound
from pesan.booths.models.feeds import BoothEvent
from pesan.booths.queries.configs import Config, get_config
from pesan.booths.queries.outlets import get_outlet, list_booths, list_hours, list_outlets, list_outlets_of
from pesan.booths.service import (
    OutletDraft,
    add_booth,
    amend_outlet,
    archive_outlet,
    change_outlet,
    close_booth,
    rename_booth,
    reopen_booth,
    restore_outlet,
    set_config,
    set_hours,
)
from pesan.booths.slots import Opening
from pesan.booths.states import SessionEvent
from pesan.catalog.models import Event
from pesan.catalog.service import set_status
from pesan.catalog.states import EventStatus
from pesan.db import Actor
from pesan.errors import InvalidInput
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from tests.support.booths import book, book_session, make_place, move_session
from tests.support.factories import SYSTEM

pytestmark = pytest.mark.every_postgres


async def told(database, event_id) -> list[str]:
    query = select(BoothEvent.kind).where(BoothEvent.event_id == event_id).order_by(BoothEvent.seq)
    async with database.read(SYSTEM) as session:
        return list(await session.scalars(query))


async def history(database, subject_id) -> list[str]:
    async with database.read(SYSTEM) as session:
        return [record.entry.action for record in await list_entries(session, subject_id)]


async def test_an_outlet_sells_as_an_event_and_is_listed_with_its_booths_and_hours(
    make, database, web_database
):
    place = await make_place(make, database, booths=3, zone="Asia/Makassar")
    guest = Actor.guest()

    async with web_database.read(guest) as session:
        view = await get_outlet(session, place.id)
        assert [each.outlet.event_id for each in await list_outlets(session)] == [place.id]
        assert [booth.name for booth in await list_booths(session, place.id)] == [
            "Booth 1",
            "Booth 2",
            "Booth 3",
        ]
        assert len(await list_hours(session, place.id)) == 7
    assert (view.event.fulfilment, view.event.price_amount, view.event.title) == (
        "booths",
        50_000,
        "Booth Kota Tua",
    )
    assert (view.outlet.zone, view.event.zone, view.is_open) == ("Asia/Makassar", "Asia/Makassar", True)


async def test_an_outlet_is_changed_with_its_event_and_its_history_says_so(make, database):
    place = await make_place(make, database)
    draft = OutletDraft("Booth Bandung", "Braga", "Asia/Jayapura", price_amount=60_000, is_open=False)

    async with database.write(place.staff) as session:
        await change_outlet(session, place.id, draft=draft, actor=place.staff)

    async with database.read(SYSTEM) as session:
        view = await get_outlet(session, place.id)
        (*_, last) = await list_entries(session, place.id)
    assert (view.outlet.name, view.event.title, view.event.venue) == (
        "Booth Bandung",
        "Booth Bandung",
        "Braga",
    )
    assert (view.event.price_amount, view.event.status) == (60_000, EventStatus.CLOSED)
    assert last.entry.action == "event:outlet:changed"
    assert last.private.before == {
        "is_open": True,
        "location": "Jakarta",
        "name": "Booth Kota Tua",
        "price_amount": 50_000,
        "zone": "Asia/Jakarta",
    }
    assert view.event.zone == "Asia/Jayapura"
    assert (await told(database, place.id))[-1] == "OUTLET_CHANGED"


async def test_an_outlet_is_archived_once_nothing_is_booked_there(make, database):
    place = await make_place(make, database, booths=2)
    held = await book(make, place, in_minutes=60)
    session_ = await book_session(make, database, place, booth=1, in_minutes=60)

    for left in (2, 1):
        with pytest.raises(OutletBusy) as refusal:
            async with database.write(place.staff) as session:
                await archive_outlet(session, place.id, actor=place.staff)
        assert refusal.value.extra == {"count": left}
        await make.move(Move(OrderEvent.CANCEL, place.id, SYSTEM, held.id)) if left == 2 else None
    await move_session(database, session_.id, SessionEvent.OVERRIDE, reason="Mesin rusak")
    async with database.write(place.staff) as session:
        await archive_outlet(session, place.id, actor=place.staff)

    async with database.read(SYSTEM) as session:
        assert await list_outlets(session) == []
        (archived,) = await list_outlets_of(session, place.event.merchant_id, with_archived=True)
    assert (archived.outlet.is_archived, archived.event.status) == (True, EventStatus.CLOSED)
    async with database.write(place.staff) as session:
        await restore_outlet(session, place.id, actor=place.staff)
    assert (await history(database, place.id))[-2:] == ["event:outlet:archived", "event:outlet:restored"]


async def test_hours_are_replaced_and_nothing_is_noted_when_they_stay(make, database):
    place = await make_place(make, database)
    hours = [Opening(5, time(9), time(17)), Opening(0, time(22), time(2)), Opening(0, time(9), time(12))]

    for _ in range(2):
        async with database.write(place.staff) as session:
            await set_hours(session, place.id, hours=hours, actor=place.staff)

    async with database.read(SYSTEM) as session:
        assert await list_hours(session, place.id) == sorted(hours)
    assert (await history(database, place.id)).count("event:outlet:hours_changed") == 2


async def test_an_unknown_zone_and_too_many_hours_are_refused(make, database):
    place = await make_place(make, database)
    many = [Opening(0, time(hour), time(hour, 30)) for hour in range(5)]

    for wrong in (
        lambda session: change_outlet(
            session, place.id, draft=OutletDraft("x", zone="Mars/Base"), actor=SYSTEM
        ),
        lambda session: set_hours(session, place.id, hours=many, actor=SYSTEM),
    ):
        with pytest.raises(InvalidInput):
            async with database.write(place.staff) as session:
                await wrong(session)


async def test_booths_are_named_once_in_their_outlet_and_closed_and_opened(make, database):
    place = await make_place(make, database, booths=2)
    first, second = place.booths

    with pytest.raises(BoothNameTaken):
        async with database.write(place.staff) as session:
            await rename_booth(session, place.id, second.id, name="booth 1", actor=place.staff)
    async with database.write(place.staff) as session:
        await rename_booth(session, place.id, second.id, name="Kanan", actor=place.staff)
        await close_booth(session, place.id, first.id, actor=place.staff)
    async with database.read(SYSTEM) as session:
        assert [each.name for each in await list_booths(session, place.id, with_closed=False)] == ["Kanan"]
    async with database.write(place.staff) as session:
        await reopen_booth(session, place.id, first.id, actor=place.staff)

    assert await history(database, first.id) == [
        "booth:booth:added",
        "booth:booth:closed",
        "booth:booth:reopened",
    ]
    assert first.number != second.number


async def test_nobody_touches_another_merchants_outlet(make, database, web_database):
    mine, other = await make_place(make, database), await make_place(make, database)
    booth = other.booths[0].id

    async with web_database.write(mine.staff) as session:
        for wrong, error in (
            (change_outlet(session, other.id, draft=OutletDraft("Rebut"), actor=mine.staff), OutletNotFound),
            (add_booth(session, other.id, name="Rebut", actor=mine.staff), OutletNotFound),
            (close_booth(session, other.id, booth, actor=mine.staff), BoothNotFound),
            (close_booth(session, mine.id, booth, actor=mine.staff), BoothNotFound),
        ):
            with pytest.raises(error):
                await wrong
    async with database.read(SYSTEM) as session:
        assert [each.name for each in await list_booths(session, other.id)] == ["Booth 1"]


async def test_the_configuration_is_the_defaults_until_somebody_changes_it_with_before_and_after(
    make, database
):
    place = await make_place(make, database)
    merchant_id = place.event.merchant_id

    async with database.write(place.staff) as session:
        assert await get_config(session, merchant_id) == Config(15, 15)
        assert await set_config(session, merchant_id, config=Config(), actor=place.staff) == []
        changed = await set_config(session, merchant_id, config=Config(20, 5), actor=place.staff)
    assert changed == [place.id]

    async with database.read(SYSTEM) as session:
        assert await get_config(session, merchant_id) == Config(20, 5)
        (*_, last) = await list_entries(session, merchant_id)
    assert last.entry.action == "merchant:booth_config:changed"
    assert last.private.before == {"arrival_tolerance_minutes": 15, "session_duration_minutes": 15}
    assert last.private.after == {"arrival_tolerance_minutes": 5, "session_duration_minutes": 20}
    assert (await told(database, place.id))[-1] == "OUTLET_CHANGED"


async def test_a_configuration_out_of_range_is_refused(make, database):
    place = await make_place(make, database)

    for wrong in (Config(0, 15), Config(241, 15), Config(15, -1), Config(15, 241)):
        with pytest.raises(InvalidInput):
            async with database.write(place.staff) as session:
                await set_config(session, place.event.merchant_id, config=wrong, actor=place.staff)


async def test_a_changed_configuration_reaches_no_session_that_is_there(make, database):
    place = await make_place(make, database)
    before = await book_session(make, database, place, in_minutes=60)
    async with database.write(place.staff) as session:
        await set_config(session, place.event.merchant_id, config=Config(30, 5), actor=place.staff)
    after = await book_session(make, database, place, in_minutes=120, minutes=30)

    assert [(each.duration_minutes, each.tolerance_minutes) for each in (before, after)] == [
        (15, 15),
        (30, 5),
    ]
    await move_session(database, before.id, SessionEvent.ARRIVE)
    outcome = await move_session(database, before.id, SessionEvent.START)
    assert (outcome.session.due_at - outcome.session.started_at).total_seconds() == 15 * 60


async def test_what_is_left_out_stays_as_somebody_else_just_said_it(make, database):
    place = await make_place(make, database)

    async with database.write(place.staff) as session:
        await get_outlet(session, place.id)
        async with database.write(place.staff) as other:
            await amend_outlet(other, place.id, said={"name": "Booth Braga"}, actor=place.staff)
        await amend_outlet(session, place.id, said={"price_amount": 60_000}, actor=place.staff)

    async with database.read(SYSTEM) as session:
        view = await get_outlet(session, place.id)
    assert (view.outlet.name, view.event.title, view.event.price_amount) == (
        "Booth Braga",
        "Booth Braga",
        60_000,
    )


@pytest.mark.parametrize("over", ["cancelled", "archived"])
async def test_an_outlet_whose_sale_is_over_is_not_opened_by_a_change_nor_said_to_be(make, database, over):
    place = await make_place(make, database)
    async with database.write(place.staff) as session:
        if over == "cancelled":
            event = await session.get_one(Event, place.id)
            await set_status(session, event=event, status=EventStatus.CANCELLED, actor=SYSTEM)
        else:
            await archive_outlet(session, place.id, actor=place.staff)
    draft = OutletDraft("Booth Lama", "Jakarta", price_amount=50_000, is_open=True)

    async with database.write(place.staff) as session:
        await change_outlet(session, place.id, draft=draft, actor=place.staff)
        if over == "cancelled":
            await archive_outlet(session, place.id, actor=place.staff)

    async with database.read(SYSTEM) as session:
        view = await get_outlet(session, place.id)
        changed = [
            record.private.after
            for record in await list_entries(session, place.id)
            if record.entry.action == "event:outlet:changed"
        ]
    assert view.event.status == ("cancelled" if over == "cancelled" else "closed")
    assert changed == [{"name": "Booth Lama"}]
