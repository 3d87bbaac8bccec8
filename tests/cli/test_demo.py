"""The demo: written once by the services that make the real thing, and never where the public is."""

import asyncio
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from uuid import UUID

import psycopg
import pyotp
import pytest
from sqlalchemy import make_url, select

from pesan.app.demo import LOG_INS, DemoPresent, DemoRefused, prepare_demo, refuse_demo_people
from pesan.app.demo.people import buyers
from pesan.app.demo.receipts import Receipt, draw_receipt
from pesan.app.demo.shops import SHOPS
from pesan.app.demo.travels import TRIP as TRIP_SLUG
from pesan.app.instance import Instance
from pesan.catalog.models import Event
from pesan.catalog.queries import get_listing
from pesan.catalog.service import EventDraft, create_event, set_status
from pesan.catalog.states import EventStatus, SaleState, sale_state
from pesan.db import Actor
from pesan.identity.factors.codes import CodeSecrets
from pesan.identity.factors.service import pass_second_step
from pesan.identity.service import log_in
from pesan.jastip.models import Trip
from pesan.jastip.service.trips import TripDraft, amend_trip, create_trip
from pesan.payments.queries import SIMILAR_BITS
from pesan.settings import Settings
from pesan.storage import Kind
from pesan.storage.inspection import pictures
from pesan.storage.inspection.files import PRESETS
from pesan.tenancy.theme import contrast, on_accent
from tests.support.database import offenders
from tests.support.factories import SYSTEM
from tests.support.schema import open_database

COUNTS = (
    "SELECT (SELECT count(*) FROM merchants), (SELECT count(*) FROM events), (SELECT count(*) FROM orders),"
    " (SELECT count(*) FROM scans), (SELECT count(*) FROM code_generators)"
)
SESSIONS = "SELECT string_agg(DISTINCT state, ',' ORDER BY state), count(*) FROM booth_sessions"
TRIP = "SELECT state, count(*) FROM orders JOIN trip_orders t ON t.order_id = orders.id GROUP BY 1 ORDER BY 1"
GATES = """
SELECT (SELECT count(*) FROM gates), (SELECT count(DISTINCT gate_id) FROM scans),
    (SELECT count(*) FROM ticket_standings WHERE is_inside),
    (SELECT string_agg(kind, ',') FROM scan_conflicts WHERE settled_at IS NULL)
"""


def instance_of(settings: Settings) -> Instance:
    return Instance(settings, make_url(settings.database_url), None)


def ask(owner: psycopg.Connection, query: str) -> list[tuple]:
    return owner.execute(query.encode()).fetchall()


async def sales(settings: Settings, event_ids: list[UUID]) -> set[SaleState]:
    """What a visitor would find."""
    database = open_database(settings, "worker")
    try:
        async with database.read(Actor.guest()) as session:
            found = [await get_listing(session, event_id=event_id) for event_id in event_ids]
        return {listing.places.sale_state(sale_state(listing.event, listing.now)) for listing in found}
    finally:
        await database.dispose()


async def verdicts(settings: Settings) -> list:
    """What the doctor and the audit say; everybody logs in first, who has one by the second step."""
    database = open_database(settings, "worker")
    try:
        for who in LOG_INS:
            opened = await log_in(database, email=who.email, password=who.password)
            if who.app_key:
                secrets, code = CodeSecrets(settings.secret), pyotp.TOTP(who.app_key).now()
                await pass_second_step(database, secrets, token=opened.token, code=code)
        return await offenders(database)
    finally:
        await database.dispose()


def test_demo_is_whole_and_written_once(settings: Settings, owner: psycopg.Connection):
    instance = instance_of(settings)

    prepare_demo(instance)

    written = ask(owner, COUNTS)
    event_ids = [event_id for (event_id,) in ask(owner, "SELECT id FROM events WHERE fulfilment = 'tickets'")]
    assert asyncio.run(sales(settings, event_ids)) == {
        SaleState.OPEN,
        SaleState.SOLD_OUT,
        SaleState.QUEUE_FULL,
        SaleState.NOT_YET,
        SaleState.CLOSED,
        SaleState.ENDED,
        SaleState.CANCELLED,
    }
    states = {state for (state,) in ask(owner, "SELECT DISTINCT state FROM orders")}
    assert states == {"HOLD", "REVIEW", "PAID", "COMPLETED", "REJECTED", "CANCELLED"}
    assert ask(owner, SESSIONS) == [("ARRIVED,AWAITING_CUSTOMER,DONE,ONGOING,OVERRIDDEN", 8)]
    assert ask(owner, TRIP) == [("COMPLETED", 1), ("HOLD", 1), ("PAID", 3), ("REVIEW", 2)]
    assert ask(owner, "SELECT count(*) FROM products WHERE image_key IS NULL") == [(0,)]
    assert ask(owner, GATES) == [(2, 1, 9, "double_entry")]
    assert ask(owner, "SELECT count(*) FROM events WHERE cover_key IS NULL AND fulfilment = 'tickets'") == [
        (0,)
    ]
    assert ask(owner, "SELECT count(*) FROM merchants WHERE logo_key IS NULL") == [(0,)]
    assert asyncio.run(verdicts(settings)) == []
    prepare_demo(instance)
    assert ask(owner, COUNTS) == written
    with pytest.raises(DemoPresent):
        refuse_demo_people(instance)


async def play_around(settings: Settings) -> None:
    """What somebody may do in the demo: a trip and an event by names that there are, and close what is full."""
    database = open_database(settings, "worker")
    try:
        async with database.write(SYSTEM) as session:
            trip = (await session.scalars(select(Trip))).one()
            await amend_trip(session, trip.event_id, said={"slug": "jpn25"}, actor=SYSTEM)
            again = TripDraft(title="Jastip Jepang lagi", slug=TRIP_SLUG, is_active=True)
            await create_trip(session, merchant_id=trip.merchant_id, draft=again, actor=SYSTEM)
            full = (await session.scalars(select(Event).where(Event.hold_minutes == 60))).one()
            copy = EventDraft(full.title, starts_at=full.starts_at, capacity=5, price_amount=50_000)
            await create_event(session, merchant_id=full.merchant_id, draft=copy, actor=SYSTEM)
            await set_status(session, event=full, status=EventStatus.CLOSED, actor=SYSTEM)
    finally:
        await database.dispose()


def test_demo_starts_again_whatever_was_done_with_it(settings: Settings, owner: psycopg.Connection):
    instance = instance_of(settings)
    prepare_demo(instance)
    asyncio.run(play_around(settings))
    owner.execute("UPDATE orders SET hold_expires_at = now() WHERE state = 'HOLD'")
    played = ask(owner, COUNTS)

    prepare_demo(instance)

    assert ask(owner, COUNTS) == played


def test_an_instance_without_the_demo_may_be_public(settings: Settings):
    assert refuse_demo_people(instance_of(settings)) is None


def test_demo_is_refused_in_production(settings: Settings, owner: psycopg.Connection):
    public = settings.model_copy(update={"environment": "production"})

    with pytest.raises(DemoRefused):
        prepare_demo(instance_of(public))

    assert ask(owner, COUNTS) == [(0, 0, 0, 0, 0)]


def test_demo_colours_are_read_easily():
    colours = [tuple(int(shop.accent[at : at + 2], 16) for at in (1, 3, 5)) for shop in SHOPS]

    assert [colour for colour in colours if contrast(on_accent(colour), colour) < 4.5] == []


def test_demo_receipts_are_told_apart(tmp_path: Path):
    """Likeness flags a proof that was sent twice, so no two receipts may look alike by chance."""
    people = [buyer.name for buyer, _ in zip(buyers(), range(20), strict=False)]
    hashes = [fingerprint(tmp_path, name) for name in people]

    alike = [
        (one, other)
        for one, other in combinations(range(len(hashes)), 2)
        if ((hashes[one] ^ hashes[other]) & (2**64 - 1)).bit_count() <= SIMILAR_BITS
    ]
    assert alike == []


def fingerprint(folder: Path, sender: str) -> int:
    at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    receipt = Receipt(
        sender, "CONTOH SEKOLAH KOPI TEDUH", "BCA 1", 185_123, at, "Asia/Jakarta", f"latte/{sender}"
    )
    path = folder / "receipt.jpg"
    path.write_bytes(draw_receipt(receipt))
    found = pictures.clean(path, "JPEG", PRESETS[Kind.PROOF]).phash
    assert found is not None
    return found
