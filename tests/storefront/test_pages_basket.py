"""Choosing tickets and seats on the pages, without scripts: what is shown, what it costs, what is refused."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from pesan.catalog.models import Event, Seat, TicketType
from pesan.checkout.links import event_path
from pesan.db import Database
from pesan.orders.models import Order, OrderLine
from pesan.orders.moves import LineWish, SeatWish, TypeWish
from tests.storefront.guest import Guest
from tests.support.factories import SYSTEM, Make


@dataclass
class Fair:
    """An event with a standing and a seated type, and ten percent off."""

    guest: Guest
    make: Make
    event: Event
    regular: TicketType
    seated: TicketType
    seats: list[Seat]

    @property
    def path(self) -> str:
        return event_path(self.event.slug, self.event.short_id)

    def query(self, qty: int = 2, *numbers: int, promo: str = "") -> str:
        seats = "".join(f"&seat={self.seats[number].id}" for number in numbers)
        return f"q-{self.regular.id}={qty}{seats}&promo={promo}"

    async def page(self, what: str = "", query: str = "") -> httpx.Response:
        return await self.guest.get(f"{self.path}{what}?{query}")


@pytest.fixture
async def guest(app: FastAPI) -> AsyncIterator[Guest]:
    transport = httpx.ASGITransport(app)
    headers = {"accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield Guest(client)


@pytest.fixture
async def fair(guest: Guest, make: Make) -> Fair:
    event = await make.event(max_per_order=10, capacity=100)
    regular = await make.ticket_type(event, description="Berdiri")
    seated = await make.ticket_type(
        event, name="Tribun", price_amount=250_000, is_seated=True, inventory=3, position=1
    )
    await make.promo(event, code="HEMAT10")
    return Fair(guest, make, event, regular, seated, list(await make.seats(seated, 3)))


def text_of(answer: httpx.Response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


async def test_event_page_shows_types_with_price_and_state(fair: Fair):
    now = datetime.now(UTC)
    await fair.make.ticket_type(fair.event, name="Nanti", sale_opens_at=now + timedelta(days=1))
    await fair.make.ticket_type(fair.event, name="Tadi", sale_closes_at=now - timedelta(days=1))
    await fair.make.ticket_type(fair.event, name="Rahasia", is_hidden=True, access_code="KAWAN")
    last = await fair.make.ticket_type(fair.event, name="Terakhir", inventory=1)
    await fair.make.order(fair.event, lines=(LineWish(1, TypeWish(last.id, last.pool_id)),))

    page = text_of(await fair.page())
    opened = text_of(await fair.page(query="access=kawan"))
    mistyped = text_of(await fair.page(query="access=kawin"))

    for told in (
        "Reguler Berdiri Rp 100.000",
        "Tribun Rp 250.000",
        "Belum dibuka",
        "Penjualan berakhir",
        "Habis",
    ):
        assert told in page
    assert ("Rahasia" in page, "Rahasia" in opened) == (False, True)
    assert ["tidak membuka tiket" in one for one in (page, opened, mistyped)] == [False, False, True]


async def test_event_without_types_is_as_it_was(guest: Guest, make: Make):
    event = await make.event()

    page = (await guest.get(event_path(event.slug, event.short_id))).text

    assert ("Pesan tempat" in page, "Pilih tiket" in page) == (True, False)


async def test_event_with_hidden_types_only_asks_for_the_code_and_sells_no_plain_place(
    guest: Guest, make: Make
):
    event = await make.event()
    await make.ticket_type(event, name="Keluarga", is_hidden=True, access_code="KAWAN")
    path = event_path(event.slug, event.short_id)

    page = (await guest.get(path)).text
    opened = (await guest.get(f"{path}?access=kawan")).text
    quoted = await guest.client.post(
        "/v1/orders/quote", json={"event_id": str(event.id), "items": [{"qty": 1}]}
    )

    assert ("Pilih tiket" in page, "kode akses" in page, "Keluarga" in page) == (True, True, False)
    assert ("Keluarga" in opened, "Pesan tempat" in page) == (True, False)
    assert (quoted.status_code, quoted.json()["code"]) == (422, "orders.ticket_type_needed")


async def test_list_names_the_cheapest_type(fair: Fair):
    await fair.make.ticket_type(fair.event, price_amount=10_000, is_hidden=True, access_code="X")

    assert "mulai Rp 100.000" in text_of(await fair.guest.get("/"))


async def test_steppers_and_totals_work_without_scripts(fair: Fair):
    more = await fair.page(query=f"{fair.query(1)}&more={fair.regular.id}")
    with_promo = await fair.page(query=fair.query(2, promo="hemat10"))

    assert f'name="q-{fair.regular.id}" value="2"' in more.text
    assert "Total Rp 200.000" in text_of(more)
    assert "Potongan −Rp 20.000 Total Rp 180.000" in text_of(with_promo)


async def test_code_that_does_not_apply_says_so_and_keeps_the_choice(fair: Fair):
    page = await fair.page(query=fair.query(2, promo="SALAH"))

    assert "Kode promo ini tidak berlaku untuk pesananmu. " in text_of(page)
    assert f'name="q-{fair.regular.id}" value="2"' in page.text
    assert "Total Rp 200.000" in text_of(page)


async def test_basket_shows_the_servers_sums_and_holds_nothing(fair: Fair, database: Database):
    page = text_of(await fair.page("/basket", fair.query(2, 1, promo="HEMAT10")))

    assert "2 × Reguler Rp 200.000 1 × Tribun A 1-2 Rp 250.000 Potongan −Rp 45.000 Total Rp 405.000" in page
    async with database.read(SYSTEM) as session:
        assert (await session.scalars(select(Order))).all() == []


@pytest.mark.parametrize("what", ["/basket", "/book"])
async def test_nothing_chosen_leads_back_to_the_choice(fair: Fair, what):
    answer = await fair.page(what)

    assert (answer.status_code, answer.headers["location"]) == (303, f"{fair.path}?#tickets")


async def test_seats_are_chosen_by_links_and_by_a_list(fair: Fair):
    taken = SeatWish(fair.seats[2].id, fair.seats[2].pool_id)
    line = LineWish(1, TypeWish(fair.seated.id, fair.seated.pool_id), (taken,))
    await fair.make.order(fair.event, lines=(line,))

    page = (await fair.page("/seats", f"{fair.query(2, 0)}&type={fair.seated.id}")).text

    links = re.findall(r'href="([^"]*)" data-seat="([^"]+)"[^>]*aria-label="([^"]+)"', page)
    assert [(seat, label) for _, seat, label in links] == [
        (str(fair.seats[0].id), "A 1-1, kamu pilih"),
        (str(fair.seats[1].id), "A 1-2, kosong"),
    ]
    assert str(fair.seats[0].id) not in links[0][0]
    assert f"seat={fair.seats[0].id}" in links[1][0]
    assert f"seat={fair.seats[1].id}" in links[1][0]
    boxes = re.findall(r'<input type="checkbox" name="seat" value="([^"]+)"( checked)?( disabled)?>', page)
    assert boxes == [
        (str(fair.seats[0].id), " checked", ""),
        (str(fair.seats[1].id), "", ""),
        (str(fair.seats[2].id), "", " disabled"),
    ]
    assert f'name="q-{fair.regular.id}" value="2"' in page


async def test_seats_of_nothing_are_not_found(fair: Fair):
    for wrong in (f"type={fair.regular.id}", f"type={uuid4()}", "type=x", ""):
        assert (await fair.page("/seats", wrong)).status_code == 404


async def test_sheet_holds_the_basket(fair: Fair, database: Database):
    query = fair.query(2, 1, promo="HEMAT10")
    token = await fair.guest.token(f"{fair.path}/book?{query}")

    answer = await fair.guest.hold(fair.path, token=token, basket=query)

    code = answer.headers["location"].removeprefix("/pay/")
    async with database.read(SYSTEM) as session:
        order = (await session.scalars(select(Order).where(Order.code == code))).one()
        lines = (await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))).all()
    assert (order.state, order.total_amount, order.discount_amount) == ("HOLD", 405_000, 45_000)
    assert sorted((line.title, line.quantity) for line in lines) == [("Reguler", 2), ("Tribun", 1)]
    pay = text_of(await fair.guest.get(f"/pay/{code}"))
    assert "2 × Reguler Rp 200.000 1 × Tribun A 1-2 Rp 250.000 Potongan −Rp 45.000" in pay


async def test_sheet_with_a_seat_that_was_just_taken_says_so_and_holds_nothing(
    fair: Fair, database: Database
):
    query = fair.query(1, 1)
    token = await fair.guest.token(f"{fair.path}/book?{query}")
    taken = SeatWish(fair.seats[1].id, fair.seats[1].pool_id)
    line = LineWish(1, TypeWish(fair.seated.id, fair.seated.pool_id), (taken,))
    await fair.make.order(fair.event, lines=(line,))

    answer = await fair.guest.hold(fair.path, token=token, basket=query)

    assert answer.status_code == 409
    assert "Kursi yang kamu pilih sedang dipesan orang lain." in text_of(answer)
    async with database.read(SYSTEM) as session:
        assert len((await session.scalars(select(Order))).all()) == 1


async def test_tampered_basket_is_never_sold_for_less(fair: Fair, database: Database):
    query = f"q-{fair.regular.id}=2&seat={uuid4()}&price=1&total=1"
    token = await fair.guest.token(f"{fair.path}/book?{fair.query(2)}")

    answer = await fair.guest.hold(fair.path, token=token, basket=query)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{fair.path}?")
    async with database.read(SYSTEM) as session:
        assert (await session.scalars(select(Order))).all() == []


async def test_order_confirmation_leads_its_buyer_to_the_status_page(fair: Fair):
    order = await fair.make.order(
        fair.event, lines=(LineWish(1, TypeWish(fair.regular.id, fair.regular.pool_id)),)
    )
    path = f"/order-confirmation/{order.id}"
    stranger = await fair.guest.get(path)
    await fair.guest.get(f"/b/{order.code}")

    answer = await fair.guest.get(path)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/b/{order.code}")
    assert stranger.headers["location"].startswith("/account/login?next=%2Forder-confirmation%2F")
