"""Every read of gates, their rules and their devices."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from pesan.catalog.errors import EventNotFound
from pesan.catalog.models import Event
from pesan.db import ReadSession
from pesan.gates.errors import DeviceRevoked
from pesan.gates.models import Gate, GateDevice, GateRules
from pesan.gates.rules import effective_rules
from pesan.gates.verdict import Rules
from pesan.web.devices import DeviceClaims


@dataclass(frozen=True, slots=True)
class Post:
    """Where a device stands, by its present names."""

    device_id: UUID
    device: str
    gate_id: UUID
    gate: str
    location: str


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


async def require_live(session: ReadSession, claims: DeviceClaims) -> Post:
    """Where the device of a token stands, in a transaction of its event's gates; raises DeviceRevoked.

    Also for a device of a gate that was closed, and for one that is not there.
    """
    query = (
        select(GateDevice.name, Gate.name, Gate.location)
        .join(Gate, Gate.id == GateDevice.gate_id)
        .where(
            GateDevice.id == claims.device_id,
            GateDevice.event_id == claims.event_id,
            GateDevice.gate_id == claims.gate_id,
            GateDevice.revoked_at.is_(None),
            Gate.closed_at.is_(None),
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise DeviceRevoked
    device, gate, location = row
    return Post(claims.device_id, device, claims.gate_id, gate, location)
