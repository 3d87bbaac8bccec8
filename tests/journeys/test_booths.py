"""An afternoon at an outlet: a customer books and pays, comes and goes, and its staff see it as it happens."""

import asyncio
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from pesan.checkout.links import outlet_path, session_path
from pesan.db import Database
from pesan.identity.service import create_user, set_membership
from pesan.identity.states import MerchantRole
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.queries import get_order_by_code
from pesan.orders.states import OrderState
from pesan.tenancy.models import Merchant
from tests.booths.screens import Corner, open_corner
from tests.journeys.browser import Tab, scripts_ran, visiting
from tests.journeys.guests import PAY_URL, WORK_SECONDS, add_methods, fill_sheet, send_proof
from tests.journeys.phones import TYPE
from tests.journeys.staff import PASSWORD
from tests.payments.steps import approve
from tests.support.booths import book, let_pass, make_place, read_session, zone_of_the_longest_day
from tests.support.factories import SYSTEM, Make
from tests.support.service import Service

pytestmark = pytest.mark.browser
QUARTER = 900


@dataclass
class Afternoon:
    """An outlet with two booths, and everybody who has to do with it."""

    make: Make
    database: Database
    service: Service
    merchant: Merchant
    corner: Corner

    @property
    def board(self) -> str:
        """The staff's board of the outlet."""
        return self.board_of(self.corner.place.id)

    def board_of(self, outlet_id: UUID) -> str:
        return f"{self.service.url}/backoffice/booths/{self.merchant.slug}/outlets/{outlet_id}"

    async def hire(self, role: MerchantRole, outlets: Collection[UUID] | None = None) -> str:
        """Somebody new, for some outlets or for all; their e-mail address."""
        email = f"{new_id().hex[-12:]}@contoh.id"
        async with self.database.write(SYSTEM) as session:
            user = await create_user(session, email=email, name="Rani Putri", password=PASSWORD, actor=SYSTEM)
        async with self.database.write(SYSTEM) as session:
            await set_membership(
                session,
                user_id=user.id,
                merchant_id=self.merchant.id,
                role=role,
                event_ids=outlets,
                actor=SYSTEM,
            )
        return email

    async def order(self, code: str) -> Order:
        async with self.database.read(SYSTEM) as session:
            return await get_order_by_code(session, code)

    async def fulfilled(self, code: str) -> Order:
        """The order, once the worker has made its session."""
        async with asyncio.timeout(WORK_SECONDS):
            while (order := await self.order(code)).state != OrderState.COMPLETED:
                await asyncio.sleep(0.1)
        return order


@pytest.fixture
async def afternoon(make: Make, database: Database, service: Service) -> Afternoon:
    merchant = await make.merchant(slug=f"booth-{new_id().hex[-12:]}")
    await add_methods(database, merchant.id)
    corner = await open_corner(make, database, merchant, zone=zone_of_the_longest_day())
    return Afternoon(make, database, service, merchant, corner)


async def sign_in(tab: Tab, email: str, url: str) -> None:
    """Ask for a page, be sent to log in, and arrive."""
    await tab.open(url)
    await tab.page.locator("#email").fill(email)
    await tab.page.locator("#password").fill(PASSWORD)
    await tab.page.get_by_role("button", name="Masuk").click()
    await expect(tab.page).to_have_url(re.compile(re.escape(url) + "$"))
    await scripts_ran(tab.page)


def tile_of(page: Page, corner: Corner, booth: int = 0) -> Locator:
    return page.locator(f"#booth-{corner.place.booths[booth].id}")


async def book_and_pay(tab: Tab, afternoon: Afternoon, proof: Path) -> str:
    """From the list of outlets to a proof that waits; the booking's code."""
    page, event = tab.page, afternoon.corner.place.event
    await tab.open(afternoon.service.url + outlet_path(event.slug, event.short_id))
    # Nobody may book a time that has begun, which the first one has at every quarter of an hour.
    is_soon = datetime.now(UTC).timestamp() % QUARTER > QUARTER - 120
    await page.locator("a.time").nth(1 if is_soon else 0).click()
    await fill_sheet(page, name="Asep Budiawan", email="asep@contoh.id")
    await page.locator("#terms").check()
    await page.get_by_role("button", name="Tahan jam ini").click()
    await expect(page).to_have_url(PAY_URL)
    code = page.url.rpartition("/")[2]
    await send_proof(page, proof)
    await expect(page).to_have_url(re.compile(f"/b/{code}$"))
    return code


async def test_a_customer_comes_and_goes_while_the_board_follows(
    browser: Browser, afternoon: Afternoon, proof: Path
) -> None:
    corner = afternoon.corner
    staff = await afternoon.hire(MerchantRole.STAFF)
    async with (
        visiting(browser) as customer,
        visiting(browser, phone=False) as desk,
        visiting(browser, phone=False) as booth,
    ):
        await sign_in(desk, staff, afternoon.board)
        tile = tile_of(desk.page, corner)
        await expect(tile).to_contain_text("Kosong")

        code = await book_and_pay(customer, afternoon, proof)
        await approve(afternoon.make, await afternoon.order(code))
        order = await afternoon.fulfilled(code)
        await expect(tile).to_contain_text("Asep")
        page = customer.page
        await expect(page).to_have_url(re.compile(f"{session_path(code)}$"))  # by itself
        await expect(page.get_by_role("img", name="Kode QR untuk datang")).to_be_visible()

        await booth.open(f"{afternoon.service.url}/booth/{corner.booth.id}?pair={await corner.code()}")
        await booth.page.get_by_role("button", name="Pasangkan").click()
        await expect(booth.page.get_by_role("heading", name="Selamat datang")).to_be_visible()
        await booth.page.evaluate(TYPE, f"{afternoon.service.url}/b/{code}")
        await expect(booth.page.get_by_role("heading", name="Halo")).to_be_visible()
        await expect(tile).to_contain_text("Sudah datang")
        await expect(page.get_by_role("heading", name="Kamu sudah terdaftar datang")).to_be_visible()
        await booth.page.get_by_role("button", name="Mulai").click()
        await expect(tile).to_contain_text("Sedang berjalan")
        await expect(page.get_by_role("heading", name="Selamat berfoto")).to_be_visible()
        await booth.page.get_by_role("button", name="Akhiri sesi").click()
        await booth.page.get_by_role("button", name="Ya, akhiri").click()
        await expect(tile).to_contain_text("Kosong")
        await expect(page.get_by_role("heading", name="Terima kasih sudah datang")).to_be_visible()
        assert (await read_session(afternoon.database, order.id)).state == "DONE"
        assert [tab.faults for tab in (customer, desk, booth)] == [[], [], []]


async def test_who_comes_too_late_is_turned_away_and_an_admin_steps_in(
    browser: Browser, afternoon: Afternoon
) -> None:
    corner = afternoon.corner
    order = await book(
        afternoon.make, corner.place, state=OrderState.PAID, buyer_name="Citra Dewi", in_minutes=1
    )
    await afternoon.fulfilled(order.code)
    async with visiting(browser, phone=False) as desk:
        page = desk.page
        await sign_in(desk, await afternoon.hire(MerchantRole.STAFF), afternoon.board)
        tile = tile_of(page, corner)
        await tile.get_by_role("link", name="Ubah status").click()
        await expect(page).to_have_url(re.compile(f"/sessions/{order.id}$"))
        address = page.url
        await let_pass(afternoon.database, order.id, 60)
        await desk.open(address)
        await expect(page.locator(".desk-head")).to_contain_text("Hangus")

        await page.get_by_label("Sudah datang").check()
        await page.get_by_label("Alasan").fill("Terjebak banjir")
        await page.get_by_role("button", name="Ubah statusnya").click()
        await expect(page.get_by_role("status")).to_contain_text("tercatat")
        await expect(page.locator(".desk-head")).to_contain_text("Sudah datang")
        await page.get_by_role("button", name="Batalkan perubahan").click()
        await expect(page.locator(".desk-head")).to_contain_text("Hangus")
        assert desk.faults == []


async def test_an_admin_of_one_outlet_sees_and_does_nothing_in_another(
    browser: Browser, afternoon: Afternoon
) -> None:
    other = await make_place(afternoon.make, afternoon.database, afternoon.merchant, name="Booth Rahasia")
    order = await book(afternoon.make, other, state=OrderState.PAID, in_minutes=5)
    await afternoon.fulfilled(order.code)
    email = await afternoon.hire(MerchantRole.STAFF, [afternoon.corner.place.id])
    async with visiting(browser, phone=False) as desk:
        await sign_in(desk, email, afternoon.board)
        for address in (
            afternoon.board_of(other.id),
            f"{afternoon.board_of(other.id)}/tiles",
            f"{afternoon.board_of(other.id)}/sessions/{order.id}",
        ):
            answer = await desk.open(address)
            assert answer is not None
            assert answer.status == 404
        await desk.open(f"{afternoon.service.url}/backoffice/booths/{afternoon.merchant.slug}")
        await expect(desk.page.locator("main")).not_to_contain_text("Booth Rahasia")
        closed = await desk.page.evaluate(
            """address => new Promise((done) => {
                 const socket = new WebSocket(address);
                 socket.onmessage = (message) => done(message.data);
                 socket.onclose = (end) => done(end.code); })""",
            f"{afternoon.service.url.replace('http', 'ws')}/ws?outlet={other.id}&since=0",
        )
        assert closed == 4403
    assert (await read_session(afternoon.database, order.id)).state == "AWAITING_CUSTOMER"


async def test_a_super_admin_changes_how_long_sessions_take_from_now_on(
    browser: Browser, afternoon: Afternoon
) -> None:
    event = afternoon.corner.place.event
    config = f"{afternoon.service.url}/backoffice/booths/{afternoon.merchant.slug}/config"
    async with visiting(browser, phone=False) as desk, visiting(browser) as customer:
        await sign_in(desk, await afternoon.hire(MerchantRole.ORGANIZER), config)
        await desk.page.get_by_label("Durasi sesi (menit)").fill("20")
        await desk.page.get_by_role("button", name="Simpan").click()
        await expect(desk.page.get_by_role("status")).to_contain_text("Tersimpan")

        await customer.open(afternoon.service.url + outlet_path(event.slug, event.short_id))
        await expect(customer.page.locator("main")).to_contain_text("20 menit")
        starts = await customer.page.locator(".time").all_inner_texts()
        minutes = {re.split(r"[.:]", text.strip())[1][:2] for text in starts}
        assert minutes == {"00", "20", "40"}
        assert desk.faults == customer.faults == []
