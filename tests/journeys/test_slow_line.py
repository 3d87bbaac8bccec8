"""A page is used before its scripts have come over a slow line: nothing that was done meanwhile is lost."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from pesan.identity.states import MerchantRole
from pesan.payments.states import MethodKind
from tests.journeys.browser import Tab, scripts_ran, visiting
from tests.journeys.guests import open_fair
from tests.journeys.staff import open_desk, sign_in
from tests.support.service import Service

pytestmark = pytest.mark.browser
SCRIPTS = re.compile(r"/js/")


@asynccontextmanager
async def before_its_scripts(page: Page, url: str) -> AsyncIterator[None]:
    """Open a page whose scripts come at the end of the block."""
    come = asyncio.Event()

    async def hold(route: Route) -> None:
        await come.wait()
        await route.continue_()

    await page.route(SCRIPTS, hold)
    await page.goto(url, wait_until="commit")
    yield
    come.set()
    await scripts_ran(page)


async def test_what_was_typed_before_the_scripts_came_is_counted(database, make, service: Service, tab: Tab):
    fair = await open_fair(database, make, service, capacity=20, max_per_order=5)
    await make.ticket_type(fair.event, name="Reguler", price_amount=100_000)
    async with before_its_scripts(tab.page, fair.url()):
        await tab.page.locator("input[name^=q-]").fill("2")
    await expect(tab.page.locator("[data-totals]")).to_contain_text("Rp 200.000")


async def test_field_that_was_left_before_the_scripts_came_is_judged(
    database, make, service: Service, tab: Tab
):
    fair = await open_fair(database, make, service)
    async with before_its_scripts(tab.page, fair.url(f"{fair.path}/book")):
        await tab.page.locator("#wa").fill("081234567890")
        await tab.page.locator("#name").fill("As")
        await tab.page.locator("#email").fill("si")  # still being written
    await expect(tab.page.locator("#name")).to_have_attribute("aria-invalid", "true")
    await expect(tab.page.locator("#wa")).to_have_value("+62 812-3456-7890")
    await expect(tab.page.locator("#email-error")).to_have_text("")
    # Nobody types on, and it is kept all the same.
    await expect(tab.page.get_by_text("Tersimpan di perangkat ini saja.")).to_be_visible()
    await tab.page.reload()
    await expect(tab.page.locator("#name")).to_have_value("As")


async def test_button_that_does_nothing_without_scripts_waits_for_them(
    database, make, service: Service, tab: Tab
):
    fair = await open_fair(database, make, service)
    order = await make.order(fair.event)
    await fair.choose(order.code, MethodKind.BANK)
    copy = tab.page.get_by_role("button", name="Salin jumlah")
    async with before_its_scripts(tab.page, fair.url(f"/pay/{order.code}")):
        await expect(copy).to_be_disabled()
    await copy.click()
    await expect(copy).to_have_text("Tersalin")


async def test_a_file_that_staff_chose_before_the_scripts_came_is_named(
    database, make, service: Service, browser: Browser, tmp_path: Path
):
    desk = await open_desk(database, make, service)
    statement = tmp_path / "mutasi.csv"
    statement.write_text("Tanggal,Keterangan,Jumlah\n")
    email = await desk.hire("Rina Kusuma", MerchantRole.STAFF)
    async with visiting(browser, phone=False) as tab:
        await sign_in(tab.page, desk, email)
        async with before_its_scripts(tab.page, desk.url("/statements")):
            await tab.page.set_input_files("#statement-file", statement)
        await expect(tab.page.locator("#statement-file ~ * [data-file-name]")).to_have_text("mutasi.csv")
        assert tab.faults == []
