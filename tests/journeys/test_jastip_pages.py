"""Somebody joins a trip over WhatsApp, orders several products without help, and leaves; on a phone."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.async_api import Browser, Route, expect

from pesan.db import Database
from pesan.identity.states import MerchantRole
from pesan.jastip.models import Participant
from pesan.jastip.service.orders import confirm_order, ship_order
from pesan.jastip.tokens import ParticipantTokens
from pesan.kit.ids import new_id
from pesan.orders.queries import get_order_by_code
from pesan.settings import Settings
from tests.journeys.browser import visiting
from tests.journeys.guests import PAY_URL, add_methods
from tests.journeys.staff import open_desk, sign_in
from tests.support.factories import PASSWORD, SYSTEM, Make
from tests.support.service import Service, free_port, services
from tests.support.trips import Journey, make_journey, make_participant, make_product, order

pytestmark = pytest.mark.browser
FAR = 60_000  # the worker takes it when it has time


@dataclass
class Trip:
    """An open trip with two products and somebody who takes part."""

    journey: Journey
    products: list[str]
    person: Participant
    token: str

    @property
    def slug(self) -> str:
        return self.journey.trip.slug


@pytest.fixture(scope="module")
async def service(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service whose number people can write to."""
    async with services(settings, tmp_path_factory.mktemp("service")) as start:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        yield await start(port=port, PESAN_BASE_URL=address, PESAN_WA_NUMBER="+6281234500000")


@pytest.fixture
async def trip(make: Make, database: Database, settings: Settings) -> Trip:
    merchant = await make.merchant(name="Jastip by Tina", slug=f"jastip-{new_id().hex[-12:]}")
    await add_methods(database, merchant.id)
    journey = await make_journey(
        make, database, settings, merchant, slug=new_id().hex[-9:], description="Osaka dan Kyoto, 5 hari."
    )
    titles = ("Kit Kat Matcha isi 12", "Tokyo Banana")
    slugs = [(await make_product(journey, title=title, slug=new_id().hex[-8:])).slug for title in titles]
    person = await make_participant(journey)
    return Trip(journey, slugs, person, ParticipantTokens(settings.secret).make(person.id))


async def test_pages_are_for_everybody(browser: Browser, service: Service, trip: Trip) -> None:
    """Every page that a stranger sees, at 320 pixels, in the dark and by axe."""
    owner, found = trip.journey.merchant.slug, {}
    async with visiting(browser) as tab:
        for path in (
            f"/profile?user={owner}",
            f"/join?trip={trip.slug}",
            f"/order?product={trip.products[0]}",
            f"/unsubscribe?trip={trip.slug}",
        ):
            found[path] = await tab.inspect(service.url + path)
        assert {path: faults for path, faults in found.items() if faults} == {}
        assert tab.faults == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_name_leads_into_the_chat(
    browser: Browser, service: Service, trip: Trip, scripts: bool
) -> None:
    opened: list[str] = []

    async def answer(route: Route) -> None:
        opened.append(route.request.url)
        await route.fulfill(status=200, content_type="text/html", body="<title>WhatsApp</title>")

    async with visiting(browser, scripts=scripts) as tab:
        await tab.page.route("https://wa.me/**", answer)
        await tab.open(f"{service.url}/t/{trip.slug}")
        await tab.page.locator("#name").fill("Siti Nurhaliza")
        await tab.page.get_by_role("button", name="Ikut via WhatsApp").click()
        await expect(tab.page).to_have_url(re.compile(r"^https://wa\.me/"))
    assert [f"JOIN%20{trip.slug}%20%7C%20Nama%3A%20Siti%20Nurhaliza" in url for url in opened] == [True]


async def test_order_of_two_products_without_scripts_to_its_parcel(
    browser: Browser, database: Database, service: Service, trip: Trip
) -> None:
    async with visiting(browser, scripts=False) as tab:
        page = tab.page
        await tab.open(f"{service.url}/o/{trip.products[0]}?p={trip.token}")
        await expect(page).to_have_url(re.compile(rf"/order\?product={trip.products[0]}$"))
        await page.get_by_label("Jumlah Tokyo Banana").fill("2")
        await page.locator("#terms").check()
        await page.get_by_role("button", name="Titip sekarang").click()
        await expect(page).to_have_url(PAY_URL)
        code = page.url.rpartition("/")[2]

    async with database.read(SYSTEM) as session:
        placed = await get_order_by_code(session, code)
    assert placed.total_amount == 300_000
    counter, staff = trip.journey.counter, trip.journey.staff
    async with visiting(browser) as tab:
        faults = {"pay": await tab.inspect(f"{service.url}/pay/{code}")}
        await confirm_order(counter, placed, actor=staff)
        async with database.read(SYSTEM) as session:
            placed = await get_order_by_code(session, code)
        await ship_order(counter, placed, actor=staff, courier="JNE", tracking_no="CGK123")
        faults["status"] = await tab.inspect(f"{service.url}/b/{code}")
        await expect(tab.page.get_by_text("CGK123").first).to_be_visible()
        faults["invoice"] = await tab.inspect(f"{service.url}/b/{code}/invoice")
        await tab.open(f"{service.url}/u/{trip.slug}?p={trip.token}")
        await tab.page.get_by_role("button", name="Berhenti dikabari").click()
        await expect(tab.page.get_by_role("button", name="Batalkan, kabari aku lagi")).to_be_visible()
        faults["left"] = await tab.inspect(tab.page.url)
        await tab.page.get_by_role("button", name="Batalkan, kabari aku lagi").click()
        await expect(tab.page.get_by_role("button", name="Berhenti dikabari")).to_be_visible()
        faults["sheet"] = await tab.inspect(f"{service.url}/order?product={trip.products[0]}")
        faults["joined"] = await tab.inspect(f"{service.url}/join?trip={trip.slug}")
        assert {name: found for name, found in faults.items() if found} == {}
        assert tab.faults == []


async def test_an_open_page_changes_by_itself_until_the_rest_is_paid(
    browser: Browser, database: Database, settings: Settings, service: Service, make: Make
) -> None:
    journey = await make_journey(make, database, settings, slug=new_id().hex[-9:], deposit_percent=30)
    placed = await order(journey, await make_participant(journey), (await make_product(journey), 2))
    tina = await make.user(journey.merchant, MerchantRole.ORGANIZER)
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as desk, visiting(browser) as tab:
        signed_in = await desk.post("/api/auth/login", json={"email": tina.email, "password": PASSWORD})
        desk.headers["Authorization"] = f"Bearer {signed_in.json()['token']}"
        await tab.open(f"{service.url}/b/{placed.code}")
        heading = tab.page.get_by_role("heading", level=1)
        for wish, said in (
            ({}, "Tinggal bayar sisanya"),
            ({"balance": True}, "Titipanmu sedang dibelanjakan"),
        ):
            answer = await desk.patch(f"/api/orders/{placed.id}/confirm", json=wish)
            assert answer.status_code == 200
            await expect(heading).to_have_text(said, timeout=60_000)
        assert tab.faults == []


async def test_progress_of_a_broadcast_is_streamed(
    database: Database, make: Make, settings: Settings, service: Service, browser: Browser
) -> None:
    desk = await open_desk(database, make, service)
    journey = await make_journey(make, database, settings, desk.merchant, slug=new_id().hex[-9:])
    people = [await make_participant(journey, wa=f"+62817{new_id().int % 10**9:09}") for _ in range(2)]
    email = await desk.hire("Rina Kusuma", MerchantRole.ORGANIZER)
    async with visiting(browser) as tab:
        page = tab.page
        await sign_in(page, desk, email)
        await tab.open(f"{service.url}/jastip/{desk.merchant.slug}/trips/{journey.id}/broadcasts")
        await page.locator("#words").fill("Besok ke Don Quijote, siapa mau titip apa?")
        await page.get_by_role("button", name="Lihat dulu").click()
        async with page.expect_response(re.compile("/broadcasts/stream$"), timeout=FAR) as streamed:
            await page.get_by_role("button", name=f"Kirim ke {len(people)} orang").click()
        answer = await streamed.value
        told = page.locator("article", has_text="Don Quijote")
        await expect(told.get_by_text("Diserahkan")).to_be_visible(timeout=FAR)
        await expect(told.get_by_text(f"0 dari {len(people)} selesai")).to_be_visible()
        assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, "text/event-stream")
        assert tab.faults == []
