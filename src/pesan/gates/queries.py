"""Every read of gates, their rules and their devices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, text

from pesan.catalog.errors import EventNotFound
from pesan.catalog.models import Event, Seat, TicketType
from pesan.db import ReadSession
from pesan.gates.errors import DeviceNotFound, DeviceRevoked, GateNotFound, GateShut
from pesan.gates.models import Gate, GateDevice, GateFeed, GateRules, Scan, TicketStanding
from pesan.gates.rules import effective_rules
from pesan.gates.verdict import Rules
from pesan.kit.ids import normalise_code
from pesan.tickets.models import Ticket
from pesan.tickets.states import TicketState
from pesan.web.devices import DeviceClaims

MAX_FOUND = 20
MAX_DEVICES = 500
MIN_NAME = 2
# As much of a ticket's code as tells one from another, and as is searched by; all of it opens the ticket's page, and
# whoever could ask for longer and longer parts would find it out.
_TOLD_OF_CODE = 4
_FIGURES = text(
    "SELECT count(*) FILTER (WHERE is_inside), count(*) FILTER (WHERE cycle > 0),"
    " count(*) FILTER (WHERE cycle > 0 AND NOT is_inside),"
    " (SELECT count(*) FROM scans WHERE event_id = :event_id AND received_at > clock_timestamp() - interval '1 minute'"
    " AND scanned_at > clock_timestamp() - interval '1 minute' AND result = 'ok' AND direction = 'entry'"
    " AND undone_at IS NULL) FROM ticket_standings WHERE event_id = :event_id"
)


@dataclass(frozen=True, slots=True)
class Post:
    """Where a device stands, by its present names."""

    device_id: UUID
    device: str
    gate_id: UUID
    gate: str
    location: str


@dataclass(frozen=True, slots=True)
class Change:
    """Where a ticket stands since a change, and at which gate its person came in.

    `entered_nonce` is the scan that let them in, where it is the asking device's own.
    """

    ticket_id: UUID
    is_inside: bool
    cycle: int
    entered_at: datetime | None
    gate: str | None
    seq: int
    entered_nonce: UUID | None


@dataclass(frozen=True, slots=True)
class Figures:
    """How full an event is: inside now, who ever came in, who went out again, and entries of the last minute."""

    inside: int
    entered: int
    left: int
    per_minute: int


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket as a gate may see it: no contact, no text that opens a gate, and of its code the end."""

    id: UUID
    code: str
    holder_name: str
    type: str
    seat: str
    number: int
    is_void: bool
    is_inside: bool
    cycle: int
    entered_at: datetime | None


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate with how many devices of it may work."""

    gate: Gate
    devices: int


async def get_rules(session: ReadSession, event_id: UUID) -> Rules:
    """How the event's gates work: what the organizer said, and the defaults for the rest; raises EventNotFound."""
    query = (
        select(
            Event.starts_at,
            Event.ends_at,
            GateRules.opens_at,
            GateRules.closes_at,
            GateRules.reentry,
            GateRules.static_codes,
        )
        .outerjoin(GateRules, GateRules.event_id == Event.id)
        .where(Event.id == event_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise EventNotFound
    return effective_rules(
        row.starts_at,
        row.ends_at,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        reentry=row.reentry,
        static_codes=row.static_codes,
    )


async def find_rules(session: ReadSession, event_id: UUID) -> GateRules | None:
    """What the organizer chose, where anybody chose."""
    return await session.get(GateRules, event_id)


async def require_live(session: ReadSession, claims: DeviceClaims) -> Post:
    """Where the device of a token stands, in a transaction of its event's gates; raises DeviceRevoked, GateShut.

    DeviceRevoked also for a device that is not there; GateShut while its gate is closed.
    """
    query = (
        select(GateDevice.name, Gate.id, Gate.name, Gate.location, Gate.closed_at)
        .join(Gate, Gate.id == GateDevice.gate_id)
        .where(
            GateDevice.id == claims.device_id,
            GateDevice.event_id == claims.event_id,
            GateDevice.revoked_at.is_(None),
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise DeviceRevoked
    device, gate_id, gate, location, closed_at = row
    if closed_at is not None:
        raise GateShut
    # Its row says where it stands: the token's gate is of the day when it was made.
    return Post(claims.device_id, device, gate_id, gate, location)


async def get_seq(session: ReadSession, event_id: UUID) -> int:
    """The number of the last change at the event's gates; 0 before the first."""
    return await session.scalar(select(GateFeed.seq).where(GateFeed.event_id == event_id)) or 0


async def list_changes(
    session: ReadSession, event_id: UUID, *, device_id: UUID, after: int, limit: int
) -> tuple[int, list[Change], bool]:
    """What changed after number `after` as a device hears it, the number to come again with, and whether there is more.

    Numbers are given under the lock of the event's row and become visible in their order, so that none is passed by.
    """
    seq = await get_seq(session, event_id)
    query = (
        select(
            TicketStanding.ticket_id,
            TicketStanding.is_inside,
            TicketStanding.cycle,
            TicketStanding.entered_at,
            Gate.name,
            TicketStanding.seq,
            Scan.nonce,
        )
        .outerjoin(Gate, Gate.id == TicketStanding.entered_gate_id)
        .outerjoin(Scan, and_(Scan.id == TicketStanding.entered_by, Scan.device_id == device_id))
        .where(TicketStanding.event_id == event_id, TicketStanding.seq > after)
        .order_by(TicketStanding.seq)
        .limit(limit + 1)
    )
    found = [Change(*row) for row in await session.execute(query)]
    changes = found[:limit]
    return changes[-1].seq if changes else seq, changes, len(found) > limit


async def get_figures(session: ReadSession, event_id: UUID) -> Figures:
    """How full the event is now."""
    return Figures(*(await session.execute(_FIGURES, {"event_id": event_id})).one())


async def list_found(session: ReadSession, event_id: UUID, words: str) -> list[Found]:
    """The event's tickets whose holder's name holds `words` or whose code ends so, at most twenty by name."""
    standing = TicketStanding
    query = (
        select(
            Ticket.id,
            func.right(Ticket.code, _TOLD_OF_CODE),
            Ticket.holder_name,
            func.coalesce(TicketType.name, ""),
            _seat_label(),
            Ticket.number,
            Ticket.state == TicketState.VOID,
            func.coalesce(standing.is_inside, False),
            func.coalesce(standing.cycle, 0),
            standing.entered_at,
        )
        .outerjoin(TicketType, TicketType.id == Ticket.ticket_type_id)
        .outerjoin(Seat, Seat.id == Ticket.seat_id)
        .outerjoin(standing, standing.ticket_id == Ticket.id)
        .where(Ticket.event_id == event_id, _matches(words))
        .order_by(Ticket.holder_name, Ticket.id)
        .limit(MAX_FOUND)
    )
    rows: Sequence[Sequence[Any]] = (await session.execute(query)).all()
    return [Found(*row) for row in rows]


async def get_gate(session: ReadSession, event_id: UUID, gate_id: UUID) -> Gate:
    """One gate of the event; raises GateNotFound."""
    gate = await session.scalar(select(Gate).where(Gate.id == gate_id, Gate.event_id == event_id))
    if gate is None:
        raise GateNotFound
    return gate


async def list_gates(session: ReadSession, event_id: UUID) -> list[GateRow]:
    """The event's gates by name, closed ones last."""
    works = GateDevice.revoked_at.is_(None)
    query = (
        select(Gate, func.count(GateDevice.id).filter(works))
        .outerjoin(GateDevice, GateDevice.gate_id == Gate.id)
        .where(Gate.event_id == event_id)
        .group_by(Gate.id)
        .order_by(Gate.closed_at.is_not(None), func.lower(Gate.name))
    )
    return [GateRow(gate, count) for gate, count in await session.execute(query)]


async def get_device(session: ReadSession, event_id: UUID, device_id: UUID) -> GateDevice:
    """One device of the event that may work; raises DeviceNotFound."""
    query = select(GateDevice).where(GateDevice.id == device_id, GateDevice.event_id == event_id)
    device = await session.scalar(query.where(GateDevice.revoked_at.is_(None)))
    if device is None:
        raise DeviceNotFound
    return device


async def list_devices(session: ReadSession, event_id: UUID) -> Sequence[tuple[GateDevice, str]]:
    """The event's devices with the names of their gates, revoked ones last."""
    query = (
        select(GateDevice, Gate.name)
        .join(Gate, Gate.id == GateDevice.gate_id)
        .where(GateDevice.event_id == event_id)
        .order_by(GateDevice.revoked_at.is_not(None), func.lower(Gate.name), GateDevice.name, GateDevice.id)
        .limit(MAX_DEVICES)
    )
    return [(device, gate) for device, gate in await session.execute(query)]


def _matches(words: str) -> ColumnElement[bool]:
    by_name = Ticket.holder_name.icontains(words, autoescape=True)
    code = normalise_code(words)
    by_end = func.right(Ticket.code, _TOLD_OF_CODE) == code
    return or_(by_name, by_end) if len(code) == _TOLD_OF_CODE else by_name


def _seat_label() -> ColumnElement[str]:
    return func.coalesce(Seat.section + " " + Seat.row + "-" + Seat.number, "")
