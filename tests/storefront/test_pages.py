"""The guest's pages over HTTP: what they answer, refuse, and never show."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from pesan.catalog.models import Event
from pesan.catalog.service import set_status
from pesan.catalog.states import EventStatus
from pesan.checkout.links import event_path
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.orders.states import OrderState
from tests.storefront.guest import Guest
from tests.support.database import places_taken
from tests.support.factories import SYSTEM, Make
from tests.support.queries import CountQueries, counter_for

NASTY = "<script>alert(1)</script>\"'{{7331*7919}}"
CARD = re.compile(r'<li class="event">')
STATES = [state for state in OrderState if state not in {OrderState.EXPIRED, OrderState.REFUNDED}]


@pytest.fixture
async def guest(app: FastAPI) -> AsyncIterator[Guest]:
    transport = httpx.ASGITransport(app)
    headers = {"accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield Guest(client)


@pytest.fixture
def count_web_queries(registry: Registry) -> CountQueries:
    return counter_for(registry[Database].engine)


def path_of(event) -> str:
    return event_path(event.slug, event.short_id)


async def test_event_is_found_by_its_short_id_and_sent_to_its_address(guest: Guest, make: Make):
    event = await make.event()
    answer = await guest.get(f"/x/nama-lama-{event.short_id}")
    assert (answer.status_code, answer.headers["location"]) == (301, path_of(event))


@pytest.mark.parametrize(
    "path", ["/x/-", "/x/tidak-ada-00000000", "/m/tidak-ada", "/b/0000000000000", "/pay/0000000000000"]
)
async def test_unknown_address_gets_a_page_that_leads_on(guest: Guest, path):
    answer = await guest.get(path)
    assert answer.status_code == 404
    assert 'href="/"' in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "cursor=zzz",
        "price=999999999999999999999",
        "date_from=kemarin",
        "date_to=9999-12-31",
        "q=%25_%5C",
        "available=x",
    ],
)
async def test_odd_filters_are_no_error(guest: Guest, make: Make, query):
    await make.event()
    assert (await guest.get(f"/?{query}")).status_code == 200


async def test_filters_narrow_the_list(guest: Guest, make: Make):
    merchant = await make.merchant()
    await make.event(merchant, title="Murah", price_amount=50_000, city="Bandung")
    await make.event(merchant, title="Mahal", price_amount=900_000, city="Bandung")
    await make.event(merchant, title="Jauh", price_amount=50_000, city="Makassar")
    page = (await guest.get(f"/m/{merchant.slug}?price=100000&city=bandung")).text
    assert (len(CARD.findall(page)), "Murah" in page) == (1, True)


async def test_list_costs_the_same_for_one_event_as_for_three(guest: Guest, make: Make, count_web_queries):
    merchant = await make.merchant()
    costs = []
    for events in (1, 2):
        for _ in range(events):
            await make.event(merchant)
        with count_web_queries() as statements:
            page = await guest.get(f"/m/{merchant.slug}")
        costs.append((len(CARD.findall(page.text)), len(statements)))
    assert [events for events, _ in costs] == [1, 3]
    assert costs[0][1] == costs[1][1]


async def test_draft_is_nobodys_business(guest: Guest, make: Make):
    event = await make.event(status="draft")
    assert (await guest.get(path_of(event))).status_code == 404
    assert (await guest.get(f"{path_of(event)}/book")).status_code == 404


@pytest.mark.parametrize("status", ["closed", "cancelled"])
async def test_closed_event_is_readable_but_not_bookable(guest: Guest, make: Make, status):
    event = await make.event(status=status)
    assert event.title in (await guest.get(path_of(event))).text
    sheet = await guest.get(f"{path_of(event)}/book")
    assert (sheet.status_code, sheet.headers["location"]) == (303, path_of(event))


async def test_sale_that_opens_later_says_when(guest: Guest, make: Make):
    event = await make.event(sale_opens_at=datetime.now(UTC) + timedelta(days=2))
    page = (await guest.get(path_of(event))).text
    assert ("Pemesanan dibuka" in page, "/book" in page) == (True, False)


async def test_hold_leads_to_the_pay_page_and_keeps_the_code(guest: Guest, make: Make):
    event = await make.event()
    answer = await guest.hold(path_of(event))
    assert (answer.status_code, answer.headers["location"][:5]) == (303, "/pay/")
    assert (await guest.get(answer.headers["location"])).status_code == 200
    assert len(re.findall(r'class="kept', (await guest.get("/b")).text)) == 1


async def test_sheet_sent_twice_holds_one_place(guest: Guest, make: Make, database):
    event = await make.event()
    key = "0191d2a0-7c3e-7000-8000-000000000001"
    answers = [await guest.hold(path_of(event), key=key) for _ in range(2)]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert await places_taken(database, event.id) == 1


async def test_sheet_without_its_token_is_refused(guest: Guest, make: Make, database):
    event = await make.event()
    answer = await guest.client.post(f"{path_of(event)}/book", data={"name": "Asep"})
    assert answer.status_code == 403
    assert await places_taken(database, event.id) == 0


async def test_refused_sheet_keeps_what_was_typed(guest: Guest, make: Make):
    event = await make.event(capacity=1)
    token = await guest.token(f"{path_of(event)}/book")
    await make.order(event)
    answer = await guest.hold(path_of(event), token=token, name="Dewi Lestari", notes="Kursi roda")
    assert answer.status_code == 409
    assert "Dewi Lestari" in answer.text
    assert "Kursi roda" in answer.text
    assert "Antrean penuh, coba beberapa saat lagi." in answer.text


async def test_starting_again_needs_the_earlier_code(guest: Guest, make: Make):
    event = await make.event()
    order = await make.order(event, state=OrderState.CANCELLED, buyer_name="Dewi Lestari")
    stranger = (await guest.get(f"{path_of(event)}/book?from={order.code}")).text
    await guest.get(f"/b/{order.code}")
    holder = (await guest.get(f"{path_of(event)}/book?from={order.code}")).text
    assert ("Dewi Lestari" in stranger, "Dewi Lestari" in holder) == (False, True)


@pytest.mark.parametrize("state", STATES)
async def test_status_page_stands_in_every_state(guest: Guest, make: Make, state):
    order = await make.order(state=state)
    assert (await guest.get(f"/b/{order.code}")).status_code == 200


@pytest.mark.parametrize("state", [OrderState.REVIEW, OrderState.CANCELLED])
async def test_pay_page_of_a_booking_that_moved_on_is_its_status_page(guest: Guest, make: Make, state):
    order = await make.order(state=state)
    answer = await guest.get(f"/pay/{order.code}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/b/{order.code}")


async def test_nothing_that_people_type_becomes_markup(guest: Guest, make: Make):
    merchant = await make.merchant(name=NASTY)
    event = await make.event(
        merchant, title=NASTY, summary=NASTY, description=NASTY, venue=NASTY, address=NASTY, city=NASTY
    )
    order = await make.order(event, state=OrderState.REJECTED, buyer_name=NASTY, notes=NASTY)
    addresses = [
        "/",
        f"/m/{merchant.slug}",
        path_of(event),
        f"{path_of(event)}/book",
        f"/b/{order.code}",
        f"/b?code={NASTY}",
    ]
    pages = [(await guest.get(address)).text for address in addresses]
    assert [page.count("<script>alert") for page in pages] == [0] * len(pages)
    assert [page.count(str(7331 * 7919)) for page in pages] == [0] * len(pages)


async def test_personal_pages_are_kept_by_no_cache(guest: Guest, make: Make):
    order = await make.order()
    headers = [(await guest.get(path)).headers for path in (f"/b/{order.code}", f"/pay/{order.code}")]
    assert [each["cache-control"] for each in headers] == ["no-store", "no-store"]


async def test_papers_of_an_unpaid_booking_are_its_summary_only(guest: Guest, make: Make):
    code = (await make.order()).code
    names = ("summary.pdf", "tickets.pdf", "certificate.pdf", "calendar.ics")
    assert [(await guest.get(f"/b/{code}/{name}")).status_code for name in names] == [200, 404, 404, 404]


async def test_english_is_complete_enough_to_have_no_indonesian_button(guest: Guest, make: Make):
    event = await make.event()
    guest.client.headers["accept-language"] = "en"
    page = (await guest.get(path_of(event))).text
    assert ("Book a place" in page, "Pesan tempat" in page) == (True, False)


@pytest.mark.parametrize("state", [OrderState.HOLD, OrderState.REVIEW, OrderState.PAID, OrderState.COMPLETED])
async def test_status_page_of_a_cancelled_event_says_so_and_shows_no_ticket(
    guest: Guest, make: Make, database: Database, state
):
    order = await make.order(state=state)
    async with database.write(SYSTEM) as session:
        event = await session.get_one(Event, order.event_id)
        await set_status(session, event=event, status=EventStatus.CANCELLED, actor=SYSTEM)

    page = (await guest.get(f"/b/{order.code}")).text

    assert "Acaranya dibatalkan" in page
    assert [
        word for word in ("Sampai jumpa", "Tunjukkan QR", "Lanjut bayar", "Tiketmu") if word in page
    ] == []
