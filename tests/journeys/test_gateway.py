"""A buyer pays at a provider's page in a real browser: it works, fails and works again, comes twice, comes late."""

import asyncio
import io
import re
from dataclasses import replace
from email.message import EmailMessage

import pypdf
import pytest
from playwright.async_api import Page, expect

from pesan.orders.states import OrderState
from pesan.payments.gateways.models import GatewayAccount
from pesan.payments.refunds.queries import list_refunds
from pesan.settings import Settings
from tests.journeys.browser import Tab, scripts_ran
from tests.journeys.guests import PAY_URL, Fair, fill_sheet, hold_a_place, open_fair, press_hold
from tests.payments.gateway_steps import add_account, make_gateways
from tests.support.factories import SYSTEM
from tests.support.mailbox import Mailbox
from tests.support.service import Service

SANDBOX_URL = re.compile(r"/sandbox/")


@pytest.fixture
async def fair(database, make, service: Service, settings: Settings) -> Fair:
    opened = await open_fair(database, make, service)
    gateways = make_gateways(database, settings.secret)
    account, _ = await add_account(database, gateways, opened.merchant)
    assert isinstance(account, GatewayAccount)
    await gateways.http.aclose()
    return opened


async def go_to_the_provider(page: Page) -> None:
    await page.get_by_role("button", name="Sandbox").click()
    await page.get_by_role("link", name="Bayar sekarang").click()
    await expect(page).to_have_url(SANDBOX_URL)


async def fill_basket(page: Page, fair: Fair) -> str:
    """Two ticket types and a seat; the booking's code."""
    for name, price in (("Reguler", 100_000), ("Berdiri", 150_000)):
        await fair.make.ticket_type(fair.event, name=name, price_amount=price)
    hall = await fair.make.ticket_type(fair.event, name="Tribun", is_seated=True, position=1)
    await fair.make.seats(hall, 3)
    await page.goto(fair.url())
    await scripts_ran(page)
    for name in ("Reguler", "Berdiri"):
        await page.get_by_role("button", name=f"Tambah {name}").click()
    await expect(page.locator("[data-totals]")).to_contain_text("Rp 250.000")
    await page.get_by_role("button", name="Pilih kursi").click()
    await page.get_by_role("checkbox", name="A 1-2, kosong").locator("visible=true").first.click()
    await page.get_by_role("button", name="Pakai kursi ini").click()
    await page.get_by_role("button", name="Lihat keranjang").click()
    await page.get_by_role("link", name="Isi data").click()
    await fill_sheet(page, name="Asep Budiawan", email="asep@contoh.id")
    await press_hold(page)
    await expect(page).to_have_url(PAY_URL)
    return page.url.rpartition("/")[2]


async def ticket_mail(mailbox: Mailbox, code: str) -> EmailMessage:
    """The mail with this booking's tickets, once it came."""
    async with asyncio.timeout(60):
        while not (found := [mail for mail in mailbox.messages if f"tiket-{code}.pdf" in mail.as_string()]):
            await asyncio.sleep(0.2)
    return found[0]


async def test_two_kinds_and_a_seat_paid_at_the_sandbox_come_by_mail_and_on_the_page(
    fair: Fair, tab: Tab, mailbox: Mailbox
):
    fair = replace(fair, event=await fair.make.event(fair.merchant, capacity=20, max_per_order=5))
    page = tab.page
    code = await fill_basket(page, fair)
    await go_to_the_provider(page)
    assert await tab.inspect(page.url) == []
    await page.get_by_role("button", name="Bayar", exact=True).click()
    await expect(page.get_by_role("heading", name="Sampai jumpa di sana")).to_be_visible()
    await expect(page.locator(".pass__qr svg")).to_have_count(3)
    mail = await ticket_mail(mailbox, code)
    pdf, _ = mail.iter_attachments()
    pages = [one.extract_text() for one in pypdf.PdfReader(io.BytesIO(pdf.get_content())).pages]
    assert mail["To"] == "asep@contoh.id"
    assert [name in text for name, text in zip(("Reguler", "Berdiri", "Tribun"), pages, strict=True)] == [
        True
    ] * 3
    order = await fair.order(code)
    assert (order.state, order.total_amount) == (OrderState.COMPLETED, 350_000)


async def see_codes_turn(page: Page) -> None:
    """Who comes back to an open page sees the code of that moment."""
    code = page.locator("#qr-1")
    await scripts_ran(page)
    await code.evaluate("one => one.replaceChildren()")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(code.locator("svg")).to_be_visible()


async def test_buyer_fails_comes_back_and_pays_twice(fair: Fair, tab: Tab):
    page = tab.page
    code = await hold_a_place(page, fair, email="siti@contoh.id")
    await go_to_the_provider(page)
    await page.get_by_role("button", name="Gagalkan pembayaran").click()
    await expect(page.get_by_text("Pembayaran tadi tidak berhasil")).to_be_visible()
    assert await tab.inspect(page.url) == []
    await go_to_the_provider(page)
    await page.get_by_role("link", name="Kembali ke toko").click()
    await expect(page.get_by_role("heading", name="Menunggu konfirmasi")).to_be_visible()
    assert await tab.axe() == []
    await page.get_by_role("link", name="Belum bayar? Kembali").click()
    await page.get_by_role("link", name="Bayar sekarang").click()
    await page.get_by_role("button", name="Bayar dua kali").click()
    await expect(page.get_by_role("heading", name="Sampai jumpa di sana")).to_be_visible()
    await see_codes_turn(page)

    order = await fair.order(code)
    async with asyncio.timeout(60):  # the worker takes one payment after the other
        while True:
            async with fair.database.read(SYSTEM) as session:
                refunds = await list_refunds(session, order.id)
            if refunds:
                break
            await asyncio.sleep(0.2)
    assert [(refund.cause, refund.amount) for refund in refunds] == [("paid_again", order.total_amount)]
    await page.reload()
    await expect(page.get_by_text("Pesanan ini terbayar lebih dari sekali.")).to_be_visible()


async def leave_late(fair: Fair, page: Page, code: str) -> None:
    """Give the place back with the provider's page still open, and come to that after it was closed."""
    await go_to_the_provider(page)
    sandbox = page.url
    await page.goto(fair.url(f"/pay/{code}"))
    await page.get_by_text("Batalkan pesanan").click()
    await page.get_by_role("button", name="Ya, lepaskan tempatku").click()
    await fair.wait_for(code, OrderState.CANCELLED)
    async with asyncio.timeout(90):  # until the worker has closed the page at the provider
        while True:
            await page.goto(sandbox)
            if await page.get_by_role("button", name="Bayar terlambat").count():
                break
            await asyncio.sleep(1)


async def test_buyer_pays_late_and_gets_the_places_that_are_left(fair: Fair, tab: Tab):
    page = tab.page
    code = await hold_a_place(page, fair, email="asep@contoh.id")
    await leave_late(fair, page, code)
    await page.get_by_role("button", name="Bayar terlambat").click()

    await fair.wait_for(code, OrderState.COMPLETED)
    await page.goto(fair.url(f"/b/{code}"))
    await expect(page.get_by_role("heading", name="Sampai jumpa di sana")).to_be_visible()


async def test_buyer_pays_late_without_places_and_gets_the_money_back(fair: Fair, tab: Tab):
    page, small = tab.page, await fair.make.event(fair.merchant, capacity=1)
    fair = replace(fair, event=small)
    code = await hold_a_place(page, fair, email="siti@contoh.id")
    await leave_late(fair, page, code)
    await fair.make.order(small, buyer_name="Budi Santoso")
    await page.get_by_role("button", name="Bayar terlambat").click()
    order = await fair.order(code)
    async with asyncio.timeout(90):
        while True:
            async with fair.database.read(SYSTEM) as session:
                refunds = await list_refunds(session, order.id)
            if [refund.state for refund in refunds] == ["paid"]:
                break
            await asyncio.sleep(1)

    assert (await fair.order(code)).state == OrderState.CANCELLED
    assert [(refund.cause, refund.method, refund.amount) for refund in refunds] == [
        ("paid_late", "gateway", order.total_amount)
    ]
    await page.goto(fair.url(f"/b/{code}"))
    await expect(page.get_by_text("Rp 150.000 sudah dikembalikan")).to_be_visible()
    assert await tab.axe() == []
