"""A ticket becomes another person's: once, at once, and only while nobody came in with it."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, text

from pesan.audit.models import AuditEntry, AuditPrivate
from pesan.db import Actor, Database
from pesan.kit.ids import new_id
from pesan.tickets.errors import (
    HandingOnOff,
    HandingOnOver,
    TicketChanged,
    TicketHandedOn,
    TicketNotFound,
)
from pesan.tickets.handing_on import HANDED_ON, Recipient, hand_on
from pesan.tickets.keystore import DatabaseKeyStore
from pesan.tickets.models import Ticket, TicketTransfer
from pesan.tickets.slices import Slices
from pesan.tickets.states import Reason, Result
from pesan.tickets.tasks import reissue_event, sign_transfer
from pesan.tickets.verify import verify
from tests.support.database import offenders
from tests.tickets.conftest import SECRET, SYSTEM, Sold

RANI = Recipient("Rani Wijaya", "rani@contoh.id")


@dataclass
class Desk:
    """One sold ticket, and what the web process does with it."""

    sold: Sold
    web: Database
    database: Database

    @property
    def ticket(self) -> Ticket:
        return self.sold.tickets[0]

    @property
    def buyer(self) -> Actor:
        return Actor.guest(self.sold.order.code)

    @property
    def staff(self) -> Actor:
        return Actor.staff(new_id(), frozenset([self.sold.order.merchant_id]))

    async def hand_on(self, actor: Actor | None = None, *, version: int = 0, to: Recipient = RANI) -> None:
        who = actor or self.buyer
        async with self.web.write(who) as session:
            await hand_on(session, ticket_id=self.ticket.id, version=version, recipient=to, actor=who)

    async def ask(self, payload: str, actor: Actor | None = None) -> tuple[Result, Reason]:
        verdict = await verify(
            self.web,
            DatabaseKeyStore(self.web, SECRET),
            payload,
            slices=Slices(SECRET, 3_600),
            actor=actor or Actor.guest(),
        )
        return verdict.result, verdict.reason

    async def now(self) -> Ticket:
        async with self.database.read(SYSTEM) as session:
            return await session.get_one(Ticket, self.ticket.id)

    async def transfers(self) -> list[TicketTransfer]:
        async with self.database.read(SYSTEM) as session:
            return list(await session.scalars(select(TicketTransfer).order_by(TicketTransfer.epoch)))

    async def execute(self, sql: str, **values: Any) -> None:
        async with self.database.write(SYSTEM) as session:
            await session.execute(text(sql), values)


@pytest.fixture
async def desk(sell, web_database: Database, database: Database) -> Desk:
    return Desk(await sell(), web_database, database)


async def test_old_forms_are_void_at_once_and_new_ones_good_once_signed(desk: Desk, deps):
    old = desk.ticket

    await desk.hand_on()
    unsigned = await desk.now()
    before = [await desk.ask(form) for form in (old.qr_text, old.token, old.code)]
    (transfer,) = await desk.transfers()
    await sign_transfer(deps, transfer.id)
    new = await desk.now()

    assert before == [(Result.VOID, Reason.SUPERSEDED)] * 3
    assert (unsigned.qr_text, unsigned.token, unsigned.epoch, unsigned.holder_name) == ("", "", 1, RANI.name)
    assert [await desk.ask(form) for form in (new.qr_text, new.token, new.code)] == [
        (Result.VALID, Reason.GOOD)
    ] * 3
    assert [await desk.ask(form) for form in (old.qr_text, old.token, old.code)] == before
    assert (transfer.code, transfer.from_name, transfer.to_email) == (
        old.code,
        "Budi Santoso",
        "rani@contoh.id",
    )
    assert len({old.code, new.code}) == 2
    assert [row for row in await offenders(desk.database) if row[0].startswith("tickets.")] == []


async def test_code_of_before_tells_staff_of_another_merchant_nothing(desk: Desk):
    await desk.hand_on()
    stranger = Actor.staff(new_id(), frozenset([new_id()]))

    assert await desk.ask(desk.ticket.code, stranger) == (Result.INVALID, Reason.UNKNOWN)


async def test_handing_on_stands_in_the_orders_history_with_its_names_apart(desk: Desk):
    await desk.hand_on()

    async with desk.database.read(SYSTEM) as session:
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == HANDED_ON))).one()
        private = (await session.scalars(select(AuditPrivate).where(AuditPrivate.seq == entry.seq))).one()
    assert (entry.subject_id, entry.actor_kind, entry.data) == (
        desk.sold.order.id,
        "guest",
        {"ticket_id": str(desk.ticket.id), "epoch": 1},
    )
    assert (private.before, private.after) == (
        {"holder_name": "Budi Santoso"},
        {"holder_name": "Rani Wijaya"},
    )


REFUSED = {
    "used": ("UPDATE tickets SET state = 'used', used_at = clock_timestamp()", HandingOnOver),
    "void": ("UPDATE tickets SET state = 'void', voided_at = clock_timestamp()", HandingOnOver),
    "begun": ("UPDATE events SET starts_at = clock_timestamp()", HandingOnOver),
    "cancelled": ("UPDATE events SET status = 'cancelled'", HandingOnOver),
    "forbidden": ("UPDATE events SET transferable = false", HandingOnOff),
    "changed": ("UPDATE tickets SET epoch = 1", TicketChanged),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_ticket_that_cannot_go_stays_as_it_was(desk: Desk, case: str):
    sql, refusal = REFUSED[case]
    await desk.execute(sql)
    before = await desk.now()

    with pytest.raises(refusal):
        await desk.hand_on()

    after = await desk.now()
    assert (after.code, after.epoch, after.qr_text, after.holder_name) == (
        before.code,
        before.epoch,
        before.qr_text,
        before.holder_name,
    )
    assert await desk.transfers() == []


async def test_staff_hand_on_where_buyers_may_not(desk: Desk):
    await desk.execute("UPDATE events SET transferable = false")

    await desk.hand_on(desk.staff)

    assert (await desk.now()).holder_name == RANI.name


async def test_account_that_bought_it_may_hand_it_on(desk: Desk):
    buyer = new_id()
    await desk.execute("UPDATE orders SET user_id = :id", id=buyer)

    await desk.hand_on(Actor.user(buyer))

    assert (await desk.now()).holder_name == RANI.name


async def test_nobody_else_hands_it_on_not_even_its_holder(desk: Desk, make):
    other = await make.order()
    strangers = (
        Actor.guest(),
        Actor.guest(other.code),
        Actor.guest(desk.ticket.code),
        Actor.user(new_id()),
        Actor.staff(new_id(), frozenset([other.merchant_id])),
    )

    for stranger in strangers:
        with pytest.raises(TicketNotFound):
            await desk.hand_on(stranger)

    assert (await desk.now()).epoch == 0


async def test_buyer_takes_a_ticket_that_is_somebody_elses_from_nobody_and_staff_hand_it_on(desk: Desk):
    buyer = new_id()
    await desk.execute("UPDATE orders SET user_id = :id", id=buyer)
    await desk.hand_on()
    theirs = await desk.now()

    for previous in (desk.buyer, Actor.user(buyer)):
        with pytest.raises(TicketHandedOn):
            await desk.hand_on(previous, version=1, to=Recipient("Dewi Lestari", "dewi@contoh.id"))
    kept = await desk.now()
    await desk.hand_on(desk.staff, version=1, to=Recipient("Dewi Lestari", "dewi@contoh.id"))

    assert (kept.code, kept.epoch, kept.holder_name) == (theirs.code, 1, RANI.name)
    assert [transfer.to_name for transfer in await desk.transfers()] == [RANI.name, "Dewi Lestari"]


async def test_only_the_last_of_two_in_a_row_is_signed(desk: Desk, deps):
    await desk.hand_on()
    await desk.hand_on(desk.staff, version=1, to=Recipient("Dewi Lestari", "dewi@contoh.id"))
    first, second = await desk.transfers()

    await sign_transfer(deps, first.id)
    unsigned = (await desk.now()).qr_text
    for _ in range(2):  # a job may run again
        await sign_transfer(deps, second.id)

    assert unsigned == ""
    assert await desk.ask((await desk.now()).qr_text) == (Result.VALID, Reason.GOOD)


async def test_event_that_moves_before_the_texts_are_signed_gets_them_for_its_new_end(desk: Desk, deps):
    await desk.hand_on()
    await desk.execute("UPDATE events SET ends_at = ends_at + interval '7 days'")

    await reissue_event(deps, desk.ticket.event_id)
    waiting = await desk.now()
    (transfer,) = await desk.transfers()
    await sign_transfer(deps, transfer.id)

    assert (waiting.qr_text, waiting.epoch) == ("", 1)
    assert (await desk.now()).expires_at > desk.ticket.expires_at
    assert await desk.ask((await desk.now()).qr_text) == (Result.VALID, Reason.GOOD)
