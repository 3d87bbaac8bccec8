"""An event with a gate, devices and tickets, and what happens there, through the code that does it for real."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.gates.attempts import Attempt, Scanned
from pesan.gates.desk import GateDesk
from pesan.gates.invariants import INVARIANTS
from pesan.gates.models import Gate, GateDevice, GateRules, Scan, ScanConflict, TicketStanding
from pesan.gates.states import Direction, Reason, Result
from pesan.identity.devices.keys import KeyKind
from pesan.identity.policies import SignedIn
from pesan.identity.states import MerchantRole
from pesan.kit.ids import new_id
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.realtime import Hub
from pesan.tenancy.models import Merchant
from pesan.tickets.issue import make_tickets, read_entitlement
from pesan.tickets.keystore import DatabaseKeyStore
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from pesan.tickets.slices import Slices
from pesan.tickets.verify import read_presented
from tests.support.factories import SYSTEM, Make


@dataclass
class Venue:
    """An event whose gates are open, with one gate."""

    database: Database
    make: Make
    event: Event
    gate: Gate
    keys: DatabaseKeyStore
    slices: Slices
    desk: GateDesk
    now: datetime
    devices: list[GateDevice] = field(default_factory=list)

    @property
    def staff(self) -> Actor:
        return Actor.staff(new_id(), frozenset([self.event.merchant_id]))

    @property
    def organizer(self) -> SignedIn:
        """Who may take a scan back."""
        roles = {self.event.merchant_id: MerchantRole.ORGANIZER}
        return SignedIn(new_id(), new_id(), "Yosina", "y@contoh.id", None, roles, is_due_for_touch=False)

    async def device(self, gate: Gate | None = None) -> GateDevice:
        """Another phone at the gate."""
        device = GateDevice(
            id=new_id(),
            merchant_id=self.event.merchant_id,
            event_id=self.event.id,
            gate_id=(gate or self.gate).id,
            name=f"HP {len(self.devices) + 1}",
            key_kind=KeyKind.ED25519.value,
            public_key=bytes(32),
            registered_by=new_id(),
            registered_at=self.now - timedelta(hours=2),
        )
        async with self.database.write(self.staff) as session:
            session.add(device)
        self.devices.append(device)
        return device

    async def sell(self, event: Event | None = None, *, quantity: int = 1) -> list[Ticket]:
        """Tickets, paid and signed."""
        sale = event or self.event
        # What costs nothing is paid as soon as it is held.
        state = OrderState.PAID if sale.price_amount else OrderState.HOLD
        order = await self.make.order(sale, state=state, quantity=quantity)
        async with self.database.read(SYSTEM) as session:
            entitlement = await read_entitlement(session, order.id)
        assert entitlement is not None
        tickets = tuple(await make_tickets(self.keys, entitlement))
        await self.make.move(Move(OrderEvent.FULFIL, order.event_id, SYSTEM, order.id, companions=tickets))
        async with self.database.read(SYSTEM) as session:
            return list(await list_tickets(session, order.id))

    async def attempt(self, device: GateDevice, text: str, **rest: object) -> Attempt:
        """A scan of a code."""
        presented = await read_presented(self.keys, text)
        values = {"nonce": new_id(), "presented": presented, **rest}
        return Attempt(device_id=device.id, **values)  # type: ignore[arg-type]

    async def scan(self, device: GateDevice, text: str, **rest: object) -> Scanned:
        """A scan with a network."""
        return await self.desk.submit(self.event.id, await self.attempt(device, text, **rest))

    async def offline(
        self, device: GateDevice, text: str, minute: float, shown: Result = Result.OK, **rest: object
    ) -> Attempt:
        """A scan without a network, `minute` minutes after the gates opened an hour ago, as it is sent later."""
        at = self.now - timedelta(hours=1) + timedelta(minutes=minute)
        values: Mapping[str, object] = {"shown": shown, "reason": Reason.GOOD, "device_at": at, **rest}
        return await self.attempt(device, text, **values)

    async def upload(self, *attempts: Attempt) -> list[Scanned]:
        """What a device sends when it has a network again."""
        return await self.desk.submit_all(self.event.id, attempts)

    async def rules(self, **changes: object) -> None:
        """Set how the gates work."""
        async with self.database.write(self.staff) as session:
            rules = await session.get_one(GateRules, self.event.id)
            for name, value in changes.items():
                setattr(rules, name, value)

    async def another_event(self) -> Event:
        """Of the same merchant."""
        async with self.database.read(SYSTEM) as session:
            merchant = await session.get_one(Merchant, self.event.merchant_id)
        return await self.make.event(merchant)

    async def scans(self, ticket: Ticket) -> list[Scan]:
        """Every scan of a ticket, the earliest first."""
        query = select(Scan).where(Scan.ticket_id == ticket.id).order_by(Scan.scanned_at, Scan.id)
        async with self.database.read(SYSTEM) as session:
            return list(await session.scalars(query))

    async def conflicts(self) -> list[ScanConflict]:
        """What waits for a person, or did."""
        async with self.database.read(SYSTEM) as session:
            return list(await session.scalars(select(ScanConflict).order_by(ScanConflict.kind)))

    async def standing(self, ticket: Ticket) -> TicketStanding | None:
        async with self.database.read(SYSTEM) as session:
            return await session.get(TicketStanding, ticket.id)

    async def ticket(self, ticket: Ticket) -> Ticket:
        async with self.database.read(SYSTEM) as session:
            return await session.get_one(Ticket, ticket.id)

    async def offenders(self) -> Mapping[str, int]:
        """The broken invariants of gates, with how many rows break each."""
        async with self.database.read(SYSTEM) as session:
            found = {rule.name: len((await session.execute(text(rule.sql))).all()) for rule in INVARIANTS}
        return {name: count for name, count in found.items() if count}

    async def now_at(self) -> datetime:
        async with self.database.read(SYSTEM) as session:
            now: datetime = (await session.scalars(select(func.clock_timestamp()))).one()
        return now


async def open_venue(make: Make, database: Database, secret: bytes, **event: Any) -> Venue:
    """An event whose gates opened an hour ago and close in two."""
    sale = await make.event(await make.merchant(), **{"max_per_order": 10, **event})
    async with database.read(SYSTEM) as session:
        now = (await session.scalars(select(func.clock_timestamp()))).one()
    of_event: dict[str, UUID] = {"merchant_id": sale.merchant_id, "event_id": sale.id}
    gate = Gate(id=new_id(), name="Pintu Utara", **of_event)
    hours = {"opens_at": now - timedelta(hours=1), "closes_at": now + timedelta(hours=2)}
    async with database.write(Actor.staff(new_id(), frozenset([sale.merchant_id]))) as session:
        session.add_all([gate, GateRules(**of_event, **hours)])
    slices = Slices(secret, 30)
    desk = GateDesk(database, Hub(), slices)
    return Venue(database, make, sale, gate, DatabaseKeyStore(database, secret), slices, desk, now)


ENTRY, EXIT = Direction.ENTRY, Direction.EXIT
