"""Two merchants with a row of their own in every table, so that whatever leaks can be seen to leak."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, func, insert, inspect, text
from sqlalchemy.ext.asyncio import AsyncSession

from pesan.app.modules import build_schema
from pesan.booths.feed import FeedEvent, tell_many
from pesan.booths.kinds import FeedKind
from pesan.booths.models import Booth, BoothConfig, BoothSession, Outlet, OutletHours
from pesan.booths.models.devices import BoothDevice, BoothPairing
from pesan.booths.states import SessionState
from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.db import Actor, Base, Database
from pesan.gates.models import (
    Gate,
    GateDevice,
    GateFeed,
    GatePairing,
    GateRules,
    Scan,
    ScanConflict,
    TicketStanding,
)
from pesan.gates.states import ConflictKind, Direction, Reason, Result
from pesan.hooks.delivering import write_messages
from pesan.hooks.service import add_endpoint
from pesan.idempotency.keys import scope_for
from pesan.idempotency.service import Answer, Wanted, store_many
from pesan.identity.devices.keys import KeyKind
from pesan.identity.factors.models import CodeGenerator, Passkey, RecoveryCode
from pesan.identity.models import User
from pesan.identity.openid.models import ProviderIdentity
from pesan.identity.states import MerchantRole
from pesan.identity.team.models import INVITED_FOR, Invitation
from pesan.kit.ids import new_id, new_ticket_code
from pesan.notifications.service import notify, set_words
from pesan.notifications.states import ChannelName, Kind
from pesan.notifications.wording import OwnWords
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import CaptureCompanion, RefundCause, RefundDueCompanion
from pesan.payments.gateways.sandbox import Act
from pesan.payments.gateways.trials import start_trial
from pesan.payments.models import PaymentMethod
from pesan.payments.service import update_method
from pesan.payments.statements.queries import list_new_lines
from pesan.payments.statements.reading import Line
from pesan.payments.statements.service import MatchCompanion, add_lines
from pesan.payments.statements.states import MatchKind
from pesan.privacy.consents import ConsentCompanion
from pesan.privacy.contacts import Contact
from pesan.privacy.erasure_list import Erased
from pesan.privacy.models import ProcessorNote
from pesan.privacy.noting import note_erasures
from pesan.privacy.requests import ask
from pesan.privacy.states import RequestKind
from pesan.realtime import Hub
from pesan.risk.lists import NewEntry, add_entry, set_rules
from pesan.risk.marks import Marks
from pesan.risk.queries import Rules
from pesan.risk.service import look
from pesan.risk.states import ListName, Mark
from pesan.tenancy.legal.queries import list_current
from pesan.tenancy.models import Merchant
from pesan.tickets.issue import make_tickets, read_entitlement
from pesan.tickets.keystore import DatabaseKeyStore
from pesan.tickets.models import Ticket, TicketTransfer
from pesan.tickets.queries import list_tickets
from pesan.web.outgoing import OwnSite
from tests.db.world_trips import travel
from tests.payments.gateway_steps import Shop, add_account, make_gateways
from tests.payments.steps import approve, choose, send_proof
from tests.support.factories import SYSTEM, Make

Seen = dict[str, Counter[str]]
# Whose a row is, where the table does not say so itself.
_OWNERS = {
    "merchants": "SELECT id, id AS merchant_id FROM merchants",
    "users": "SELECT u.id, m.merchant_id FROM users u JOIN memberships m ON m.user_id = u.id",
    "sessions": "SELECT s.id, m.merchant_id FROM sessions s JOIN memberships m ON m.user_id = s.user_id",
    "code_generators": "SELECT c.user_id, m.merchant_id FROM code_generators c"
    " JOIN memberships m ON m.user_id = c.user_id",
    "recovery_codes": "SELECT c.id, m.merchant_id FROM recovery_codes c JOIN memberships m ON m.user_id = c.user_id",
    "passkeys": "SELECT p.id, m.merchant_id FROM passkeys p JOIN memberships m ON m.user_id = p.user_id",
    "provider_identities": "SELECT p.issuer, p.subject, m.merchant_id FROM provider_identities p"
    " JOIN memberships m ON m.user_id = p.user_id",
    "idempotency_keys": "SELECT i.scope, i.key, m.merchant_id FROM idempotency_keys i"
    " JOIN memberships m ON i.scope = 'user:' || m.user_id",
    "audit_private": "SELECT p.subject_id, p.seq, e.merchant_id FROM audit_private p"
    " JOIN audit_entries e ON e.subject_id = p.subject_id AND e.seq = p.seq",
}


@dataclass(frozen=True, slots=True)
class House:
    """One merchant with what it has; `sold` is complete with ticket, proof and money, `held` is being paid."""

    merchant: Merchant
    staff: User
    event: Event
    sold: Order
    held: Order
    ticket: Ticket

    @property
    def actor(self) -> Actor:
        """The merchant's staff."""
        return Actor.staff(self.staff.id, frozenset([self.merchant.id]))


@dataclass(frozen=True, slots=True)
class World:
    """Both merchants, and whose each row is: `A`, `B`, or `-` for nobody's."""

    a: House
    b: House
    owners: Mapping[tuple[str, tuple[Any, ...]], str]

    def all(self) -> Seen:
        """Every row there is, by table and owner."""
        found: Seen = {name: Counter() for name in tenant_tables()}
        for (table, _), owner in self.owners.items():
            found[table][owner] += 1
        return found

    async def seen(self, session: AsyncSession) -> Seen:
        """The rows that a session sees, by table and owner; a table that it may not read at all is left out."""
        return {
            name: Counter(self.owners[name, key] for key in keys)
            for name in tenant_tables()
            if (keys := await _keys(session, name)) is not None
        }


def tenant_tables() -> list[str]:
    """Every table that says whose its rows are, or that has policies."""
    schema = build_schema()
    ruled = {rule.table for rule in schema.access if rule.policies}
    owned = {name for name, table in schema.metadata.tables.items() if "merchant_id" in table.columns}
    # Proofs of addresses, counts of wrong passwords, questions to devices, what people write on WhatsApp before anybody
    # knows to whom, objects whose store was away, and the instance's lines: nobody's, and shown to no merchant.
    nobodys = {
        "chat_contacts",
        "chat_lines",
        "chat_updates",
        "contact_proofs",
        "kept_objects",
        "log_in_guards",
        "passkey_challenges",
    }
    return sorted((ruled | owned) - nobodys)


async def make_world(make: Make, database: Database, secret: bytes, owner: Connection) -> World:
    """Both merchants, made by the services that make real ones."""
    houses = [await _make_house(make, database, secret) for _ in range(2)]
    names = {str(house.merchant.id): name for house, name in zip(houses, "AB", strict=True)}
    owners = {
        (table, key): names.get(str(merchant_id), "-")
        for table in tenant_tables()
        for key, merchant_id in _owners(owner, table)
    }
    return World(*houses, owners)


async def _make_house(make: Make, database: Database, secret: bytes) -> House:
    merchant = await make.merchant()
    staff = await make.user(merchant=merchant)
    await make.session_of(staff)
    await _add_factor(database, staff)
    await _invite(database, merchant)
    await _answer(database, staff)
    method = await make.method(merchant)
    await _switch_off(database, await make.method(merchant))
    event = await make.event(merchant, method_ids=(method.id,))
    await _take_by_gateway(make, database, secret, merchant)
    await _offer(make, await make.event(merchant, status=EventStatus.DRAFT))
    offered = await make.event(merchant)
    await _offer(make, offered)
    held = await make.order(event, email="budi@example.com")
    await choose(database, held, method.id)
    await _pay_twice(make, await make.order(event, state=OrderState.REJECTED))
    sold = await _sell(make, database, event, method)
    ticket = await _issue(make, database, sold, secret)
    await _read_statement(database, method, sold)
    await _tell(database, sold)
    await _word(database, merchant)
    await _agree(database, sold)
    await _ask(database, sold)
    await _announce(database, secret, sold)
    await _doubt(database, secret, staff, sold)
    await _hand_on(database, staff, ticket)
    await _admit(database, staff, ticket)
    await _tell_outlet(database, event, sold)
    await travel(make, database, event, offered, sold)
    return House(merchant, staff, event, sold, held, ticket)


async def _offer(make: Make, event: Event) -> None:
    """Something of everything that an event can sell, hidden and open."""
    await make.ticket_type(event)
    seated = await make.ticket_type(event, is_seated=True, is_hidden=True, access_code="KELUARGA")
    await make.seats(seated)
    await make.promo(event, max_uses=5)
    await make.slot(event, event.starts_at)


async def _add_factor(database: Database, staff: User) -> None:
    async with database.identity() as session:
        session.add(CodeGenerator(user_id=staff.id, secret_sealed=b"sealed"))
        session.add(RecoveryCode(user_id=staff.id, code_digest=staff.id.bytes))
        key = staff.id.bytes
        session.add(Passkey(user_id=staff.id, name="Kunci", credential_id=key, public_key=key, sign_count=0))
        subject = str(staff.id)
        session.add(ProviderIdentity(issuer="https://id.example", subject=subject, user_id=staff.id))


async def _invite(database: Database, merchant: Merchant) -> None:
    invitation = Invitation(
        merchant_id=merchant.id,
        email="baru@contoh.id",
        role=MerchantRole.STAFF,
        expires_at=func.clock_timestamp() + INVITED_FOR,
    )
    async with database.identity(Actor.staff(merchant.id, frozenset(), is_platform_admin=True)) as session:
        session.add(invitation)


async def _answer(database: Database, staff: User) -> None:
    scope, _ = scope_for(user_id=staff.id, guest_id=None)
    async with database.write(SYSTEM) as session:
        await store_many(session, [(Wanted(scope, "key", b"fingerprint"), Answer(201, b"private"))])


async def _read_statement(database: Database, method: PaymentMethod, sold: Order) -> None:
    """A line of the bank's that confirms what was approved."""
    lines = [Line(date(2026, 12, 1), 150_123, "TRSF SITI")]
    async with database.write(Actor.staff(sold.id, frozenset([method.merchant_id]))) as session:
        await add_lines(session, method=method, lines=lines, columns={"date": "Tanggal"})
    async with database.write(SYSTEM) as session:
        (line,) = await list_new_lines(session, method.id, limit=1)
        match = MatchCompanion(line.id, method.merchant_id, sold.id, MatchKind.CONFIRMED)
        await MatchCompanion.write_many(session, [match])


async def _switch_off(database: Database, method: PaymentMethod) -> None:
    async with database.write(SYSTEM) as session:
        await update_method(session, method.id, is_active=False, actor=SYSTEM)


async def _sell(make: Make, database: Database, event: Event, method: PaymentMethod) -> Order:
    order = await make.order(event, email="siti@example.com")
    await choose(database, order, method.id)
    await send_proof(make, order)
    await approve(make, order)
    return order


async def _issue(make: Make, database: Database, order: Order, secret: bytes) -> Ticket:
    async with database.read(SYSTEM) as session:
        entitlement = await read_entitlement(session, order.id)
    assert entitlement is not None
    tickets = await make_tickets(DatabaseKeyStore(database, secret), entitlement)
    await make.move(Move(OrderEvent.FULFIL, order.event_id, SYSTEM, order.id, companions=tuple(tickets)))
    async with database.read(SYSTEM) as session:
        return (await list_tickets(session, order.id))[0]


async def _pay_twice(make: Make, order: Order) -> None:
    """Money that came late, and came again, so that some of it goes back."""
    money = (order.id, order.merchant_id, order.total_amount)
    for event, companion in (
        (OrderEvent.PAY_LATE, CaptureCompanion(*money)),
        (OrderEvent.PAY_AGAIN, RefundDueCompanion(*money, RefundCause.PAID_AGAIN)),
    ):
        await make.move(Move(event, order.event_id, SYSTEM, order.id, companions=(companion,)))


async def _take_by_gateway(make: Make, database: Database, secret: bytes, merchant: Merchant) -> None:
    """An account at a provider, with a payment that its webhook tells of."""
    gateways = make_gateways(database, secret)
    account, method = await add_account(database, gateways, merchant)
    staff = Actor.staff(merchant.id, frozenset([merchant.id]))
    async with database.write(staff) as session:
        await start_trial(
            session, account_id=account.id, merchant_id=merchant.id, is_confirmed=False, actor=staff
        )
    shop = Shop(database, SaleDesk(database, Hub(database.url)), gateways, account, method)
    order = await make.order(await make.event(merchant))
    await shop.choose(order)
    for sent in await shop.press(order, Act.FAIL):
        await shop.take(sent)
    await gateways.http.aclose()


async def _admit(database: Database, staff: User, ticket: Ticket) -> None:
    """A gate with a device, which let this ticket in and once more."""
    of_event = {"merchant_id": ticket.merchant_id, "event_id": ticket.event_id}
    gate = Gate(id=new_id(), name="Pintu Utara", **of_event)
    device = GateDevice(
        id=new_id(),
        gate_id=gate.id,
        name="HP Tono",
        key_kind=KeyKind.ED25519.value,
        public_key=bytes(32),
        registered_by=staff.id,
        **of_event,
    )
    async with database.write(Actor.staff(staff.id, frozenset([ticket.merchant_id]))) as session:
        session.add(gate)
        await session.flush()
        session.add_all([GateRules(**of_event), device])
        digest = sha256(gate.id.bytes).digest()
        until = func.clock_timestamp() + timedelta(minutes=10)
        session.add(
            GatePairing(
                gate_id=gate.id, code_digest=digest, created_by=staff.id, expires_at=until, **of_event
            )
        )
    async with database.gate(ticket.event_id) as session:
        session.add_all(_scanned(ticket, gate, device))


async def _tell_outlet(database: Database, event: Event, sold: Order) -> None:
    """An outlet with a booth, and a session there; as if the event sold times."""
    of_event = {"merchant_id": event.merchant_id, "event_id": event.id}
    async with database.write(Actor.staff(sold.id, frozenset([event.merchant_id]))) as session:
        session.add_all([Outlet(name="Booth Kota", **of_event), BoothConfig(merchant_id=event.merchant_id)])
        await session.flush()
        booth = Booth(id=new_id(), name="Booth 1", **of_event)
        session.add_all([OutletHours(weekday=0, opens=time(9), closes=time(21), **of_event), booth])
        await session.flush()
    await _pair_screen(database, booth)
    starts_at = event.starts_at
    async with database.sale() as session:
        session.add(
            BoothSession(
                id=sold.id,
                booth_id=booth.id,
                resource=booth.number,
                state=SessionState.AWAITING_CUSTOMER.value,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=15),
                duration_minutes=15,
                tolerance_minutes=15,
                arrive_until=starts_at + timedelta(minutes=15),
                **of_event,
            )
        )
        await tell_many(session, [FeedEvent(event.id, event.merchant_id, FeedKind.OUTLET_CHANGED, {})])


async def _pair_screen(database: Database, booth: Booth) -> None:
    """A screen at a booth, and the code for another one."""
    at_booth = {"merchant_id": booth.merchant_id, "event_id": booth.event_id, "booth_id": booth.id}
    device = BoothDevice(
        name="Tablet",
        key_kind=KeyKind.ED25519.value,
        public_key=bytes(32),
        registered_by=new_id(),
        **at_booth,
    )
    pairing = BoothPairing(
        code_digest=sha256(booth.id.bytes).digest(),
        created_by=new_id(),
        expires_at=func.clock_timestamp() + timedelta(minutes=10),
        **at_booth,
    )
    async with database.write(Actor.staff(booth.id, frozenset([booth.merchant_id]))) as session:
        session.add_all([device, pairing])


def _scanned(ticket: Ticket, gate: Gate, device: GateDevice) -> list[Base]:
    of_event = {"merchant_id": ticket.merchant_id, "event_id": ticket.event_id}
    now = func.clock_timestamp()
    scan = Scan(
        gate_id=gate.id,
        device_id=device.id,
        nonce=new_id(),
        ticket_id=ticket.id,
        direction=Direction.ENTRY.value,
        shown=Result.OK.value,
        result=Result.OK.value,
        reason=Reason.GOOD.value,
        cycle=1,
        device_at=ticket.issued_at,
        offset_ms=0,
        scanned_at=ticket.issued_at,
        received_at=now,
        **of_event,
    )
    standing = TicketStanding(ticket_id=ticket.id, cycle=1, is_inside=True, seq=1, **of_event)
    conflict = ScanConflict(
        subject_id=ticket.id,
        ticket_id=ticket.id,
        kind=ConflictKind.DOUBLE_ENTRY.value,
        cycle=1,
        scan_count=1,
        scan_ids=[ticket.id],
        **of_event,
    )
    return [scan, standing, GateFeed(seq=1, **of_event), conflict]


async def _tell(database: Database, order: Order) -> None:
    async with database.write(SYSTEM) as session:
        await notify(
            session,
            order_id=order.id,
            merchant_id=order.merchant_id,
            kind=Kind.TICKET_READY,
            channels=[ChannelName.EMAIL],
        )


async def _word(database: Database, merchant: Merchant) -> None:
    """A letter in the merchant's own words."""
    async with database.write(Actor.staff(merchant.id, frozenset([merchant.id]))) as session:
        owner = await session.get_one(Merchant, merchant.id)
        words = OwnWords("Halo {buyer_name}", "Sampai jumpa", "Datang ya.")
        await set_words(session, owner, kind=Kind.TICKET_READY, locale="id", words=words, actor=SYSTEM)


async def _agree(database: Database, order: Order) -> None:
    async with database.read(SYSTEM) as session:
        notice = (await list_current(session, order.merchant_id))["privacy"]
    async with database.sale() as session:
        await ConsentCompanion.write_many(session, [ConsentCompanion(order.id, order.merchant_id, notice.id)])


async def _ask(database: Database, order: Order) -> None:
    contact = Contact("siti@example.com", (order.code,))
    async with database.write(contact.actor) as session:
        await ask(session, contact, RequestKind.ERASURE, "id")
    async with database.write(SYSTEM) as session:
        await note_erasures(session, [Erased(order.placed_at, order.merchant_id, b"mark", "00000000")])
    await _describe(database, order.merchant_id)


async def _describe(database: Database, merchant_id: UUID) -> None:
    """A processor that buyers read of, and one that they do not."""
    async with database.write(Actor.staff(merchant_id, frozenset([merchant_id]))) as session:
        for name, is_named in (("mail", True), ("files", False)):
            note = {"merchant_id": merchant_id, "processor": name, "title": name, "is_named": is_named}
            await session.execute(insert(ProcessorNote).values(note))


async def _announce(database: Database, secret: bytes, order: Order) -> None:
    """An endpoint of the organizer's, and what it is told of an order."""
    async with database.write(Actor.staff(order.id, frozenset([order.merchant_id]))) as session:
        await add_endpoint(
            session,
            secret=secret,
            merchant_id=order.merchant_id,
            url="https://toko.example/hook",
            kinds=["order.paid"],
            own=OwnSite(),
            to_loopback=False,
            actor=SYSTEM,
        )
    async with database.write(SYSTEM) as session:
        told = {"kind": "order.paid", "state": "PAID", "at": order.placed_at}
        await write_messages(session, order, message_id=order.id, **told)


async def _doubt(database: Database, secret: bytes, staff: User, order: Order) -> None:
    """A buyer on the block list, so that the order is looked at; and limits of the merchant's own."""
    actor, marks = Actor.staff(staff.id, frozenset([order.merchant_id])), Marks(secret)
    digest = marks.digest(Mark.EMAIL, "siti@example.com")
    new = NewEntry(ListName.BLOCK, Mark.EMAIL, digest, "siti@example.com", "Sengketa")
    async with database.write(actor) as session:
        await add_entry(session, order.merchant_id, new, actor=actor)
        await set_rules(session, order.merchant_id, Rules(), actor=actor)
    await look(database, marks, order.id)


async def _hand_on(database: Database, staff: User, ticket: Ticket) -> None:
    """The note of a ticket that went to somebody else; the ticket itself stays as it is."""
    async with database.write(Actor.staff(staff.id, frozenset([ticket.merchant_id]))) as session:
        session.add(
            TicketTransfer(
                id=new_id(),
                merchant_id=ticket.merchant_id,
                order_id=ticket.order_id,
                event_id=ticket.event_id,
                ticket_id=ticket.id,
                epoch=1,
                code=new_ticket_code(),
                from_name="Siti",
                to_name="Rani",
                to_email="rani@example.com",
            )
        )


def _owners(owner: Connection, name: str) -> list[tuple[tuple[Any, ...], UUID]]:
    columns = ", ".join(_key_columns(name))
    query = _OWNERS.get(name, f"SELECT {columns}, merchant_id FROM {name}")
    return [(tuple(row[:-1]), row[-1]) for row in owner.execute(text(query))]


async def _keys(session: AsyncSession, name: str) -> list[tuple[Any, ...]] | None:
    columns = _key_columns(name)
    privilege = text(f"SELECT has_any_column_privilege('{name}', 'SELECT')")
    if not await session.scalar(privilege):
        return None
    rows = await session.execute(text(f"SELECT {', '.join(columns)} FROM {name}"))
    return [tuple(row) for row in rows]


def _key_columns(name: str) -> Sequence[str]:
    table: Table = build_schema().metadata.tables[name]
    return [column.name for column in inspect(table).primary_key]
