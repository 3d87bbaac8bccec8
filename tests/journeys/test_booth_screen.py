"""A tablet at a booth: paired, people arrive and start on it, and it goes on counting without a network."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import segno
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from pesan.booths.models import BoothSession
from pesan.booths.screens.queries import list_devices
from pesan.booths.screens.service import revoke_device
from pesan.db import Database
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.web.cookies import SESSION
from tests.booths.screens import Corner, open_corner
from tests.journeys.browser import NARROWEST, Tab, visiting
from tests.journeys.guests import WORK_SECONDS
from tests.journeys.phones import CAMERA, TYPE
from tests.support.booths import book, let_pass, read_session
from tests.support.factories import SYSTEM, Make
from tests.support.service import Service

pytestmark = pytest.mark.browser

LYING: ViewportSize = {"width": 1024, "height": 600}
_OFFLINE = ("net::ERR_INTERNET_DISCONNECTED",)


@dataclass
class Stand:
    """A tablet at the first booth of an outlet."""

    tab: Tab
    corner: Corner
    make: Make
    url: str

    @property
    def page(self) -> Page:
        return self.tab.page

    @property
    def path(self) -> str:
        return f"{self.url}/booth/{self.corner.booth.id}"

    async def scan(self, text: str) -> None:
        """Show a code to its scanner."""
        await self.page.evaluate(TYPE, text)

    async def hold(self, text: str) -> None:
        """Hold a QR code before its camera."""
        rows = [[module & 1 for module in row] for row in segno.make(text, error="l").matrix]
        await self.page.evaluate("rows => { window.__held = rows }", rows)

    async def booked(self, **wish: Any) -> Order:
        """A booking that is paid, with the session that the worker made of it."""
        order = await book(self.make, self.corner.place, state=OrderState.PAID, **wish)
        async with asyncio.timeout(WORK_SECONDS):
            while await self._find(order) is None:
                await asyncio.sleep(0.1)
        return order

    async def state(self, order: Order) -> str:
        return (await read_session(self.corner.database, order.id)).state

    async def reaches(self, order: Order, state: str) -> None:
        async with asyncio.timeout(WORK_SECONDS):
            while await self.state(order) != state:
                await asyncio.sleep(0.1)

    async def _find(self, order: Order) -> BoothSession | None:
        async with self.corner.database.read(SYSTEM) as session:
            return await session.get(BoothSession, order.id)

    async def says(self, state: str, waiting: int = 0) -> None:
        """Expect the line about the network."""
        link = self.page.locator("#link")
        await expect(link).to_have_attribute("data-state", state)
        await expect(link).to_contain_text(f"{waiting} laporan menunggu" if waiting else "")


@asynccontextmanager
async def standing(
    browser: Browser, make: Make, database: Database, service: Service
) -> AsyncIterator[Stand]:
    async with visiting(browser, phone=False) as tab:
        await tab.page.context.add_init_script(CAMERA)
        await tab.page.set_viewport_size(LYING)
        stand = Stand(tab, await open_corner(make, database), make, service.url)
        yield stand
        assert [fault for fault in tab.faults if not any(known in fault for known in _OFFLINE)] == []
        assert await tab.violations() == []


async def test_a_session_goes_its_way_on_the_screen_also_without_a_network(
    browser: Browser, make: Make, database: Database, service: Service
) -> None:
    async with standing(browser, make, database, service) as stand:
        page, tab = stand.page, stand.tab
        budi = await stand.booked(in_minutes=-1, buyer_name="Budi Santoso")
        late = await stand.booked(in_minutes=20, buyer_name="Citra Dewi")
        elsewhere = await stand.booked(booth=1, in_minutes=5)
        code = await stand.corner.code()
        assert await tab.inspect(f"{stand.path}?pair={code}") == []
        await page.get_by_role("button", name="Pasangkan").click()
        await expect(page.get_by_role("heading", name="Selamat datang")).to_be_visible()
        await expect(page.locator("#idle-next")).to_contain_text("b***i")
        assert await tab.inspect(stand.path) == []
        await expect(page.locator("#booth-name")).to_have_text("Booth 1")

        await stand.scan("https://contoh.id/promo")
        await expect(page.get_by_role("alert")).to_contain_text("bukan kode pesanan")
        await stand.scan(elsewhere.code)
        await expect(page.get_by_role("alert")).to_contain_text("Booth 2")
        await let_pass(database, late.id, 60)
        await page.get_by_label("Kode pesanan").fill(late.code)
        await page.get_by_role("button", name="Datang").click()
        await expect(page.get_by_role("alert")).to_contain_text("hangus")

        await page.get_by_role("button", name="Pindai QR").click()
        await stand.hold(f"{stand.url}/b/{budi.code}")
        await expect(page.get_by_role("heading", name="Halo, b***i")).to_be_visible()
        assert await tab.axe() == []
        await page.get_by_role("button", name="Mulai").click()
        await expect(page.get_by_role("timer")).to_have_text(re.compile(r"^1[0-5]:\d\d$"))
        await stand.reaches(budi, "ONGOING")
        early = await stand.booked(in_minutes=40, buyer_name="Dewi Lestari")
        await stand.scan(early.code)
        await expect(page.locator("#running-next")).to_contain_text("Kedatangan d***i tercatat")
        assert await tab.axe() == []

        await without_network(stand, budi)
        await stand.page.context.set_offline(False)
        await stand.reaches(budi, "DONE")
        await stand.says("online")


async def paired(stand: Stand) -> None:
    """The tablet belongs to its booth, and knows what is on there."""
    await stand.tab.open(f"{stand.path}?pair={await stand.corner.code()}")
    await stand.page.get_by_role("button", name="Pasangkan").click()
    await stand.says("online")


async def test_who_comes_while_somebody_is_about_to_begin_or_inside_is_next_by_code_and_by_camera(
    browser: Browser, make: Make, database: Database, service: Service
) -> None:
    async with standing(browser, make, database, service) as stand:
        page = stand.page
        budi = await stand.booked(in_minutes=-1, buyer_name="Budi Santoso")
        citra = await stand.booked(in_minutes=15, buyer_name="Citra Dewi")
        dewi = await stand.booked(in_minutes=30, buyer_name="Dewi Lestari")
        await paired(stand)
        await page.get_by_role("button", name="Pindai QR").click()
        await stand.hold(f"{stand.url}/b/{budi.code}")
        await expect(page.get_by_role("heading", name="Halo, b***i")).to_be_visible()
        await expect(page.locator("#scan-view")).to_be_visible()

        await page.get_by_label("Kode pesanan").fill(citra.code)
        await page.get_by_role("button", name="Datang").click()
        await expect(page.locator("#ready-next")).to_contain_text("Kedatangan c***a tercatat")
        await page.get_by_role("button", name="Mulai").click()
        await expect(page.get_by_role("timer")).to_be_visible()
        await expect(page.locator("#scan-view")).to_be_visible()
        await stand.hold(f"{stand.url}/b/{dewi.code}")
        await stand.reaches(dewi, "ARRIVED")
        assert await stand.tab.axe() == []

        # Opened as narrow as it is measured: what goes by the shorter side may still be of the size before.
        await page.set_viewport_size({"width": NARROWEST, "height": 600})
        assert await stand.tab.inspect(stand.path) == []
        await expect(page.get_by_role("timer")).to_be_visible()
        await expect(page.get_by_label("Kode pesanan")).to_be_visible()
        await expect(page.get_by_role("button", name="Pindai QR")).to_be_visible()


async def test_what_somebody_types_stays_when_the_scan_of_another_code_is_answered(
    browser: Browser, make: Make, database: Database, service: Service
) -> None:
    async with standing(browser, make, database, service) as stand:
        page, answered = stand.page, asyncio.Event()
        budi = await stand.booked(in_minutes=-1, buyer_name="Budi Santoso")
        citra = await stand.booked(in_minutes=15, buyer_name="Citra Dewi")
        await paired(stand)

        async def hold(route: Route) -> None:
            answer = await route.fetch()
            await answered.wait()
            await route.fulfill(response=answer)

        await page.route(f"**/session/{budi.code}/arrival", hold)
        await stand.scan(budi.code)
        await stand.reaches(budi, "ARRIVED")
        await page.get_by_label("Kode pesanan").fill(citra.code)
        async with page.expect_response(f"**/session/{budi.code}/arrival"):
            answered.set()
        await expect(page.get_by_role("heading", name="Halo, b***i")).to_be_visible()
        await page.get_by_role("button", name="Datang").click()
        await expect(page.locator("#ready-next")).to_contain_text("Kedatangan c***a tercatat")
        await expect(page.get_by_label("Kode pesanan")).to_have_value("")


async def test_a_session_that_was_ended_stays_so_though_the_network_goes_then(
    browser: Browser, make: Make, database: Database, service: Service
) -> None:
    async with standing(browser, make, database, service) as stand:
        page = stand.page
        budi = await stand.booked(in_minutes=-1, buyer_name="Budi Santoso")
        citra = await stand.booked(in_minutes=15, buyer_name="Citra Dewi")
        await paired(stand)
        await stand.scan(budi.code)
        await page.get_by_role("button", name="Mulai").click()
        await stand.reaches(budi, "ONGOING")
        await stand.scan(citra.code)
        await expect(page.locator("#running-next")).to_contain_text("Kedatangan c***a tercatat")

        await page.context.route("**/booth/*/now", lambda route: route.abort("internetdisconnected"))
        await page.get_by_role("button", name="Akhiri sesi").click()
        await page.get_by_role("button", name="Ya, akhiri").click()
        await stand.reaches(budi, "DONE")
        await expect(page.locator("#link-text")).to_have_text("Tanpa jaringan: hitungan tetap jalan")
        await expect(page.get_by_role("heading", name="Halo, c***a")).to_be_visible()
        await page.get_by_role("button", name="Mulai").click()
        await stand.reaches(citra, "ONGOING")


async def test_a_start_at_which_the_server_fails_is_put_aside_and_said(
    browser: Browser, make: Make, database: Database, service: Service
) -> None:
    async with standing(browser, make, database, service) as stand:
        page = stand.page
        budi = await stand.booked(in_minutes=-1, buyer_name="Budi Santoso")
        await paired(stand)
        await stand.scan(budi.code)
        await page.context.route("**/session/*/start", lambda route: route.fulfill(status=500, json={}))

        await page.get_by_role("button", name="Mulai").click()
        await expect(page.get_by_role("timer")).to_be_visible()
        await page.evaluate("void setInterval(() => dispatchEvent(new Event('online')), 200)")
        await expect(page.get_by_role("alert")).to_contain_text("Belum berhasil")
        await page.context.unroute("**/session/*/start")
        await page.get_by_role("button", name="Mulai").click()
        await stand.reaches(budi, "ONGOING")

        assert {"status of 500" in fault for fault in stand.tab.faults} == {True}
        stand.tab.faults.clear()


async def test_a_tablet_whose_clock_is_set_in_mid_session_counts_on(
    browser: Browser, make: Make, database: Database, service: Service
) -> None:
    async with standing(browser, make, database, service) as stand:
        page = stand.page
        budi = await stand.booked(in_minutes=-1, buyer_name="Budi Santoso")
        citra = await stand.booked(in_minutes=15, buyer_name="Citra Dewi")
        await paired(stand)
        await stand.scan(budi.code)
        await page.get_by_role("button", name="Mulai").click()
        await stand.reaches(budi, "ONGOING")

        await page.evaluate("(() => { const known = Date.now; Date.now = () => known() + 3_600_000; })()")
        await stand.scan(citra.code)
        await expect(page.locator("#running-next")).to_contain_text("Kedatangan c***a tercatat")
        await expect(page.get_by_role("timer")).to_have_text(re.compile(r"^1[0-5]:\d\d$"))
        assert await stand.state(budi) == "ONGOING"


async def code_of_staff(stand: Stand) -> str:
    """The code that an outlet's staff make on the booth's page, which any theme and phone can show."""
    page, place = stand.page, stand.corner.place
    cookies = await stand.make.session_of(stand.corner.user)
    await page.context.add_cookies([{"name": SESSION, "value": cookies[SESSION], "url": stand.url}])
    outlet = f"{stand.url}/backoffice/booths/{stand.corner.slug}/outlets/{place.id}"
    await stand.tab.open(outlet)
    await page.get_by_role("link", name=re.compile(r"^Layar ?: Booth 1$")).click()
    await page.get_by_role("button", name="Pasangkan layar").click()
    code = await page.locator(".pairing__code").inner_text()
    assert await stand.tab.axe() == []
    assert await stand.tab.inspect(page.url) == []
    await page.context.clear_cookies()
    return code


async def without_network(stand: Stand, order: Order) -> None:
    """It counts, also after it was opened anew, and keeps what it could not tell."""
    page = stand.page
    await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    await page.context.set_offline(True)
    await page.reload()
    await stand.says("offline")
    await expect(page.get_by_role("timer")).to_be_visible()
    await page.get_by_role("button", name="Akhiri sesi").click()
    await page.get_by_role("button", name="Ya, akhiri").click()
    await expect(page.get_by_role("heading", name="Sesi selesai")).to_be_visible()
    await stand.says("offline", waiting=1)
    assert await stand.state(order) == "ONGOING"


async def test_what_was_begun_without_a_network_ends_by_the_screens_own_count(
    browser: Browser, make: Make, database: Database, service: Service
) -> None:
    """And a screen that is taken back shows so, and forgets."""
    async with standing(browser, make, database, service) as stand:
        page, order = stand.page, await stand.booked(in_minutes=0, minutes=1, buyer_name="Ani Wijaya")
        code = await code_of_staff(stand)
        await page.clock.install()
        await stand.tab.open(f"{stand.path}?pair={code}")
        await page.get_by_role("button", name="Pasangkan").click()
        await stand.says("online")
        await stand.scan(order.code)
        await expect(page.get_by_role("heading", name="Halo, a***i")).to_be_visible()
        await page.context.set_offline(True)
        await page.get_by_role("button", name="Mulai").click()
        await stand.says("offline", waiting=1)
        await page.clock.fast_forward(61_000)
        await expect(page.get_by_role("heading", name="Sesi selesai")).to_be_visible()
        await stand.says("offline", waiting=2)
        await page.context.set_offline(False)
        await page.clock.fast_forward(5_000)
        await stand.reaches(order, "DONE")

        corner = stand.corner
        async with database.write(corner.actor) as session:
            (device,) = await list_devices(session, corner.place.id, corner.booth.id)
            await revoke_device(session, device.id, event_id=corner.place.id, actor=corner.actor)
        await page.clock.fast_forward(60_000)
        # One that was just told what is on asks again after half a minute.
        await expect(page.get_by_role("heading", name="Pasangkan layar ini")).to_be_visible()
        await expect(page.get_by_role("alert")).to_contain_text("sudah dicabut")
