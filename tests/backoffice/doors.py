"""Gates with devices and what they scanned, as rows: what a test says happened, happened."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.gates.models import Gate, GateDevice, GateFeed, Scan, ScanConflict, TicketStanding
from pesan.gates.states import ConflictKind, Direction, Reason, Result
from pesan.identity.devices.keys import KeyKind
from pesan.kit.ids import new_id
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from tests.backoffice.conftest import Team
from tests.backoffice.sales import Till, line
from tests.support.factories import SYSTEM

LAST_MINUTE = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)


class Rows:
    """The gates of one event; what is scanned without saying where is scanned at the first device."""

    def __init__(self, database: Database, event: Event) -> None:
        self.database = database
        self.event = event
        self.devices: list[GateDevice] = []
        self._of_event = {"merchant_id": self.event.merchant_id, "event_id": self.event.id}

    async def gate(self, name: str = "Pintu Utara", device: str = "HP Tono", **state: Any) -> GateDevice:
        """A gate with one device."""
        staff = Actor.staff(self.event.merchant_id, frozenset([self.event.merchant_id]))
        gate = Gate(id=new_id(), name=name, **self._of_event)
        paired = GateDevice(
            id=new_id(),
            gate_id=gate.id,
            name=device,
            key_kind=KeyKind.ED25519.value,
            public_key=bytes(32),
            registered_by=new_id(),
            **self._of_event,
        )
        async with self.database.write(staff) as session:
            session.add(gate)
            await session.flush()
            session.add(paired)
        async with self.database.gate(self.event.id) as session:
            known = await session.get_one(GateDevice, paired.id)
            for name, value in state.items():
                setattr(known, name, value)
        self.devices.append(paired)
        return paired

    async def scan(self, ticket: Ticket | None, device: GateDevice | None = None, **facts: Any) -> Scan:
        """One scan: let in a minute ago, unless said otherwise."""
        place = device or self.devices[0]
        at = facts.get("scanned_at", LAST_MINUTE)
        is_green = facts.get("shown", Result.OK) == Result.OK
        wanted = {
            "direction": Direction.ENTRY.value,
            "shown": Result.OK.value,
            "result": facts.get("shown", Result.OK.value),
            "reason": (Reason.GOOD if is_green else Reason.ALREADY_USED).value,
            "cycle": 1 if is_green and facts.get("result", Result.OK) == Result.OK else None,
            "device_at": at,
            "offset_ms": 0,
            "scanned_at": at,
            "received_at": datetime.now(UTC),
            **facts,
        }
        scan = Scan(
            id=new_id(),
            nonce=new_id(),
            gate_id=place.gate_id,
            device_id=place.id,
            ticket_id=ticket.id if ticket else None,
            **self._of_event,
            **wanted,
        )
        async with self.database.gate(self.event.id) as session:
            session.add(scan)
        return scan

    async def stand(self, ticket: Ticket, *, is_inside: bool = True, seq: int = 1) -> None:
        """Where the ticket stands after it came in once."""
        async with self.database.gate(self.event.id) as session:
            session.add(
                TicketStanding(ticket_id=ticket.id, cycle=1, is_inside=is_inside, seq=seq, **self._of_event)
            )
            await session.merge(GateFeed(seq=seq, **self._of_event))

    async def _passed(self, ticket: Ticket) -> list[UUID]:
        """The scans that let a ticket's person in."""
        query = select(Scan.id).where(Scan.ticket_id == ticket.id, Scan.shown == Result.OK.value)
        async with self.database.gate(self.event.id) as session:
            return list(await session.scalars(query.order_by(Scan.scanned_at, Scan.id)))

    async def conflict(
        self, ticket: Ticket | None, scan: Scan, kind: ConflictKind = ConflictKind.DOUBLE_ENTRY
    ) -> ScanConflict:
        """Something to look at, about a ticket's first entry or about one scan of none."""
        row = ScanConflict(
            id=new_id(),
            subject_id=ticket.id if ticket else scan.id,
            ticket_id=ticket.id if ticket else None,
            kind=kind.value,
            cycle=1 if kind is ConflictKind.DOUBLE_ENTRY else 0,
            scan_count=2 if ticket else 1,
            scan_ids=await self._passed(ticket) if ticket else [scan.id],
            **self._of_event,
        )
        async with self.database.gate(self.event.id) as session:
            session.add(row)
        return row


class Doors(Rows):
    """The gates of a team's event, and people who paid to come in."""

    def __init__(self, team: Team, till: Till, event: Event | None = None) -> None:
        super().__init__(team.database, event or team.event)
        self.team = team
        self.till = till

    async def ticket(self, name: str = "Budi Santoso", **wish: Any) -> Ticket:
        """A ticket that was paid for."""
        offer = await self.team.make.ticket_type(self.event, **wish)
        order = await self.till.completed(self.event, buyer_name=name, lines=(line(offer),))
        async with self.database.read(SYSTEM) as session:
            return (await list_tickets(session, order.id))[0]
