"""What a guest's first visit costs on a phone: every public page, pictures and all, within 50 KB."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Request, expect

from pesan.app.demo import covers, logos
from pesan.booths.present import write_at
from pesan.catalog.models import Event
from pesan.catalog.service import set_cover
from pesan.checkout.links import session_path
from pesan.kit.ids import new_id
from pesan.orders.states import OrderState
from pesan.payments.states import MethodKind
from pesan.storage.inspection.files import PRESETS
from pesan.storage.inspection.pictures import clean
from pesan.storage.keys import Kind
from pesan.storage.objects import open_configured
from pesan.storage.stored import stored
from pesan.tenancy.models import Merchant
from tests.booths.customers import day_page, path_of, whole_hour
from tests.journeys.browser import Tab, visiting
from tests.journeys.guests import Fair, open_fair
from tests.support.booths import book, make_place
from tests.support.factories import SYSTEM
from tests.support.service import Service
from tests.support.trips import make_journey, make_product

# Every page there is: minutes on a machine that does something else as well.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
BUDGET = 50_000
# Fetched by a browser with a window only.
MANIFEST = 750
PAINTERS = (covers.roasting, covers.big_stage, covers.cupping)  # the demo's heaviest


@pytest.fixture(scope="module")
async def fair(database, make, service: Service, settings, tmp_path_factory: pytest.TempPathFactory) -> Fair:
    """A full first page of events, each with a drawn picture."""
    opened = await open_fair(database, make, service)
    storage = open_configured(settings.model_copy(update={"home": service.home}))
    picture = tmp_path_factory.mktemp("covers") / "cover.png"
    more = [
        await make.event(opened.merchant, starts_at=datetime.now(UTC) + timedelta(days=day))
        for day in range(1, 12)
    ]
    for number, event in enumerate((opened.event, *more)):
        PAINTERS[number % len(PAINTERS)]().save(picture)
        await _hang(database, storage, event, picture)
    logos.waves().save(picture)
    await _brand(database, storage, opened.merchant, picture)
    return opened


async def _hang(database, storage, event: Event, picture: Path) -> None:
    cover = clean(picture, "PNG", PRESETS[Kind.COVER])
    async with stored(storage, Kind.COVER, cover) as key, database.write(SYSTEM) as session:
        await set_cover(session, event=await session.get_one(Event, event.id), object_key=key, actor=SYSTEM)


async def _brand(database, storage, merchant: Merchant, picture: Path) -> None:
    logo = clean(picture, "PNG", PRESETS[Kind.LOGO])
    async with stored(storage, Kind.LOGO, logo) as key, database.write(SYSTEM) as session:
        (await session.get_one(Merchant, merchant.id)).logo_key = key


@pytest.fixture(scope="module")
async def addresses(fair: Fair, settings) -> list[str]:
    held, paid = (
        (await fair.make.order(fair.event)).code,
        await fair.make.order(fair.event, state=OrderState.PAID),
    )
    await fair.choose(held, MethodKind.QRIS)
    await fair.wait_for(paid.code, OrderState.COMPLETED)
    place, at = await make_place(fair.make, fair.database, fair.merchant), whole_hour(30)
    session = await book(fair.make, place, in_minutes=300, state=OrderState.PAID)
    await fair.wait_for(session.code, OrderState.COMPLETED)
    journey = await make_journey(
        fair.make,
        fair.database,
        settings,
        fair.merchant,
        slug=new_id().hex[-9:],
        description="Lima hari. " * 20,
    )
    goods = [await make_product(journey, slug=new_id().hex[-8:]) for _ in range(12)]
    return [
        f"/profile?user={fair.merchant.slug}",
        f"/join?trip={journey.trip.slug}",
        f"/order?product={goods[0].slug}",
        "/booths",
        day_page(place, at),
        f"{path_of(place)}/book?at={write_at(at)}",
        session_path(session.code),
        "/",
        f"/m/{fair.merchant.slug}",
        f"/m/{fair.merchant.slug}/legal/privacy",
        fair.path,
        f"{fair.path}/book",
        f"/pay/{held}",
        f"/b/{paid.code}",
        "/b",
    ]


async def test_public_pages_stay_within_their_budget(fair: Fair, addresses, browser: Browser):
    weights = {path: await _weigh(browser, fair.url(path)) for path in addresses}
    assert {path: weight for path, weight in weights.items() if weight > BUDGET} == {}


async def _weigh(browser: Browser, url: str) -> int:
    """Bytes on the wire for a browser that was never here: headers, packed bodies, pictures in and near the view."""
    requests: list[Request] = []
    async with visiting(browser) as tab:
        tab.page.on("requestfinished", lambda one: requests.append(one))  # noqa: PLW0108  it wraps no built-in
        await tab.page.goto(url, wait_until="networkidle")
        sizes = [await request.sizes() for request in requests]
    return MANIFEST + sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes)


async def test_pictures_of_a_list_come_as_they_are_seen(fair: Fair, tab: Tab, browser: Browser):
    pictures = ".event .cover img"
    await tab.open(fair.url(f"/m/{fair.merchant.slug}"))
    await expect(tab.page.locator(pictures)).to_have_count(2)
    sixth = tab.page.locator(".event").nth(5)
    await sixth.scroll_into_view_if_needed()
    await expect(sixth.locator("img")).to_have_js_property("complete", True)
    assert await tab.violations() == []
    async with visiting(browser, scripts=False) as plain:
        await plain.open(fair.url(f"/m/{fair.merchant.slug}"))
        await expect(plain.page.locator(pictures)).to_have_count(12)
