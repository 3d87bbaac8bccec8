"""The documents' load test: 100 guests go the whole way at the same time."""

import asyncio
from collections import Counter
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from pesan.identity.states import MerchantRole
from tests.support.database import offenders
from tests.support.factories import SYSTEM
from tests.support.people import Guest, Reviewer

pytestmark = pytest.mark.timeout(420)
GUESTS = 100


async def states(database, event_id: UUID) -> Counter[str]:
    query = text("SELECT state, count(*) FROM orders WHERE event_id = :id GROUP BY state")
    async with database.read(SYSTEM) as session:
        rows = await session.execute(query, {"id": event_id})
        return Counter({row.state: row.count for row in rows})


async def test_100_guests_book_at_once_from_hold_to_ticket(served, make, database):
    merchant = await make.merchant()
    await make.method(merchant)
    event = await make.event(merchant, capacity=GUESTS)
    staff = await make.session_of(await make.user(merchant, MerchantRole.STAFF))
    service = await served()
    waiting: asyncio.Queue[str] = asyncio.Queue()
    # The server lets go of a connection after five quiet seconds; who asks on it just then is cut off.
    limits = httpx.Limits(max_connections=GUESTS, keepalive_expiry=2)

    async with (
        httpx.AsyncClient(base_url=service.url, timeout=60, limits=limits) as visitors,
        httpx.AsyncClient(base_url=service.url, timeout=60, limits=limits, cookies=staff) as desk,
    ):
        reviewing = asyncio.create_task(Reviewer(desk, merchant.slug).approve_all(waiting))
        guests = [Guest(visitors, event.id) for _ in range(GUESTS)]
        tickets = await asyncio.gather(*(guest.book(waiting) for guest in guests))
        reviewing.cancel()
        verdicts = [await desk.post("/api/verify/qr", json={"payload": ticket}) for ticket in tickets]

    assert [guest.surprises for guest in guests if guest.surprises] == []
    assert len(set(tickets)) == GUESTS
    assert {verdict.json()["result"] for verdict in verdicts} == {"valid"}
    assert await states(database, event.id) == {"COMPLETED": GUESTS}
    assert await offenders(database) == []
