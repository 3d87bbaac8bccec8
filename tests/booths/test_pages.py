"""The customers' pages over HTTP: an outlet, a day, a time, a hold."""

import re
from collections.abc import AsyncIterator
from datetime import time, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from pesan.booths.present import read_at, write_at
from pesan.booths.service import archive_outlet, close_booth, set_hours
from pesan.booths.slots import Opening
from pesan.db import Database
from pesan.kit.ids import new_id
from pesan.kit.registry import Registry
from tests.booths.customers import TIME, book, day_page, path_of, take, whole_hour
from tests.storefront.guest import Guest
from tests.support import booths
from tests.support.booths import Place, make_place
from tests.support.factories import SYSTEM, Make
from tests.support.queries import CountQueries, counter_for

NASTY = "<script>alert(1)</script>\"'{{7331*7919}}"


@pytest.fixture
async def guest(app: FastAPI) -> AsyncIterator[Guest]:
    transport = httpx.ASGITransport(app)
    headers = {"accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield Guest(client)


@pytest.fixture
def count_web_queries(registry: Registry) -> CountQueries:
    return counter_for(registry[Database].engine)


@pytest.fixture
async def place(make: Make, database: Database) -> Place:
    return await make_place(make, database)


async def count_orders(database: Database) -> int:
    async with database.read(SYSTEM) as session:
        return (await session.execute(text("SELECT count(*) FROM orders"))).scalar_one()


async def test_list_tells_what_today_still_has_and_costs_the_same_for_one_as_for_three(
    guest: Guest, make: Make, database: Database, count_web_queries
):
    found = []
    for places in (1, 2):
        for _ in range(places):
            await make_place(make, database)
        with count_web_queries() as statements:
            page = (await guest.get("/booths")).text
        found.append((page.count("Pilih jam"), page.count("waktu kosong hari ini"), len(statements)))

    assert [cards for cards, _, _ in found] == [1, 3]
    assert found[0][2] == found[1][2]
    # At 23.45 in Jakarta nothing is left of a day, whatever the hours.
    assert found[1][1] in {0, 3}


async def test_archived_outlet_is_off_the_list_and_a_closed_one_says_so(
    guest: Guest, make: Make, database: Database, place: Place
):
    closed = await make_place(make, database, name="Booth Braga", is_open=False)
    async with database.write(SYSTEM) as session:
        await archive_outlet(session, place.id, actor=SYSTEM)

    listed = (await guest.get("/booths")).text
    page = (await guest.get(path_of(closed))).text

    assert ("Booth Braga" in listed, "Booth Kota Tua" in listed, "Tutup" in listed) == (True, False, True)
    assert ("tidak menerima pesanan" in page, TIME.search(page)) == (True, None)


async def test_start_page_leads_to_the_outlets_while_one_is_open(
    guest: Guest, database: Database, place: Place
):
    seen = ['href="/booths"' in (await guest.get("/")).text]
    async with database.write(SYSTEM) as session:
        await archive_outlet(session, place.id, actor=SYSTEM)
    seen.append('href="/booths"' in (await guest.get("/")).text)

    assert seen == [True, False]


async def test_outlet_without_an_open_booth_says_so_and_not_that_it_is_full(
    guest: Guest, database: Database, place: Place
):
    async with database.write(SYSTEM) as session:
        await close_booth(session, place.id, place.booths[0].id, actor=SYSTEM)

    listed, page = (await guest.get("/booths")).text, (await guest.get(day_page(place, whole_hour(48)))).text

    assert ("Belum ada booth yang buka" in listed, "Penuh" in listed) == (True, False)
    assert ("belum punya booth yang buka" in page, ">terisi<" in page, TIME.search(page)) == (
        True,
        False,
        None,
    )


async def test_outlet_is_found_by_its_short_id_and_events_address_leads_there(guest: Guest, place: Place):
    for old in (f"/booths/lama-{place.event.short_id}", f"/x/{place.event.slug}-{place.event.short_id}"):
        answer = await guest.get(old)
        assert (answer.status_code, answer.headers["location"]) == (301, path_of(place))
    sheet = await guest.get(f"/x/{place.event.slug}-{place.event.short_id}/book")
    assert (sheet.status_code, sheet.headers["location"]) == (303, path_of(place))


@pytest.mark.parametrize("query", ["day=kemarin", "day=1999-01-01", "day=9999-12-31", "from=%00x", "gone=1"])
async def test_odd_addresses_are_no_error(guest: Guest, place: Place, query: str):
    assert (await guest.get(f"{path_of(place)}?{query.replace('%00', '')}")).status_code == 200


async def test_time_is_free_while_any_booth_is_and_named_in_the_outlets_zone(
    guest: Guest, make: Make, database: Database
):
    place = await make_place(make, database, booths=2, zone="Asia/Makassar")
    at = whole_hour(30)
    page = f"{path_of(place)}?day={(at + timedelta(hours=8)).date().isoformat()}"
    seen = []
    for booth in (None, 0, 1):
        if booth is not None:
            await take(make, place, at, booth=booth)
        text_of_page = (await guest.get(page)).text
        seen.append((f"at={write_at(at)}" in text_of_page, text_of_page.count(">terisi<")))

    assert seen == [(True, 0), (True, 0), (False, 1)]
    assert re.search(r"\bWITA\b", text_of_page)
    assert not re.search(r"[\d.\s]WIB\b", text_of_page)


async def test_times_after_midnight_are_those_of_the_evening_before(
    guest: Guest, make: Make, database: Database, place: Place
):
    """Open from 22 to 1 on the day after tomorrow alone."""
    day = (whole_hour(48) + timedelta(hours=7)).date()
    hours = [Opening(day.weekday(), time(22), time(1))]
    async with database.write(SYSTEM) as session:
        await set_hours(session, place.id, hours=hours, actor=SYSTEM)

    page = (await guest.get(f"{path_of(place)}?day={day.isoformat()}")).text
    times = TIME.findall(page)
    sheet = await guest.get(times[-1])

    assert len(times) == 12
    assert (sheet.status_code, "00.45 WIB" in sheet.text) == (200, True)
    assert page.count("(tutup)") == 6


async def test_a_time_is_chosen_and_held_and_paid(guest: Guest, place: Place, database: Database):
    page = (await guest.get(day_page(place, whole_hour(30)))).text
    link = TIME.findall(page)[0]
    sheet = (await guest.get(link)).text
    at = whole_hour(30)

    answer = await book(guest, place, at, wa="0812-3456-7890")

    assert 'name="wa"' in sheet
    assert (answer.status_code, answer.headers["location"][:5]) == (303, "/pay/")
    assert (await guest.get(answer.headers["location"])).status_code == 200
    assert f"at={write_at(at)}" not in (await guest.get(day_page(place, at))).text


async def test_sheet_sent_twice_holds_one_time(guest: Guest, place: Place, database: Database):
    at, key = whole_hour(), str(new_id())
    token = await guest.token(f"{path_of(place)}/book?at={write_at(at)}")
    answers = [await book(guest, place, at, key=key, token=token) for _ in range(2)]

    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert await count_orders(database) == 1


async def test_what_costs_nothing_is_booked_at_once(guest: Guest, make: Make, database: Database):
    place = await make_place(make, database, price_amount=0)
    answer = await book(guest, place, whole_hour())
    assert (answer.status_code, answer.headers["location"][:17]) == (303, "/booths/bookings/")


async def test_time_that_was_taken_meanwhile_shows_the_next_ones_and_keeps_what_was_typed(
    guest: Guest, make: Make, place: Place, database: Database
):
    at = whole_hour(30)
    token = await guest.token(f"{path_of(place)}/book?at={write_at(at)}")
    await take(make, place, at)

    answer = await book(guest, place, at, token=token, name="Dewi Lestari", notes="Berlima")

    assert (answer.status_code, await count_orders(database)) == (409, 1)
    assert ("Dewi Lestari" in answer.text, "Berlima" in answer.text) == (True, True)
    assert "baru saja terisi" in answer.text
    assert f'value="{write_at(at + timedelta(minutes=15))}" checked' in answer.text
    opened = await guest.get(f"{path_of(place)}/book?at={write_at(at)}")
    assert (opened.status_code, "gone=1" in opened.headers["location"]) == (303, True)


async def test_sheet_with_mistakes_says_what_to_mend_and_holds_nothing(
    guest: Guest, place: Place, database: Database
):
    answer = await book(guest, place, whole_hour(), name="x", terms="")

    assert (answer.status_code, answer.text.count('aria-invalid="true"')) == (422, 2)
    assert await count_orders(database) == 0


@pytest.mark.parametrize(
    "at", ["", "besok", "2026-01-01T00:00:00Z", "9999-12-31T23:00:00Z", "0001-01-01T00:00:00Z"]
)
async def test_sheet_for_no_time_leads_back_to_the_outlet(guest: Guest, place: Place, at: str):
    answer = await guest.get(f"{path_of(place)}/book?at={at}")
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, path_of(place))


async def test_starting_again_needs_the_earlier_code(guest: Guest, make: Make, place: Place):
    order = await booths.book(make, place, in_minutes=60, buyer_name="Dewi Lestari")
    sheet = f"{path_of(place)}/book?at={write_at(whole_hour(30))}&from={order.code}"
    stranger = (await guest.get(sheet)).text
    await guest.get(f"/b/{order.code}")
    holder = (await guest.get(sheet)).text
    assert ("Dewi Lestari" in stranger, "Dewi Lestari" in holder) == (False, True)
    assert f"from={order.code}" in (await guest.get(f"{path_of(place)}?from={order.code}")).text


async def test_nothing_that_people_type_becomes_markup(guest: Guest, make: Make, database: Database):
    merchant = await make.merchant(name=NASTY)
    place = await make_place(make, database, merchant, name=NASTY, location=NASTY)
    addresses = ["/booths", path_of(place), f"{path_of(place)}/book?at={write_at(whole_hour(30))}"]
    pages = [(await guest.get(address)).text for address in addresses]
    assert [page.count("<script>alert") for page in pages] == [0] * len(pages)
    assert [page.count(str(7331 * 7919)) for page in pages] == [0] * len(pages)


async def test_english_pages_have_no_indonesian_words(guest: Guest, place: Place):
    guest.client.headers["accept-language"] = "en"
    at = whole_hour(30)
    pages = [
        (await guest.get(path)).text
        for path in ("/booths", day_page(place, at), f"{path_of(place)}/book?at={write_at(at)}")
    ]
    words = ("Choose a time", "minutes", "Hold this time")
    assert [word in page for word, page in zip(words, pages, strict=True)] == [True] * 3
    assert [
        word for page in pages for word in ("Pilih jam", "menit", "Tahan jam", "terisi") if word in page
    ] == []


async def test_what_is_left_of_last_nights_hours_is_todays(
    guest: Guest, make: Make, database: Database, place: Place
):
    """Open from yesterday until two hours from now, where that is today."""
    now = whole_hour(0) + timedelta(hours=7)
    opens = (now + timedelta(hours=2)).time()
    yesterday = (now.date() - timedelta(days=1)).weekday()
    async with database.write(SYSTEM) as session:
        await set_hours(session, place.id, hours=[Opening(yesterday, opens, opens)], actor=SYSTEM)

    times = TIME.findall((await guest.get(path_of(place))).text)

    assert len(times) in (range(3, 8) if now.hour < 22 else [0])


def test_moments_at_the_ends_of_the_calendar_are_none_on_any_clock():
    assert [read_at(at) for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")] == [None, None]
