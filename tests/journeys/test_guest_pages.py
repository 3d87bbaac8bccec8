"""Every page that a guest sees: accessible in light and dark, within its policy, and never wider than a phone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from pesan.booths.present import write_at
from pesan.checkout.links import session_path
from pesan.orders.models import Order
from pesan.orders.queries import get_order_by_code
from pesan.orders.states import OrderState
from pesan.payments.queries import list_methods
from pesan.payments.states import MethodKind
from pesan.tickets.queries import list_tickets
from tests.booths.customers import day_page, path_of, whole_hour
from tests.journeys.browser import Tab, visiting
from tests.journeys.guests import Fair, open_fair
from tests.support.booths import Place, book, let_pass, make_place
from tests.support.factories import SYSTEM
from tests.support.service import Service

# Every page there is: minutes on a machine that does something else as well.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
# Tickets are the worker's to make, time's end is the clock's, and money goes back by other people's hands.
MADE_FROM = {
    OrderState.COMPLETED: OrderState.PAID,
    OrderState.EXPIRED: OrderState.HOLD,
    OrderState.REFUNDED: OrderState.PAID,
}
NOTE = "Kursi roda, dekat pintu masuk sebelah timur, dan satu kursi untuk pendamping"
TODAY = datetime.now(UTC)
SALES: dict[str, dict[str, Any]] = {
    "closed": {"status": "closed"},
    "cancelled": {"status": "cancelled"},
    "not yet": {"sale_opens_at": TODAY + timedelta(days=2)},
    "over": {"sale_closes_at": TODAY - timedelta(minutes=1)},
}


@pytest.fixture(scope="module")
async def fair(database, make, service: Service) -> Fair:
    return await open_fair(database, make, service, certificate=True)


@pytest.fixture(scope="module")
async def addresses(fair: Fair) -> list[str]:
    statuses = [f"/b/{await _booking(fair, state)}" for state in OrderState]
    return [
        *_public(fair),
        *await _sales(fair),
        *await _payments(fair),
        *await _tickets(fair),
        *await _times(fair),
        *statuses,
        f"{statuses[0]}/consents",
    ]


def _public(fair: Fair) -> list[str]:
    return [
        "/",
        "/?q=tidakada",
        f"/m/{fair.merchant.slug}?available=1",
        *(f"/m/{fair.merchant.slug}/legal/{kind}" for kind in ("terms", "refunds", "privacy")),
        fair.path,
        f"{fair.path}/book",
        "/b",
        "/b?code=salah",
        "/offline",
        "/privacy",
        "/privacy?sent=true&over=true",
        "/privacy/open?token=x",
        "/b/0000000000000",
        "/ticket/00000000000000000000000000",
        "/account/invitation?token=x",
    ]


async def _sales(fair: Fair) -> list[str]:
    """An event in every state of its sale but the open one."""
    events = [await fair.make.event(fair.merchant, **terms) for terms in SALES.values()]
    full, sold_out = [await fair.make.event(fair.merchant, capacity=1) for _ in range(2)]
    await fair.make.order(full)
    await fair.make.order(sold_out, state=OrderState.REVIEW)
    return [f"/x/{event.slug}-{event.short_id}" for event in (*events, full, sold_out)]


async def _payments(fair: Fair) -> list[str]:
    """The pay page before and after each choice."""
    codes = [(await fair.make.order(fair.event)).code for _ in range(3)]
    await fair.choose(codes[1], MethodKind.BANK)
    await fair.choose(codes[2], MethodKind.QRIS)
    return [f"/pay/{code}" for code in codes]


async def _tickets(fair: Fair) -> list[str]:
    """A ticket's own page, and the form that hands it on."""
    code = await _booking(fair, OrderState.COMPLETED)
    async with fair.database.read(SYSTEM) as session:
        (ticket,) = await list_tickets(session, (await get_order_by_code(session, code)).id)
    return [f"/ticket/{ticket.code}", f"/b/{code}/tickets/{ticket.id}/transfer"]


async def _times(fair: Fair) -> list[str]:
    """Choosing an outlet and a time, and the page of a booked session."""
    place = await make_place(fair.make, fair.database, fair.merchant, location="Jl. Pintu Besar Utara 27")
    closed = await make_place(fair.make, fair.database, fair.merchant, is_open=False)
    at = whole_hour(30)
    held = await book(fair.make, place, in_minutes=600)
    awaited, late = await _session(fair, place, 300), await _session(fair, place, 60)
    await let_pass(fair.database, late.id, 300)
    session = session_path(awaited.code)
    return [
        "/booths",
        path_of(closed),
        day_page(place, at),
        f"{path_of(place)}/book?at={write_at(at)}",
        f"/b/{held.code}",
        session,
        session_path(late.code),
        day_page(place, at, f"{session}/reschedule"),
        f"{session}/reschedule?at={write_at(at)}",
    ]


async def _session(fair: Fair, place: Place, in_minutes: int) -> Order:
    order = await book(fair.make, place, in_minutes=in_minutes, state=OrderState.PAID)
    await fair.wait_for(order.code, OrderState.COMPLETED)
    return order


async def _booking(fair: Fair, state: OrderState) -> str:
    order = await fair.make.order(fair.event, state=MADE_FROM.get(state, state), notes=NOTE)
    if order.state == OrderState.PAID:
        await fair.wait_for(order.code, OrderState.COMPLETED)
    if state is OrderState.EXPIRED:
        await fair.end_hold_in(order.code, 0)
    elif state in {OrderState.PAID, OrderState.REFUNDED}:
        await fair.show_as(order.code, state)
    return order.code


@pytest.mark.parametrize("phone", [True, False])
async def test_guest_pages_break_no_rule(service: Service, addresses, browser: Browser, phone):
    async with visiting(browser, phone=phone) as tab:
        found = {path: await tab.inspect(service.url + path) for path in addresses}
        assert {path: faults for path, faults in found.items() if faults} == {}
        assert tab.faults == []


async def test_pay_page_without_a_way_to_pay_says_whom_to_ask(fair: Fair, database, tab: Tab):
    code = (await fair.make.order(fair.event)).code
    async with database.write(SYSTEM) as session:
        for method in await list_methods(session, fair.merchant.id):
            method.is_active = False
    await tab.open(fair.url(f"/pay/{code}"))
    asked = tab.page.locator(".notice").get_by_role("link", name="Tanya lewat WhatsApp")
    assert (await asked.get_attribute("href") or "").startswith("https://wa.me/6281200000009?text=Halo%20")
    await expect(tab.page.locator(".sticky-bar .button")).to_have_count(0)
    assert await tab.axe() == []
