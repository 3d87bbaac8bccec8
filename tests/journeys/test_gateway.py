"""A buyer pays at a provider's page in a real browser: it works, it fails and works again, and comes twice."""

import asyncio
import re
from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from pesan.orders.states import OrderState
from pesan.payments.gateways.models import GatewayAccount
from pesan.payments.refunds.queries import list_refunds
from pesan.settings import Settings
from tests.journeys.browser import Tab
from tests.journeys.guests import PAY_URL, Fair, hold_a_place, open_fair
from tests.payments.gateway_steps import add_account, make_gateways
from tests.support.factories import SYSTEM
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


async def test_buyer_pays_at_the_sandbox_and_gets_tickets(fair: Fair, tab: Tab):
    page = tab.page
    code = await hold_a_place(page, fair, email="asep@contoh.id")
    await go_to_the_provider(page)
    assert await tab.violations() == []
    await page.get_by_role("button", name="Bayar", exact=True).click()
    await expect(page.get_by_role("heading", name="Sampai jumpa di sana")).to_be_visible(timeout=30_000)
    await expect(page.locator(".pass__qr svg")).to_be_visible()
    assert (await fair.order(code)).state == OrderState.COMPLETED


async def test_buyer_fails_comes_back_and_pays_twice(fair: Fair, tab: Tab):
    page = tab.page
    code = await hold_a_place(page, fair, email="siti@contoh.id")
    await go_to_the_provider(page)
    await page.get_by_role("button", name="Gagalkan pembayaran").click()
    await expect(page).to_have_url(PAY_URL)
    await expect(page.get_by_role("heading", name="Pilih cara bayar")).to_be_visible(timeout=30_000)
    await go_to_the_provider(page)
    await page.get_by_role("button", name="Bayar dua kali").click()
    await expect(page.get_by_role("heading", name="Sampai jumpa di sana")).to_be_visible(timeout=30_000)

    order = await fair.order(code)
    async with fair.database.read(SYSTEM) as session:
        refunds = await list_refunds(session, order.id)
    assert [(refund.cause, refund.amount) for refund in refunds] == [("paid_again", order.total_amount)]


async def leave_late(fair: Fair, page: Page, code: str) -> None:
    """Give the place back with the provider's page still open, and come to that after it was closed."""
    await go_to_the_provider(page)
    sandbox = page.url
    await page.goto(fair.url(f"/pay/{code}"))
    await page.get_by_text("Batalkan pesanan").click()
    await page.get_by_role("button", name="Ya, lepaskan tempatku").click()
    await fair.wait_for(code, OrderState.CANCELLED)
    async with asyncio.timeout(45):  # until the worker has closed the page at the provider
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
