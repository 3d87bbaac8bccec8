"""Staff who give back parts of one order at once, over real HTTP: never more than came in, and each ticket once."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import func, make_url, select, text

from pesan.app.instance import Instance
from pesan.app.wiring import build_registry
from pesan.db import Database
from pesan.identity.states import MerchantRole
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.payments.models import LedgerEntry
from pesan.payments.states import Account
from pesan.settings import Settings
from pesan.tenancy.models import Merchant
from pesan.tickets.queries import list_tickets
from pesan.tickets.tasks import fulfil_order
from tests.payments.steps import approve, send_proof
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.racer import race
from tests.support.service import Service
from tests.support.wire import Request

TICKETS = 4
PRICE = 150_000
TIMES = 5
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[Registry]:
    deps = build_registry(Instance(settings, make_url(settings.database_url), None), "worker")
    yield deps
    await deps[Database].dispose()


@pytest.fixture
async def sold(make: Make, worker: Registry) -> Order:
    """Four tickets for Rp 600.000."""
    order = await make.order(await make.event(max_per_order=TICKETS), quantity=TICKETS)
    await send_proof(make, order)
    await approve(make, order)
    await fulfil_order(worker, order.id)
    return order


async def forms_of(service: Service, make: Make, database: Database, order: Order) -> list[Request]:
    """Each ticket alone, two together, and all of the booking, each several times."""
    async with database.read(SYSTEM) as session:
        merchant = await session.get_one(Merchant, order.merchant_id)
        tickets = [str(ticket.id) for ticket in await list_tickets(session, order.id)]
    page = f"/organizer/{merchant.slug}/bookings/{order.code}"
    cookies = await make.session_of(await make.user(merchant, MerchantRole.ORGANIZER))
    async with httpx.AsyncClient(base_url=service.url, cookies=cookies) as client:
        token = _TOKEN.search((await client.get(page)).text)
    assert token
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
    }

    def form(what: str, chosen: list[str]) -> Request:
        fields = [("csrf_token", token[1]), ("reason", "Sakit"), *(("ticket", each) for each in chosen)]
        return Request("POST", f"{page}/{what}", urlencode(fields).encode(), headers)

    parts = [form("refund-tickets", [each]) for each in tickets] + [form("refund-tickets", tickets[:2])]
    return [*parts, form("refund", [])] * TIMES


async def test_racing_refunds_give_back_what_came_in_at_most(
    served, make: Make, database: Database, sold: Order
) -> None:
    service = await served()
    forms = await forms_of(service, make, database, sold)

    answers = await race(service.port, forms)

    assert {answer.status for answer in answers} <= {303, 409}
    of, this = {"id": sold.id}, LedgerEntry.order_id == sold.id
    async with database.read(SYSTEM) as session:
        due = select(-func.sum(LedgerEntry.amount)).where(this, LedgerEntry.account == Account.REFUND_DUE)
        returned = int(await session.scalar(due) or 0)
        voided = Counter(await session.scalars(text("SELECT state FROM tickets WHERE order_id = :id"), of))
        refunded = await session.scalar(text("SELECT sum(amount) FROM refunds WHERE order_id = :id"), of)
    # How many won is the race's affair; that each ticket went back once, for its own share, is not.
    assert returned == refunded == voided["void"] * PRICE
    assert 0 < returned <= TICKETS * PRICE
    assert await offenders(database) == []
