"""Several kinds of tickets and a seat in one order: with scripts, without, by keyboard, and within the pages' rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from pesan.catalog.models import Seat, TicketType
from pesan.orders.moves import LineWish, SeatWish, TypeWish
from pesan.orders.states import OrderEvent
from pesan.tickets.models import Ticket
from tests.journeys.browser import Tab, visiting
from tests.journeys.guests import PAY_URL, STATUS_URL, Fair, fill_sheet, open_fair, press_hold, send_proof
from tests.support.factories import SYSTEM
from tests.support.service import Service

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Hall:
    """A fair that sells standing places and eight seats, the last of them taken, and a promo code."""

    fair: Fair
    regular: TicketType
    seated: TicketType
    seats: Sequence[Seat]

    @property
    def query(self) -> str:
        return f"q-{self.regular.id}=1&seat={self.seats[0].id}&promo=HEMAT10"


@pytest.fixture
async def hall(database, make, service: Service) -> Hall:
    fair = await open_fair(database, make, service, capacity=100, max_per_order=10)
    regular = await make.ticket_type(fair.event, description="Berdiri di depan panggung")
    seated = await make.ticket_type(
        fair.event, name="Tribun", price_amount=250_000, is_seated=True, inventory=8, position=1
    )
    await make.ticket_type(fair.event, name="Habis", inventory=1, position=2, colour="#aa3377")
    await make.promo(fair.event, code="HEMAT10")
    seats = await make.seats(seated, 8)
    taken = (SeatWish(seats[7].id, seats[7].pool_id),)
    await make.order(fair.event, lines=(LineWish(1, TypeWish(seated.id, seated.pool_id), taken),))
    return Hall(fair, regular, seated, seats)


async def go_on(page: Page) -> None:
    """From the event's page by way of the basket to a hold."""
    await page.get_by_role("button", name="Lihat keranjang").click()
    await page.get_by_role("link", name="Isi data").click()
    await fill_sheet(page, name="Asep Budiawan")
    await press_hold(page)
    await expect(page).to_have_url(PAY_URL)


async def test_two_kinds_and_a_seat_with_a_promo_become_tickets(hall: Hall, tab: Tab, proof, database):
    page, fair = tab.page, hall.fair
    await tab.open(fair.url())
    for _ in range(2):
        await page.get_by_role("button", name="Tambah Reguler").click()
    await page.get_by_label("Kode promo").fill("hemat10")
    await expect(page.locator("[data-totals]")).to_contain_text("Rp 180.000")
    await page.get_by_role("button", name="Pilih kursi").click()
    await page.get_by_role("checkbox", name="A 1-3, kosong").locator("visible=true").first.click()
    await expect(page.locator("[data-chosen]")).to_have_text("1 kursi dipilih")
    await page.get_by_role("button", name="Pakai kursi ini").click()
    await expect(page.locator("[data-totals]")).to_contain_text("Rp 405.000")
    await go_on(page)
    code = page.url.rpartition("/")[2]
    await expect(page.get_by_text("1 × Tribun")).to_be_visible()
    await send_proof(page, proof)
    await expect(page).to_have_url(STATUS_URL)
    await fair.decide(code, OrderEvent.APPROVE)
    await expect(page.locator(".pass__qr svg")).to_have_count(3)
    await expect(page.get_by_text("Tribun · A 1-3")).to_be_visible()
    async with database.read(SYSTEM) as session:
        order = await fair.order(code)
        tickets = (await session.scalars(select(Ticket).where(Ticket.order_id == order.id))).all()
    assert order.total_amount == 405_000
    assert [ticket.seat_id for ticket in tickets if ticket.seat_id] == [hall.seats[2].id]
    assert await tab.violations() == []


async def test_basket_is_bought_without_scripts(hall: Hall, browser: Browser):
    async with visiting(browser, scripts=False) as tab:
        page = tab.page
        await page.goto(hall.fair.url())
        await page.get_by_role("button", name="Tambah Reguler").click()
        await expect(page.locator("[data-totals]")).to_contain_text("Rp 100.000")
        await page.get_by_role("button", name="Pilih kursi").click()
        await page.get_by_role("link", name="A 1-1, kosong").click()
        await page.get_by_role("checkbox", name="A 1-2, kosong").check()
        await page.get_by_role("button", name="Pakai kursi ini").click()
        await expect(page.locator("[data-totals]")).to_contain_text("Rp 600.000")
        await go_on(page)
        order = await hall.fair.order(page.url.rpartition("/")[2])
        assert (order.quantity, order.total_amount) == (3, 600_000)


async def test_seats_are_chosen_by_keyboard(hall: Hall, tab: Tab):
    page = tab.page
    await tab.open(hall.fair.url(f"{hall.fair.path}/seats?type={hall.seated.id}"))
    await page.locator("[data-seat]").first.focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-chosen]")).to_have_text("2 kursi dipilih")
    await page.get_by_role("button", name="Pakai kursi ini").click()
    await expect(page.get_by_text("A 1-2, A 1-3")).to_be_visible()


@pytest.mark.parametrize("phone", [True, False])
async def test_pages_of_a_basket_break_no_rule(hall: Hall, browser: Browser, phone):
    async with visiting(browser, phone=phone) as tab:
        found = {path: await tab.inspect(hall.fair.url(path)) for path in addresses(hall)}
        assert {path: faults for path, faults in found.items() if faults} == {}
        assert tab.faults == []


def addresses(hall: Hall) -> list[str]:
    path = hall.fair.path
    return [
        path,
        f"{path}?{hall.query}",
        f"{path}?{hall.query}X",
        f"{path}/seats?type={hall.seated.id}&{hall.query}",
        f"{path}/basket?{hall.query}",
        f"{path}/book?{hall.query}",
    ]
