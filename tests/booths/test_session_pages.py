"""The page of a booked session over HTTP: where it stands, what is shown on arriving, and another time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from pesan.booths.desk import BoothDesk
from pesan.booths.moves import SessionMove
from pesan.booths.present import write_at
from pesan.booths.states import SessionEvent, SessionState
from pesan.checkout.links import order_topic
from pesan.db import Database
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.realtime import Hub
from pesan.realtime.hub import Signal
from tests.booths.customers import path_of, take, whole_hour
from tests.storefront.guest import Guest
from tests.support.booths import Place, book, book_session, let_pass, make_place, move_session, read_session
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make


@pytest.fixture
async def guest(app: FastAPI) -> AsyncIterator[Guest]:
    transport = httpx.ASGITransport(app)
    headers = {"accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield Guest(client)


@pytest.fixture
async def place(make: Make, database: Database) -> Place:
    return await make_place(make, database, booths=2, zone="Asia/Makassar")


@pytest.fixture
def booked(make: Make, database: Database, place: Place):
    """A paid session that begins in so many minutes, with its code."""

    async def book_one(minutes: int = 180, **wish):
        session = await book_session(make, database, place, in_minutes=minutes, **wish)
        async with database.read(SYSTEM) as reading:
            return session, (await reading.get_one(Order, session.id)).code

    return book_one


def page_of(code: str) -> str:
    return f"/booths/bookings/{code}"


def question(code: str, at: datetime) -> str:
    return f"{page_of(code)}/reschedule?at={write_at(at)}"


async def reschedule(guest: Guest, code: str, at: datetime, token: str) -> httpx.Response:
    form = {"at": write_at(at), "csrf_token": token}
    return await guest.client.post(f"{page_of(code)}/reschedule", data=form)


async def test_paid_booking_is_its_session_with_a_code_to_show(guest: Guest, booked):
    session, code = await booked()

    answer = await guest.get(f"/b/{code}")
    page = (await guest.get(page_of(code))).text

    assert (answer.status_code, answer.headers["location"]) == (303, page_of(code))
    assert ("Menunggu kedatangan" in page, "Kode QR untuk datang" in page, "WITA" in page) == (
        True,
        True,
        True,
    )
    late = (session.arrive_until + timedelta(hours=8)).strftime("%H.%M WITA")
    assert f"Datang paling lambat {late}" in page


async def test_every_page_of_a_booking_goes_by_the_outlets_clocks(guest: Guest, make: Make, place: Place):
    held, paid = [
        await book(make, place, booth=booth, in_minutes=180, state=state)
        for booth, state in enumerate((OrderState.HOLD, OrderState.PAID))
    ]

    pages = [f"/pay/{held.code}", f"/b/{held.code}", f"/b/{paid.code}", "/b"]
    seen = [((await guest.get(path)).text) for path in pages]

    assert [("WITA" in text, "WIB" in text) for text in seen] == [(True, False)] * 4


@pytest.mark.parametrize("state", [OrderState.HOLD, OrderState.REVIEW, OrderState.PAID, OrderState.CANCELLED])
async def test_booking_without_a_session_is_its_own_page(
    guest: Guest, make: Make, place: Place, state: OrderState
):
    order = await book(make, place, in_minutes=180, state=state)
    answer = await guest.get(page_of(order.code))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/b/{order.code}")
    page = await guest.get(f"/b/{order.code}")
    assert (page.status_code, "Tiket" in page.text) == (200, False)


async def test_refunded_session_tells_where_the_money_is(guest: Guest, make: Make, booked, place: Place):
    session, code = await booked()
    await make.move(Move(OrderEvent.REFUND, place.id, SYSTEM, session.id, reason="Mesin rusak"))
    assert (await guest.get(page_of(code))).headers["location"] == f"/b/{code}"
    assert "Sesinya tidak berlaku lagi" in (await guest.get(f"/b/{code}")).text


async def test_page_says_in_words_where_the_session_stands(guest: Guest, database: Database, booked):
    session, code = await booked(0)
    found = []
    for event in (SessionEvent.ARRIVE, SessionEvent.START, None):
        if event:
            await move_session(database, session.id, event)
        else:
            await let_pass(database, session.id, 60)
        page = (await guest.get(page_of(code))).text
        found += [word for word in ("Sudah datang", "Sedang berjalan", "Terima kasih") if word in page]
        assert "Kode QR" not in page
    assert found == ["Sudah datang", "Sedang berjalan", "Terima kasih"]


async def test_late_session_is_over_before_anybody_wrote_it_down(guest: Guest, database: Database, booked):
    session, code = await booked(0)
    await let_pass(database, session.id, 60)
    page = (await guest.get(page_of(code))).text
    assert ("Hangus" in page, "Kode QR" in page, f"from={code}" in page) == (True, False, True)


async def test_stopped_session_says_whom_to_ask_and_not_what_staff_wrote(
    guest: Guest, database: Database, booked
):
    session, code = await booked()
    reason = {"target": SessionState.OVERRIDDEN, "reason": "Pelanggan sulit"}
    await move_session(database, session.id, SessionEvent.OVERRIDE, **reason)
    page = (await guest.get(page_of(code))).text
    assert ("Dibatalkan petugas" in page, "Pelanggan sulit" in page) == (True, False)


async def test_another_code_finds_nothing(guest: Guest, booked):
    _, code = await booked()
    wrong = [page_of("0" * 13), f"{page_of('0' * 13)}/events", f"{page_of('0' * 13)}/reschedule"]
    assert [(await guest.get(path)).status_code for path in wrong] == [404] * 3
    assert (await guest.get(page_of(code))).headers["cache-control"] == "no-store"


async def test_english_page_has_no_indonesian_words(guest: Guest, booked):
    _, code = await booked()
    guest.client.headers["accept-language"] = "en"
    pages = [(await guest.get(path)).text for path in (page_of(code), f"{page_of(code)}/reschedule")]
    assert ["See you at" in pages[0], "Choose another time" in pages[1]] == [True, True]
    words = ("Sampai jumpa", "Datang paling", "Ganti jam", "Pilih jam", "terisi")
    assert [word for page in pages for word in words if word in page] == []


async def test_another_time_is_chosen_and_the_old_one_is_free_again(guest: Guest, database: Database, booked):
    session, code = await booked(180, booth=1)
    token = await guest.token(question(code, whole_hour(30)))

    answer = await reschedule(guest, code, whole_hour(30), token)
    again = await reschedule(guest, code, whole_hour(30), token)

    assert [each.headers["location"] for each in (answer, again)] == [page_of(code)] * 2
    moved = await read_session(database, session.id)
    assert (moved.starts_at, moved.state) == (whole_hour(30), SessionState.AWAITING_CUSTOMER)
    assert [each for each in await offenders(database) if not str(each[0]).startswith("payments.")] == []


async def test_too_late_or_after_arriving_nothing_is_changed(
    guest: Guest, database: Database, place: Place, booked
):
    late, late_code = await booked(30)
    there, there_code = await booked(0, booth=1)
    token = await guest.token(f"{path_of(place)}/book?at={write_at(whole_hour(30))}")
    await move_session(database, there.id, SessionEvent.ARRIVE)

    for session, code in ((late, late_code), (there, there_code)):
        assert (await guest.get(f"{page_of(code)}/reschedule")).headers["location"] == page_of(code)
        refused = await reschedule(guest, code, whole_hour(30), token)
        assert (refused.status_code, "tidak bisa diganti" in refused.text) == (409, True)
        assert (await read_session(database, session.id)).starts_at == session.starts_at


async def test_of_two_who_want_the_last_booth_one_gets_it_and_the_other_keeps_theirs(
    guest: Guest, make: Make, database: Database, place: Place, booked
):
    await take(make, place, whole_hour(30))
    rivals = [await booked(180 + 30 * n) for n in range(2)]
    token = await guest.token(question(rivals[0][1], whole_hour(30)))

    answers = await asyncio.gather(*(reschedule(guest, code, whole_hour(30), token) for _, code in rivals))

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    now = [await read_session(database, session.id) for session, _ in rivals]
    kept = [one.starts_at == before.starts_at for one, (before, _) in zip(now, rivals, strict=True)]
    assert sorted(kept) == [False, True]
    assert "baru saja terisi" in next(answer.text for answer in answers if answer.status_code == 409)
    assert [each for each in await offenders(database) if not str(each[0]).startswith("payments.")] == []


async def test_page_hears_of_its_own_session_and_not_of_the_others(database: Database, booked):
    mine, _ = await booked(0)
    other, _ = await booked(0, booth=1)
    hub = Hub()
    desk = BoothDesk(database, hub, SaleDesk(database, hub))
    with hub.subscribe([order_topic(mine.id)]) as subscription:
        for session, woken in ((other, Signal.IDLE), (mine, Signal.CHANGED)):
            await desk.submit(SessionMove(SessionEvent.ARRIVE, session.id, SYSTEM))
            assert await subscription.wait(0.05) is woken
