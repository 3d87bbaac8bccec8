"""What privacy looks for is found by an index, however much an instance has grown."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import URL, select, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from pesan.catalog.models import Event
from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.gateways.models import WebhookEvent
from pesan.privacy import retention
from pesan.privacy.contacts import ask_link, make_link
from pesan.privacy.erasure import PAID_BY, erase_orders
from pesan.privacy.models import ContactProof
from pesan.realtime import Hub
from tests.payments.gateway_steps import Shop, add_account, event_of, make_gateways
from tests.support.factories import SYSTEM
from tests.support.fulfilment import fulfil

EMAIL = "siti@contoh.id"


async def scans(session: ReadSession) -> dict[str, int]:
    """How often each table was read from end to end."""
    query = text("SELECT relname, seq_scan FROM pg_stat_xact_user_tables")
    return {row.relname: row.seq_scan for row in await session.execute(query)}


@asynccontextmanager
async def no_scans(database: Database) -> AsyncIterator[WriteSession]:
    """A transaction in which no table is read from end to end, small as they all are here."""
    async with database.write(SYSTEM) as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        before = await scans(session)
        yield session
        assert await scans(session) == before


async def end_events(database: Database) -> None:
    async with database.write(SYSTEM) as session:
        long = timedelta(days=60)
        earlier = {"starts_at": Event.starts_at - long, "ends_at": Event.ends_at - long}
        await session.execute(update(Event).values(earlier))


async def tell_more(database_url: URL) -> None:
    """The same account gets many more webhooks, about others."""
    more = (
        "INSERT INTO webhook_events (id, merchant_id, account_id, event_key, kind, reference, provider_ref, body)"
        " SELECT gen_random_uuid(), merchant_id, account_id, n, kind, n, n, body"
        " FROM (SELECT * FROM webhook_events LIMIT 1) one, generate_series(1, 3000) n"
    )
    owner = create_async_engine(database_url)
    async with owner.begin() as connection:
        for statement in (more, "ANALYZE webhook_events"):
            await connection.execute(text(statement))
    await owner.dispose()


@pytest.fixture
async def shop(make, database: Database, settings) -> AsyncIterator[Shop]:
    gateways = make_gateways(database, settings.secret)
    account, method = await add_account(database, gateways, await make.merchant())
    yield Shop(database, SaleDesk(database, Hub(database.url)), gateways, account, method)
    await gateways.http.aclose()


async def test_erasing_finds_what_providers_wrote_by_index_and_leaves_what_they_wrote_of_others(
    shop: Shop, make, database: Database, database_url: URL
):
    event = await event_of(make, shop)
    mine, other = [await make.order(event, email=email) for email in (EMAIL, "budi@contoh.id")]
    for order in (mine, other):
        await shop.pay(order)
        await fulfil(make, database, order)
    await end_events(database)
    await tell_more(database_url)

    async with no_scans(database) as session:
        await erase_orders(session, [mine.id], reason="test", actor=SYSTEM)
        plan = text("EXPLAIN " + PAID_BY[1].text)
        found = "\n".join(await session.scalars(plan, {"ids": [mine.id]}))

    assert [f"ix_webhook_events_{name}" in found for name in ("reference", "provider_ref")] == [True, True]
    async with database.read(SYSTEM) as session:
        bodies = dict((await session.execute(select(WebhookEvent.reference, WebhookEvent.body))).all())
    assert bodies[await shop.reference(mine)] == b""
    assert EMAIL not in str(bodies)
    assert bodies[await shop.reference(other)] != b""


async def test_bookings_of_an_address_are_found_by_index(make, web_database: Database, database: Database):
    await make.order(email=EMAIL)
    async with web_database.write(Actor.guest()) as session:
        await ask_link(session, EMAIL, "id")
    async with database.read(SYSTEM) as session:
        (proof_id,) = await session.scalars(select(ContactProof.id))

    async with no_scans(database) as session:
        assert await make_link(session, proof_id) is not None


async def test_retention_looks_at_a_booking_once_in_a_run(make, database: Database):
    event = await make.event()
    orders = [await make.order(event, state=OrderState.CANCELLED) for _ in range(2)]
    await end_events(database)
    last = max(order.id for order in orders)
    contacts = retention.KINDS["contacts"]

    async with no_scans(database) as session:
        gone = await contacts.purge(session, retention.Batch(0, after=min(order.id for order in orders)))
        rest = await contacts.purge(session, retention.Batch(0, after=gone.after))

    assert (gone.rows, gone.after, rest.rows) == (1, last, 0)
    async with database.read(SYSTEM) as session:
        assert len((await session.scalars(select(Order.id).where(Order.erased_at.is_(None)))).all()) == 1
