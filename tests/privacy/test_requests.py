"""What people ask about their data: proved by mail, decided by staff, carried out, answered, forgotten."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from pesan.audit.models import AuditEntry, AuditPrivate
from pesan.audit.verify import verify
from pesan.catalog.models import Event
from pesan.db import Actor
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.models import PaymentProof
from pesan.privacy import requests
from pesan.privacy.contacts import Contact, ask_link, get_contact, open_link
from pesan.privacy.errors import ContactLinkOver, DataStillNeeded, RequestDecided, RequestNotFound
from pesan.privacy.invariants import INVARIANTS
from pesan.privacy.models import ContactProof, PrivacyRequest
from pesan.privacy.requests import ask, decide
from pesan.privacy.states import ERASED, RequestKind
from pesan.privacy.tasks import answer, carry_out, send_link
from pesan.storage import Storage
from pesan.tickets.handing_on import Recipient, hand_on
from pesan.tickets.models import Ticket, TicketTransfer
from tests.payments.steps import approve, fulfil, send_proof
from tests.support.factories import SYSTEM
from tests.support.fulfilment import fulfil as issue

EMAIL = "siti@contoh.id"
RANI = Recipient("Rani Wijaya", "rani@contoh.id")
TOKEN = re.compile(r"https://tiket[.]example/privacy/open[?]token=([\w-]+)")


async def all_of(database, kind):
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(kind).order_by(kind.id))).all()


async def offenders(database) -> list[str]:
    async with database.read(SYSTEM) as session:
        return [rule.name for rule in INVARIANTS if (await session.execute(text(rule.sql))).all()]


@dataclass
class Desk:
    """A merchant with Siti's booking, and whoever decides there."""

    order: Order
    staff: Actor
    contact: Contact

    async def ask(self, web_database, database, kind: RequestKind, **wanted) -> PrivacyRequest:
        async with web_database.write(self.contact.actor) as session:
            await ask(session, self.contact, kind, "id", **wanted)
        return (await all_of(database, PrivacyRequest))[0]

    async def decide(self, web_database, request: PrivacyRequest, refusal: str | None = None) -> None:
        async with web_database.write(self.staff) as session:
            await decide(session, request.id, request.merchant_id, refusal=refusal, actor=self.staff)


@pytest.fixture
async def desk(make) -> Desk:
    """Siti paid with a proof and has her ticket; somebody else booked too."""
    event = await make.event()
    person = {"buyer_name": "Siti Rahma", "wa": "+6281234567890", "notes": "Alergi kacang"}
    order = await make.order(event, email=EMAIL, **person)
    await make.order(event, email="budi@contoh.id", wa="+6281200000000")
    staff = Actor.staff(event.id, frozenset([event.merchant_id]))
    return Desk(order, staff, Contact(EMAIL, (order.code,)))


async def end_event(database, event_id) -> None:
    async with database.write(SYSTEM) as session:
        event = await session.get_one(Event, event_id)
        event.starts_at -= timedelta(days=60)
        event.ends_at -= timedelta(days=60)


async def test_link_is_mailed_to_an_address_with_bookings_only_and_opens_once(
    deps, desk: Desk, web_database, database, mailbox
):
    for email in (EMAIL, "siapa@contoh.id"):
        async with web_database.write(Actor.guest()) as session:
            await ask_link(session, email, "id")
    for proof in await all_of(database, ContactProof):
        await send_link(deps, proof.id)

    (mail,) = mailbox.messages
    found = TOKEN.search(mail.get_body(("plain",)).get_content())
    visit = await open_link(web_database, found[1])
    contact = await get_contact(web_database, visit)

    assert (mail["To"], contact) == (EMAIL, Contact(EMAIL, (desk.order.code,)))
    for token in (found[1], "x", ""):
        with pytest.raises(ContactLinkOver):
            await open_link(web_database, token)
    with pytest.raises(ContactLinkOver):
        await get_contact(web_database, found[1])
    assert [proof.email for proof in await all_of(database, ContactProof)] == [EMAIL]


async def test_erasure_takes_the_person_out_and_leaves_the_money(
    deps, desk: Desk, make, web_database, database, mailbox
):
    proof = await send_proof(make, desk.order)
    await deps[Storage].put(proof.object_key, b"picture", "image/jpeg")
    await approve(make, desk.order)
    await issue(make, database, desk.order)
    (ticket,) = await all_of(database, Ticket)
    async with web_database.write(desk.staff) as session:
        await hand_on(session, ticket_id=ticket.id, version=0, recipient=RANI, actor=desk.staff)
    await end_event(database, desk.order.event_id)
    before = await all_of(database, Order)

    request = await desk.ask(web_database, database, RequestKind.ERASURE)
    await desk.decide(web_database, request)
    await carry_out(deps, request.id)
    await answer(deps, request.id)

    mine, other = await all_of(database, Order)
    assert (mine.buyer_name, mine.wa, mine.email, mine.notes, mine.ip_digest, mine.user_id) == (
        ERASED,
        None,
        None,
        None,
        None,
        None,
    )
    assert (mine.total_amount, mine.state, mine.code) == (before[0].total_amount, "COMPLETED", before[0].code)
    assert (other.email, other.erased_at) == ("budi@contoh.id", None)
    (ticket,), (transfer,) = await all_of(database, Ticket), await all_of(database, TicketTransfer)
    assert {ticket.holder_name, transfer.from_name, transfer.to_name} == {ERASED}
    assert (transfer.to_email, transfer.to_wa) == (None, None)
    assert await all_of(database, PaymentProof) == []
    assert not await deps[Storage].exists(proof.object_key)
    assert [mail["To"] for mail in mailbox.messages] == [EMAIL]
    (done,) = await all_of(database, PrivacyRequest)
    assert (done.state, done.email) == ("done", None)
    async with database.read(SYSTEM) as session:
        private = (
            await session.scalars(select(AuditPrivate).where(AuditPrivate.subject_id == mine.id))
        ).all()
        assert [row for row in private if "Siti" in str((row.before, row.after))] == []
        assert await verify(session) == []
    assert await offenders(database) == []


@pytest.mark.parametrize("state", [OrderState.HOLD, OrderState.COMPLETED])
async def test_data_that_a_booking_still_needs_is_not_erased(desk: Desk, make, web_database, database, state):
    if state is OrderState.COMPLETED:
        await send_proof(make, desk.order)
        await approve(make, desk.order)
        await fulfil(make, desk.order)
    request = await desk.ask(web_database, database, RequestKind.ERASURE)

    with pytest.raises(DataStillNeeded):
        await desk.decide(web_database, request)

    assert [found.state for found in await all_of(database, PrivacyRequest)] == ["open"]
    assert (await all_of(database, Order))[0].email == EMAIL


async def test_correction_reaches_bookings_and_tickets_made_out_to_the_buyer(
    deps, desk: Desk, make, web_database, database
):
    request = await desk.ask(
        web_database, database, RequestKind.CORRECTION, name="Siti Rahmah", wa="+6281255555555"
    )
    await desk.decide(web_database, request)
    await carry_out(deps, request.id)

    mine, other = await all_of(database, Order)
    assert (mine.buyer_name, mine.wa, other.buyer_name) == ("Siti Rahmah", "+6281255555555", "Budi Santoso")
    assert await all_of(database, Ticket) == []


async def test_correction_locks_a_batch_of_orders_before_their_tickets_and_stands_in_their_history(
    deps, desk: Desk, make, web_database, database, count_queries, monkeypatch
):
    await send_proof(make, desk.order)
    await approve(make, desk.order)
    await issue(make, database, desk.order)
    async with database.read(SYSTEM) as session:
        event = await session.get_one(Event, desk.order.event_id)
    second = await make.order(event, email=EMAIL, buyer_name="Siti R.", wa="+6281255555555")
    request = await desk.ask(web_database, database, RequestKind.CORRECTION, name="Siti Rahmah")
    await desk.decide(web_database, request)
    monkeypatch.setattr(requests, "BATCH", 1)

    with count_queries() as statements:
        await carry_out(deps, request.id)

    touched = [re.match(r"(SELECT 1 FROM orders|UPDATE orders|UPDATE tickets)\b", one) for one in statements]
    in_turn = ["SELECT 1 FROM orders", "UPDATE orders", "UPDATE tickets"]
    assert [found[1] for found in touched if found] == in_turn * 2
    assert {ticket.holder_name for ticket in await all_of(database, Ticket)} == {"Siti Rahmah"}
    async with database.read(SYSTEM) as session:
        told = select(AuditEntry.subject_id, AuditEntry.data).where(
            AuditEntry.action == "order:buyer:corrected"
        )
        entries = {row.subject_id: row.data for row in await session.execute(told)}
        assert await verify(session) == []
    assert entries == {key: {"changed": ["buyer_name"]} for key in (desk.order.id, second.id)}


async def test_refusal_is_told_with_its_reason_and_decided_once(
    deps, desk: Desk, web_database, database, mailbox
):
    request = await desk.ask(web_database, database, RequestKind.ERASURE)
    await desk.ask(web_database, database, RequestKind.ERASURE)  # asked twice is asked once
    await desk.decide(web_database, request, "Acaranya belum lewat.")
    await answer(deps, request.id)
    await answer(deps, request.id)

    (mail,) = mailbox.messages
    assert "Acaranya belum lewat." in mail.get_body(("plain",)).get_content()
    assert [(found.state, found.email) for found in await all_of(database, PrivacyRequest)] == [
        ("refused", None)
    ]
    with pytest.raises(RequestDecided):
        await desk.decide(web_database, request)


async def test_another_merchant_decides_nothing_and_other_codes_ask_nothing(
    desk: Desk, make, web_database, database
):
    request = await desk.ask(web_database, database, RequestKind.ERASURE)
    stranger = Actor.staff(desk.order.id, frozenset([(await make.merchant()).id]))

    with pytest.raises(RequestNotFound):
        async with web_database.write(stranger) as session:
            await decide(session, request.id, request.merchant_id, refusal=None, actor=stranger)
    async with web_database.write(Actor.guest("0000000000000")) as session:
        asked = await ask(session, Contact("budi@contoh.id", ("0000000000000",)), RequestKind.ERASURE, "id")

    assert asked == (0, 0)
    assert len(await all_of(database, PrivacyRequest)) == 1
