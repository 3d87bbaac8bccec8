"""A booking goes back: taken back with a reason, sent by hand, and seen by the buyer; with scripts and without."""

import re

import pytest
from playwright.async_api import Browser, expect

from pesan.identity.states import MerchantRole
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import CaptureCompanion, RefundCause, RefundDueCompanion
from tests.journeys.browser import visiting
from tests.journeys.staff import Desk, open_desk, sign_in
from tests.support.factories import SYSTEM, Make
from tests.support.service import Service

pytestmark = pytest.mark.browser
LARGE = 6_000_000


@pytest.fixture(scope="module")
async def desk(database, make, service: Service) -> Desk:
    return await open_desk(database, make, service)


async def sell(make: Make, desk: Desk, name: str) -> Order:
    order = await make.order(desk.event, state=OrderState.REVIEW, buyer_name=name, wa="+6281234567890")
    money = CaptureCompanion(order.id, order.merchant_id, order.total_amount)
    await make.move(Move(OrderEvent.APPROVE, order.event_id, SYSTEM, order.id, companions=(money,)))
    return order


async def pay_again(make: Make, order: Order, amount: int) -> None:
    due = RefundDueCompanion(order.id, order.merchant_id, amount, RefundCause.PAID_AGAIN, "Mutasi 21 Nov")
    await make.move(Move(OrderEvent.PAY_AGAIN, order.event_id, SYSTEM, order.id, companions=(due,)))


async def test_organizer_takes_a_booking_back_and_records_the_transfer(
    desk: Desk, make: Make, browser: Browser
):
    order = await sell(make, desk, "Siti Rahma")
    await pay_again(make, await sell(make, desk, "Budi Santoso"), LARGE)
    email = await desk.hire("Rina Kusuma", MerchantRole.ORGANIZER)
    async with visiting(browser) as tab:
        page = tab.page
        page.on("dialog", lambda dialog: dialog.accept())
        await sign_in(page, desk, email, to=f"/bookings/{order.code}")
        await page.locator("form[action$='/refund'] input[name=reason]").fill("Panitia sakit")
        await page.get_by_role("button", name="Kembalikan pesanan ini").click()
        await expect(page).to_have_url(re.compile("/refunds\\?done=approved$"))
        faults = await tab.inspect(desk.url("/refunds"))
        mine = page.get_by_role("article", name=order.code)
        await mine.get_by_label("Nomor referensi transfer").fill("BCA 0012")
        await mine.get_by_role("button", name=re.compile("sudah dikirim")).click()
        await expect(page.get_by_role("status")).to_contain_text("Pembeli diberi tahu")
        await expect(page.get_by_role("article")).to_have_count(1)
        faults += await tab.inspect(desk.url("/refunds?show=all"))
        faults += await tab.inspect(desk.url(f"/bookings/{order.code}"))
        await tab.open(f"{desk.service.url}/b/{order.code}")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Pesananmu dikembalikan")
        assert faults == []
        assert tab.faults == []


async def test_large_refund_takes_two_people_without_scripts(desk: Desk, make: Make, browser: Browser):
    order = await sell(make, desk, "Agus Salim")
    await pay_again(make, order, LARGE)
    for name, shown in (("Ayu Lestari", "Setujui"), ("Bayu Putra", "sudah dikirim")):
        email = await desk.hire(name, MerchantRole.ORGANIZER)
        async with visiting(browser, phone=False, scripts=False) as tab:
            await sign_in(tab.page, desk, email, to="/refunds", scripts=False)
            mine = tab.page.get_by_role("article", name=order.code)
            if shown != "Setujui":
                await mine.get_by_label("Nomor referensi transfer").fill("BCA 0013")
            await mine.get_by_role("button", name=re.compile(shown)).click()
            await expect(tab.page.get_by_role("status")).to_be_visible()
            if shown == "Setujui":
                await expect(mine).to_contain_text("perlu dua orang")
    async with visiting(browser, scripts=False) as tab:
        await sign_in(tab.page, desk, email, to="/refunds", scripts=False)
        await expect(tab.page.get_by_role("article", name=order.code)).to_have_count(0)
