"""Every page that a guest sees: accessible in light and dark, within its policy, and never wider than a phone."""

import pytest
from playwright.async_api import Browser

from pesan.orders.states import OrderState
from tests.journeys.browser import Tab, visiting
from tests.journeys.guests import Fair, open_fair
from tests.support.service import Service

# Tickets are the worker's to make.
WAY_TO = {OrderState.COMPLETED: OrderState.PAID}
STATES = (
    OrderState.HOLD,
    OrderState.REVIEW,
    OrderState.COMPLETED,
    OrderState.REJECTED,
    OrderState.CANCELLED,
)


@pytest.fixture
async def addresses(database, make, service: Service) -> list[str]:
    fair = await open_fair(database, make, service, certificate=True)
    codes = {state: (await make.order(fair.event, state=WAY_TO.get(state, state))).code for state in STATES}
    await fair.wait_for(codes[OrderState.COMPLETED], OrderState.COMPLETED)
    closed = await make.event(title="Sudah ditutup", status="closed")
    full = await make.event(title="Penuh", capacity=1)
    await make.order(full)
    return [
        *_public(fair),
        f"/x/{closed.slug}-{closed.short_id}",
        f"/x/{full.slug}-{full.short_id}",
        f"/pay/{codes[OrderState.HOLD]}",
        *(f"/b/{code}" for code in codes.values()),
    ]


def _public(fair: Fair) -> list[str]:
    return [
        "/",
        "/?q=tidakada",
        fair.path,
        f"{fair.path}/book",
        "/b",
        "/b?code=salah",
        "/offline",
        "/b/0000000000000",
    ]


@pytest.mark.parametrize(("scheme", "phone"), [("light", True), ("dark", True), ("light", False)])
async def test_guest_pages_break_no_rule(service: Service, addresses, browser: Browser, scheme, phone):
    async with visiting(browser, scheme=scheme, phone=phone) as tab:
        found = {path: await _faults(tab, service.url + path) for path in addresses}
        assert {path: faults for path, faults in found.items() if faults} == {}
        assert tab.faults == []


async def test_guest_pages_fit_320_pixels(service: Service, addresses, browser: Browser):
    async with visiting(browser, width=320) as tab:
        wide = {}
        for path in addresses:
            await tab.open(service.url + path)
            wide[path] = await tab.overflow()
        assert {path: pixels for path, pixels in wide.items() if pixels > 0} == {}


async def _faults(tab: Tab, url: str) -> list[str]:
    await tab.open(url)
    return [*await tab.axe(), *await tab.violations()]
