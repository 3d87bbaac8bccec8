"""Every page that staff see: accessible in light and dark, within its policy, and never wider than a phone."""

import pytest
from playwright.async_api import Browser

from pesan.db import Actor, Database
from pesan.gates.service.gates import make_gate
from pesan.gates.service.pairing import make_pairing, register_device
from pesan.identity.devices.keys import DeviceKey, KeyKind
from pesan.identity.devices.pairing import NewDevice
from pesan.identity.states import MerchantRole, PlatformRole
from pesan.kit.ids import new_id
from pesan.orders.states import OrderState
from pesan.payments.gateways.trials import start_trial
from pesan.risk.lists import NewEntry, add_entry
from pesan.risk.marks import Marks
from pesan.risk.service import look, settle
from pesan.risk.states import ListName, Mark, Verdict
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from tests.backoffice.doors import LAST_MINUTE, Rows
from tests.journeys.browser import visiting
from tests.journeys.counters import booth_pages
from tests.journeys.desks import trip_pages
from tests.journeys.guests import Fair
from tests.journeys.staff import Desk, open_desk, sign_in
from tests.payments.gateway_steps import add_account, make_gateways
from tests.support.factories import SYSTEM
from tests.support.service import Service

# Every page there is: minutes on a machine that does something else as well.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
async def desk(database, make, service: Service) -> Desk:
    return await open_desk(database, make, service)


@pytest.fixture(scope="module")
async def addresses(desk: Desk, make, database, settings) -> list[str]:
    codes = [await desk.send_proof(name, text="sama") for name in ("Budi Santoso", "Siti Rahma")]
    ended = [await make.order(desk.event, state=state) for state in (OrderState.PAID, OrderState.REJECTED)]
    held = await make.order(desk.event, notes="Kursi roda, dekat pintu masuk sebelah timur")
    await make.event(desk.merchant, status="draft")
    bookings = [*codes[:1], held.code, *(order.code for order in ended)]
    pages = [
        "",
        "/review",
        f"/review/{codes[1]}",
        f"/review/{ended[1].code}",
        "/bookings",
        "/bookings?q=tidakada",
    ]
    pages += [f"/bookings/{code}" for code in bookings]
    sold = await make.order(desk.event, state=OrderState.PAID)
    fair = Fair(desk.database, make, desk.service, desk.merchant, desk.event)
    await fair.wait_for(sold.code, OrderState.COMPLETED)
    async with desk.database.read(SYSTEM) as session:
        (ticket,) = await list_tickets(session, sold.id)
    pages += [f"/bookings/{sold.code}", f"/bookings/{sold.code}/tickets/{ticket.id}/transfer"]
    pages += ["/events", "/events?q=tidakada", "/events/new", f"/events/{desk.event.short_id}"]
    pages += [f"/events/{desk.event.short_id}/{page}" for page in ("sales", "sales?by=hour", "attendees")]
    pages += await _open_gate(desk, settings.secret)
    pages += await _admit(desk, ticket)
    typed = await make.event(desk.merchant)
    kind = await make.ticket_type(typed, description="Berdiri di depan panggung")
    await make.promo(typed, code="HEMAT10")
    pages += [f"/events/{typed.short_id}/tickets{end}" for end in ("", f"/{kind.id}")]
    pages.append(f"/events/{typed.short_id}/gates/board")
    pages += [
        "/refunds",
        "/refunds?show=all",
        "/statements",
        "/payment-methods",
        "/gateways",
        await _try_out(database, desk),
        "/team",
        "/webhooks",
        "/confirmations",
        "/brand",
        "/legal",
        "/legal/terms",
        "/privacy",
        "/privacy/breach",
        "/privacy/register",
        *await _doubt(desk, make, Marks(settings.secret)),
    ]
    pages += ["/letters", "/letters/ticket_ready/id"]
    staff = [f"{desk.service.url}/backoffice{end}" for end in ("", "/jobs", "/account")]
    desks = [*await booth_pages(desk, make), *await trip_pages(desk, make, settings)]
    return [*map(desk.url, pages), *staff, *desks]


async def _open_gate(desk: Desk, secret: bytes) -> list[str]:
    """The pages about gates, with one gate and a device that was never heard of."""
    actor, event = Actor.staff(new_id(), frozenset([desk.merchant.id])), desk.event
    new = NewDevice("HP Tono", DeviceKey(KeyKind.ED25519, bytes(32)), "1.0")
    async with desk.database.write(actor) as session:
        gate = await make_gate(session, event=event, name="Pintu Utara", location="Parkir P2", actor=actor)
        code = (await make_pairing(session, secret, gate.id, event_id=event.id, actor=actor)).code
        device, _ = await register_device(session, secret, code=code, new=new, actor=actor)
    ends = ("", f"/{gate.id}", f"/devices/{device.id}")
    return [f"/events/{event.short_id}/gates{end}" for end in ends]


async def _doubt(desk: Desk, make, marks: Marks) -> list[str]:
    """The pages about fraud, with a check that waits, one that was closed, and an entry of a list."""
    actor, database = Actor.staff(new_id(), frozenset([desk.merchant.id])), desk.database
    digest = marks.digest(Mark.EMAIL, "siti@contoh.id")
    new = NewEntry(ListName.BLOCK, Mark.EMAIL, digest, "siti@contoh.id", "Sengketa")
    async with database.write(actor) as session:
        await add_entry(session, desk.merchant.id, new, actor=actor)
    for is_closed in (True, False):
        order = await make.order(desk.event, email="siti@contoh.id", state=OrderState.REVIEW)
        await look(database, marks, order.id)
        if is_closed:
            async with database.write(actor) as session:
                await settle(session, order.id, verdict=Verdict.FINE, note="Rombongan", actor=actor)
    return ["/risk", "/risk?state=settled", "/risk/lists", f"/bookings/{order.code}", f"/review/{order.code}"]


async def _admit(desk: Desk, ticket: Ticket) -> list[str]:
    """The pages about what the gates did, with a ticket that two devices let in."""
    doors = Rows(desk.database, desk.event)
    told = {"last_seen_at": LAST_MINUTE, "battery": 9, "queue_length": 12, "skew_ms": 400_000}
    await doors.gate("Pintu Barat", "HP Rini")
    await doors.gate("Pintu Selatan dekat parkir", "Tablet Rini", **told)
    first = await doors.scan(ticket)
    late = {"result": "duplicate", "is_offline": True, "is_skewed": True}
    await doors.scan(ticket, doors.devices[1], **late)
    await doors.scan(None, shown="invalid", reason="forged")
    await doors.stand(ticket)
    await doors.conflict(ticket, first)
    gates = f"/events/{desk.event.short_id}/gates"
    return [f"{gates}/board", f"{gates}/conflicts", f"{gates}/scans/{first.id}/undo"]


async def _try_out(database: Database, desk: Desk) -> str:
    """The page of a test payment at the sandbox."""
    gateways = make_gateways(database, b"\0" * 32)
    account, _ = await add_account(database, gateways, desk.merchant)
    actor = Actor.staff(new_id(), frozenset([desk.merchant.id]))
    async with database.write(actor) as session:
        trial = await start_trial(
            session, account_id=account.id, merchant_id=desk.merchant.id, is_confirmed=False, actor=actor
        )
    await gateways.http.aclose()
    return f"/gateways/trials/{trial.id}"


@pytest.mark.parametrize("phone", [True, False])
async def test_staff_pages_break_no_rule(desk: Desk, addresses, browser: Browser, phone):
    email = await desk.hire(f"{'Agus' if phone else 'Ayu'} Admin", PlatformRole.ADMIN)
    async with visiting(browser, phone=phone) as tab:
        log_in = f"{desk.service.url}/backoffice/login"
        found = {log_in: await tab.inspect(log_in)}
        await sign_in(tab.page, desk, email)
        found |= {address: await tab.inspect(address) for address in addresses}
        assert {address: faults for address, faults in found.items() if faults} == {}
        assert tab.faults == []


async def test_empty_desk_breaks_no_rule(database, make, service: Service, browser: Browser):
    desk = await open_desk(database, make, service)
    email = await desk.hire("Rina Kusuma", MerchantRole.ORGANIZER)
    async with visiting(browser) as tab:
        await sign_in(tab.page, desk, email)
        found = {page: await tab.inspect(desk.url(page)) for page in ("", "/review", "/bookings", "/risk")}
        assert {page: faults for page, faults in found.items() if faults} == {}
