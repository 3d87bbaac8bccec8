"""Super admins of the booth desk run outlets, their hours, booths and times; and nobody else does."""

from datetime import time

import pytest

from pesan.booths.models import Outlet
from pesan.booths.queries.configs import Config, get_config
from pesan.booths.queries.outlets import OutletView, get_outlet, list_booths, list_hours
from pesan.booths.service import set_config
from pesan.booths.slots import Opening
from pesan.identity.states import MerchantRole
from tests.backoffice.conftest import Team
from tests.backoffice.counters import open_outlet, page_of, sign_in_at
from tests.support.booths import Place, book, book_session, read_session
from tests.support.factories import SYSTEM

OUTLET = {"name": "Booth Blok M", "location": "Lantai 2", "zone": "Asia/Makassar", "price_amount": "35.000"}


async def read_outlet(team: Team, place: Place) -> OutletView:
    async with team.database.read(SYSTEM) as session:
        return await get_outlet(session, place.id)


async def booths_of(team: Team, place: Place) -> list[tuple[str, bool]]:
    async with team.database.read(SYSTEM) as session:
        return [(booth.name, booth.is_closed) for booth in await list_booths(session, place.id)]


async def test_an_outlet_is_made_and_changed(team: Team):
    browser, base = await team.sign_in("organizer"), f"/backoffice/booths/{team.merchant.slug}"

    empty = await browser.get(base)
    wrong = await browser.submit(f"{base}/outlets/new", f"{base}/outlets", {**OUTLET, "zone": "Mars/Base"})
    made = await browser.submit(f"{base}/outlets/new", f"{base}/outlets", {**OUTLET, "is_open": "true"})
    page = made.headers["location"].partition("?")[0]
    changed = await browser.submit(page, page, {**OUTLET, "name": "Booth Sarinah", "reschedule_minutes": "0"})

    assert f'href="{base}/outlets/new"' in empty.text
    assert (wrong.status_code, changed.headers["location"]) == (422, f"{page}?done=saved")
    async with team.database.read(SYSTEM) as session:
        (outlet,) = (
            await session.scalars(Outlet.__table__.select().with_only_columns(Outlet.event_id))
        ).all()
        view = await get_outlet(session, outlet)
    assert (view.outlet.name, view.outlet.location, view.outlet.zone) == (
        "Booth Sarinah",
        "Lantai 2",
        "Asia/Makassar",
    )
    assert (view.event.price_amount, view.outlet.reschedule_minutes, view.is_open) == (35_000, 0, False)
    assert "Booth Sarinah" not in (await browser.get(f"{team.path}/events")).text


async def test_hours_are_several_a_day_and_may_go_on_past_midnight(team: Team):
    place = await open_outlet(team)
    browser, page = await team.sign_in("organizer"), page_of(team, place)
    typed = {"opens-0-0": "09:00", "closes-0-0": "12:00", "opens-0-1": "13:00", "closes-0-1": "02:00"}

    half = await browser.submit(f"{page}/edit", f"{page}/hours", {**typed, "opens-3-0": "09:00"})
    async with team.database.read(SYSTEM) as session:
        untouched = len(await list_hours(session, place.id))
    await browser.submit(f"{page}/edit", f"{page}/hours", typed)
    shown = await browser.get(f"{page}/edit")

    assert (half.status_code, untouched) == (422, 7)
    assert 'value="13:00"' in half.text
    async with team.database.read(SYSTEM) as session:
        hours = await list_hours(session, place.id)
    assert hours == [Opening(0, time(9), time(12)), Opening(0, time(13), time(2))]
    assert shown.text.count('type="time"') == 2 * (3 + 6)  # what there is, and one more for each day


async def test_booths_are_added_named_closed_and_opened(team: Team):
    place = await open_outlet(team)
    browser, page = await team.sign_in("organizer"), page_of(team, place)
    one = f"{page}/booths/{place.booths[0].id}"

    await browser.submit(f"{page}/edit", f"{page}/booths", {"name": "Booth Kaca"})
    twice = await browser.submit(f"{page}/edit", f"{page}/booths", {"name": "booth kaca"})
    await browser.submit(f"{page}/edit", one, {"name": "Booth Depan"})
    await browser.submit(f"{page}/edit", f"{one}/closed", {"is_closed": "true"})
    closed = await booths_of(team, place)
    await browser.submit(f"{page}/edit", f"{one}/closed", {"is_closed": "false"})

    assert (twice.status_code, "Sudah ada booth dengan nama ini" in twice.text) == (409, True)
    assert closed == [("Booth Depan", True), ("Booth Kaca", False)]
    assert await booths_of(team, place) == [("Booth Depan", False), ("Booth Kaca", False)]


async def test_an_outlet_with_bookings_is_not_archived(team: Team):
    place = await open_outlet(team)
    await book(team.make, place)
    idle = await open_outlet(team, "Booth Blok M")
    browser = await team.sign_in("organizer")

    answers = []
    for each in (place, idle):
        page = page_of(team, each)
        answers.append(await browser.submit(f"{page}/edit", f"{page}/archive", {"is_archived": "true"}))

    assert [answer.status_code for answer in answers] == [409, 303]
    assert "masih punya 1 pesanan" in answers[0].text
    states = [(await read_outlet(team, each)).outlet.is_archived for each in (place, idle)]
    assert states == [False, True]


async def test_times_are_changed_for_what_comes_and_not_for_what_is_booked(team: Team):
    place = await open_outlet(team)
    booked = await book_session(team.make, team.database, place)
    browser, page = await team.sign_in("organizer"), f"/backoffice/booths/{team.merchant.slug}/config"
    times = {"session_duration_minutes": "20", "arrival_tolerance_minutes": "5"}

    wrong = await browser.submit(page, page, {**times, "session_duration_minutes": "0"})
    saved = await browser.submit(page, page, times)
    shown = await browser.get(page)

    assert (wrong.status_code, saved.headers["location"]) == (422, f"{page}?done=saved")
    async with team.database.read(SYSTEM) as session:
        assert await get_config(session, team.merchant.id) == Config(20, 5)
    kept = await read_session(team.database, booked.id)
    assert (kept.duration_minutes, kept.tolerance_minutes) == (15, 15)
    assert ("15 → 20 menit" in shown.text, "Rina organizer" in shown.text) == (True, True)


@pytest.mark.parametrize("role", [MerchantRole.STAFF, MerchantRole.ORGANIZER])
async def test_whoever_is_limited_to_an_outlet_runs_none(team: Team, role: MerchantRole):
    own, other = await open_outlet(team), await open_outlet(team, "Booth Blok M")
    async with team.database.write(SYSTEM) as session:
        await set_config(session, team.merchant.id, config=Config(20, 5), actor=SYSTEM)
    browser, base = await sign_in_at(team, [own.id], role), f"/backoffice/booths/{team.merchant.slug}"
    asked = {
        "/config": {"session_duration_minutes": "1", "arrival_tolerance_minutes": "1"},
        "/outlets": OUTLET,
        **{
            f"/outlets/{place.id}{end}": {**OUTLET, "is_archived": "true", "is_closed": "true"}
            for place in (own, other)
            for end in ("/edit", "/hours", "/archive", "/booths", f"/booths/{place.booths[0].id}/closed")
        },
    }

    menu = await browser.get(base)
    pages = [(await browser.get(f"{base}{end}")).status_code for end in ("/config", "/outlets/new")]
    sent = [(await browser.submit(base, f"{base}{end}", form)).status_code for end, form in asked.items()]

    assert [word in menu.text for word in ("/config", "/outlets/new", "/team", "Blok M")] == [False] * 4
    assert (set(pages), set(sent)) == ({403}, {403})
    assert await booths_of(team, other) == await booths_of(team, own) == [("Booth 1", False)]
    async with team.database.read(SYSTEM) as session:
        assert await get_config(session, team.merchant.id) == Config(20, 5)


async def test_the_team_is_limited_to_outlets_by_their_names(team: Team):
    place = await open_outlet(team)
    browser = await team.sign_in("organizer")

    page = await browser.get(f"{team.path}/team")

    assert f'value="{place.id}"' in page.text
    assert "Booth Kota Tua · outlet" in page.text
