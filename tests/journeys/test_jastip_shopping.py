"""A jastiper shops with one thumb and asks for another price; its buyer agrees on their phone."""

from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, expect

from pesan.db import Database
from pesan.identity.states import MerchantRole
from pesan.jastip.service.orders import confirm_order
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.settings import Settings
from tests.journeys.browser import Tab, visiting
from tests.support.factories import Make
from tests.support.service import Service
from tests.support.trips import Journey, make_journey, make_participant, make_product, order

pytestmark = pytest.mark.browser


@dataclass
class Errand:
    """A trip on which two products of one shop and one of another were paid for, and whose it is."""

    journey: Journey
    placed: Order
    cookies: dict[str, str]

    @property
    def path(self) -> str:
        return f"/jastip/{self.journey.merchant.slug}/trips/{self.journey.id}"


@pytest.fixture
async def errand(make: Make, database: Database, settings: Settings) -> Errand:
    merchant = await make.merchant(name="Jastip by Tina", slug=f"jastip-{new_id().hex[-12:]}")
    journey = await make_journey(make, database, settings, merchant, slug=new_id().hex[-9:])
    banana = await make_product(
        journey, title="Tokyo Banana", slug=new_id().hex[-8:], shop="Don Quijote", stock=9
    )
    mochi = await make_product(journey, title="Mochi stroberi", slug=new_id().hex[-8:], shop="Don Quijote")
    mask = await make_product(journey, title="Masker", slug=new_id().hex[-8:])
    placed = await order(journey, await make_participant(journey, name="Rina"), (banana, 3), (mask, 1))
    other = await order(journey, await make_participant(journey, name="Budi"), (banana, 1), (mochi, 1))
    await order(journey, await make_participant(journey, name="Tono"), (banana, 2))
    for each in (placed, other):
        await confirm_order(journey.counter, each, actor=journey.staff)
    return Errand(journey, placed, await make.session_of(await make.user(merchant, MerchantRole.ORGANIZER)))


async def sign_in(tab: Tab, service: Service, errand: Errand) -> None:
    cookies = errand.cookies.items()
    await tab.page.context.add_cookies(
        [{"name": name, "value": value, "url": service.url} for name, value in cookies]
    )


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_list_is_ticked_off_and_a_price_agreed_to(
    browser: Browser, service: Service, errand: Errand, scripts: bool
) -> None:
    address = f"{service.url}{errand.path}/shopping"
    async with visiting(browser, scripts=scripts) as tab:
        page = tab.page
        await sign_in(tab, service, errand)
        await tab.open(address)
        banana = page.locator("li.errand", has_text="Tokyo Banana")
        await banana.get_by_role("button", name="+1 satu lagi dibeli: Tokyo Banana").click()
        await expect(banana.get_by_text("1 dari 4 dibeli")).to_be_visible()
        await banana.get_by_role("button", name="Semua 3 dibeli: Tokyo Banana").click()
        await expect(banana.get_by_text("Lengkap")).to_be_visible()
        await page.get_by_role("button", name="Urungkan").click()
        await expect(banana.get_by_text("1 dari 4 dibeli")).to_be_visible()
        await banana.get_by_text("Harganya lain?").click()
        await banana.get_by_label("Harga baru per buah").fill("120rb")
        await banana.get_by_role("button", name="Tanya pembeli").click()
        await expect(banana.get_by_text("2 menunggu jawaban")).to_be_visible()
        assert tab.faults == []
    async with visiting(browser, scripts=scripts) as tab:
        page = tab.page
        await tab.open(f"{service.url}/b/{errand.placed.code}")
        await page.get_by_role("link", name="Lihat dan jawab").click()
        await page.get_by_role("button", name="Setuju, +Rp 60.000").click()
        await expect(page.get_by_text("Kamu setuju")).to_be_visible()
        await expect(page.get_by_role("link", name="Bayar sisanya, Rp 60.000")).to_be_visible()
        assert tab.faults == []


async def test_the_pages_are_for_everybody(browser: Browser, service: Service, errand: Errand) -> None:
    address = f"{service.url}{errand.path}/shopping"
    async with visiting(browser) as tab:
        page = tab.page
        await sign_in(tab, service, errand)
        await tab.open(address)
        banana = page.locator("li.errand", has_text="Tokyo Banana")
        await banana.get_by_role("button", name="+1 satu lagi dibeli: Tokyo Banana").click()
        await expect(banana.get_by_text("1 dari 4 dibeli")).to_be_visible()
        await banana.get_by_text("Harganya lain?").click()
        await banana.get_by_label("Harga baru per buah").fill("90rb")
        await banana.get_by_role("button", name="Tanya pembeli").click()
        await expect(banana.get_by_text("2 menunggu jawaban")).to_be_visible()
        found = {
            "list": await tab.inspect(page.url),
            "board": await tab.inspect(f"{service.url}{errand.path}"),
            "prices": await tab.inspect(f"{service.url}/b/{errand.placed.code}/prices"),
            "order": await tab.inspect(f"{service.url}/b/{errand.placed.code}"),
        }
        await page.goto(f"{service.url}/b/{errand.placed.code}/prices")
        await page.get_by_role("button", name="Tidak setuju").click()
        await expect(page.get_by_role("button", name="Tidak setuju")).to_have_count(0)
        found["answered"] = await tab.inspect(page.url)
        assert {name: faults for name, faults in found.items() if faults} == {}
        assert tab.faults == []
