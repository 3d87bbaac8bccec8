"""The only place that locks pairing codes, gates, devices and conflicts; each alone, or a gate after another."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from pesan.db import WriteSession
from pesan.errors import NotFound
from pesan.gates.errors import ConflictNotFound, DeviceNotFound, GateNotFound
from pesan.gates.models import Gate, GateDevice, GatePairing, ScanConflict

Row = TypeVar("Row")


async def lock_pairing(session: WriteSession, code_digest: bytes) -> GatePairing | None:
    """The pairing code, which nobody else can use meanwhile; None when there is no such code to be seen."""
    return await _lock(session, select(GatePairing).where(GatePairing.code_digest == code_digest))


async def lock_gate(session: WriteSession, gate_id: UUID, *, event_id: UUID) -> Gate:
    """A gate of this event, with nobody else writing its audit chain; raises GateNotFound."""
    query = select(Gate).where(Gate.id == gate_id, Gate.event_id == event_id)
    return await _get(session, query, GateNotFound)


async def lock_device(session: WriteSession, device_id: UUID, *, event_id: UUID) -> GateDevice:
    """A device of this event, with nobody else writing its audit chain; raises DeviceNotFound."""
    query = select(GateDevice).where(GateDevice.id == device_id, GateDevice.event_id == event_id)
    return await _get(session, query, DeviceNotFound)


async def lock_conflict(session: WriteSession, conflict_id: UUID, *, event_id: UUID) -> ScanConflict:
    """A conflict of this event, which nobody settles meanwhile and no scan joins; raises ConflictNotFound."""
    query = select(ScanConflict).where(ScanConflict.id == conflict_id, ScanConflict.event_id == event_id)
    return await _get(session, query, ConflictNotFound)


async def _get(session: WriteSession, query: Select[Row], missing: type[NotFound]) -> Row:
    found = await _lock(session, query)
    if found is None:
        raise missing
    return found


async def _lock(session: WriteSession, query: Select[Row]) -> Row | None:
    """The one row of `query` as it is now, locked; what refers to it waits for nothing."""
    return await session.scalar(
        query.with_for_update(key_share=True).execution_options(populate_existing=True)
    )
