"""Signals and lists end with their time, and with a buyer who asks to be forgotten."""

import pytest
from sqlalchemy import select, text

from pesan.audit.verify import verify
from pesan.db import Actor
from pesan.orders.models import Order
from pesan.orders.moves import Origin
from pesan.orders.states import OrderState
from pesan.privacy import retention
from pesan.privacy.contacts import Contact
from pesan.privacy.invariants import INVARIANTS
from pesan.privacy.models import PrivacyRequest
from pesan.privacy.requests import ask, decide
from pesan.privacy.states import ERASED, RequestKind
from pesan.privacy.tasks import carry_out
from pesan.risk.lists import NewEntry, add_entry
from pesan.risk.marks import Marks
from pesan.risk.models import RiskEntry, RiskReview, RiskTrace
from pesan.risk.service import look, settle
from pesan.risk.states import ListName, Mark, Verdict
from pesan.storage import Storage
from tests.support.factories import SYSTEM

EMAIL, WA, DEVICE = "siti@contoh.id", "+6281234567890", "d" * 32
HERS = ((Mark.EMAIL, "Siti+1@contoh.id"), (Mark.PHONE, WA), (Mark.DEVICE, DEVICE))
OTHERS = ((Mark.EMAIL, "budi@contoh.id"), (Mark.DOMAIN, "contoh.id"))


async def all_of(database, kind) -> list:
    async with database.read(SYSTEM) as session:
        return list(await session.scalars(select(kind)))


@pytest.fixture
async def watched(make, database, settings) -> Order:
    """Siti's booking is over; she is on the list, and her booking was looked at and closed."""
    event, marks = await make.event(), Marks(settings.secret)
    staff = Actor.staff(event.id, frozenset([event.merchant_id]))
    for mark, value in HERS + OTHERS:
        digest = value if mark is Mark.DEVICE else marks.digest(mark, value)
        async with database.write(staff) as session:
            new = NewEntry(ListName.BLOCK, mark, digest, value, "Sengketa")
            await add_entry(session, event.merchant_id, new, actor=staff)
    origin = Origin(network="n" * 32, device=DEVICE, country="ID")
    order = await make.order(event, email=EMAIL, wa=WA, origin=origin, state=OrderState.REJECTED)
    await look(database, marks, order.id)
    async with database.write(staff) as session:
        await settle(session, order.id, verdict=Verdict.FRAUD, note="Kata tetangganya", actor=staff)
    return order


async def test_whoever_is_forgotten_leaves_the_lists_and_the_signals(deps, database, watched: Order):
    contact = Contact(EMAIL, (watched.code,))
    async with database.write(contact.actor) as session:
        await ask(session, contact, RequestKind.ERASURE, "id")
    (request,) = await all_of(database, PrivacyRequest)
    staff = Actor.staff(watched.id, frozenset([watched.merchant_id]))
    async with database.write(staff) as session:
        await decide(session, request.id, watched.merchant_id, refusal=None, actor=staff)

    await carry_out(deps, request.id)

    (order,) = await all_of(database, Order)
    assert (order.network_digest, order.device_digest, order.ip_country) == (None, None, None)
    assert sorted(entry.label for entry in await all_of(database, RiskEntry)) == [
        "budi@contoh.id",
        "contoh.id",
    ]
    assert await all_of(database, RiskTrace) == []
    assert [review.note for review in await all_of(database, RiskReview)] == [ERASED]
    async with database.read(SYSTEM) as session:
        for rule in INVARIANTS:
            assert (await session.execute(text(rule.sql))).all() == [], rule.name
        assert await verify(session) == []


async def test_traces_and_entries_go_after_their_own_time(
    deps, database, settings, watched: Order, postgres, database_url
):
    storage = deps[Storage]
    with postgres.connect(database_url.database) as owner:
        owner.execute("UPDATE risk_traces SET at = at - interval '31 days' WHERE mark <> 'device'")
        owner.execute(
            "UPDATE risk_entries SET added_at = added_at - interval '731 days' WHERE mark = 'domain'"
        )
    kinds = {"risk_traces", "risk_lists"}

    told = {found.kind: found.rows for found in await retention.preview(database, settings)}
    gone = {found.kind: found.rows for found in await retention.apply(database, storage, settings)}
    again = {found.kind: found.rows for found in await retention.apply(database, storage, settings)}

    assert {kind: (told[kind], gone[kind], again[kind]) for kind in kinds} == {
        "risk_traces": (2, 2, 0),
        "risk_lists": (1, 1, 0),
    }
    assert [trace.mark for trace in await all_of(database, RiskTrace)] == ["device"]
    assert len(await all_of(database, RiskEntry)) == 4
    assert [review.note for review in await all_of(database, RiskReview)] == ["Kata tetangganya"]
