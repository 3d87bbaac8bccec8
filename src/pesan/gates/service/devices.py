"""Devices after they joined: their token renewed by proof of their key, what they tell of themselves, their end."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from pesan.audit import changed_values, record
from pesan.db import Actor, WriteSession
from pesan.gates.errors import DeviceNotFound, DeviceRevoked, GateClosed, GateShut, RenewalRefused
from pesan.gates.models import Gate, GateDevice
from pesan.gates.queries import get_gate
from pesan.gates.service.locks import lock_device
from pesan.identity.devices.keys import DeviceKey, KeyKind, Proof
from pesan.web.devices import DeviceClaims


@dataclass(frozen=True, slots=True)
class Beat:
    """What a device tells of itself; nothing is decided by it."""

    queue_length: int
    app_version: str
    device_at_ms: int
    battery: int | None = None


def proof_message(device_id: UUID, at_ms: int) -> bytes:
    """What a device signs to get its next token."""
    return f"pesan:gate:renew:1\n{device_id}\n{at_ms}".encode("ascii")


async def renew(session: WriteSession, claims: DeviceClaims, proof: Proof) -> tuple[DeviceClaims, datetime]:
    """Accept a device's proof, once: what its next token says, and when.

    Raises DeviceRevoked, GateShut, RenewalRefused. **Locks** the device.
    """
    try:
        device = await lock_device(session, claims.device_id, event_id=claims.event_id)
    except DeviceNotFound as error:
        raise DeviceRevoked from error
    is_closed = Gate.closed_at.is_not(None)
    query = select(func.clock_timestamp(), is_closed).where(Gate.id == device.gate_id)
    now, gate_is_closed = (await session.execute(query)).one()
    if device.revoked_at is not None:
        raise DeviceRevoked
    if gate_is_closed:
        raise GateShut
    key = DeviceKey(KeyKind(device.key_kind), device.public_key)
    message = proof_message(device.id, proof.at_ms)
    if not proof.holds(key, message, now=now, after_ms=device.renewed_ms):
        raise RenewalRefused
    device.renewed_ms, device.last_seen_at = proof.at_ms, now
    await session.flush()
    return replace(claims, gate_id=device.gate_id), now


async def note_beat(session: WriteSession, device_id: UUID, beat: Beat) -> datetime:
    """Keep what a device told of itself, and say when; the caller has asked whether it may."""
    query = (
        update(GateDevice)
        .where(GateDevice.id == device_id)
        .values(
            last_seen_at=func.clock_timestamp(),
            battery=beat.battery,
            app_version=beat.app_version,
            queue_length=beat.queue_length,
            skew_ms=func.floor(func.extract("epoch", func.clock_timestamp()) * 1000) - beat.device_at_ms,
        )
        .returning(GateDevice.last_seen_at)
    )
    at = (await session.scalars(query)).one()
    assert at is not None
    return at


@dataclass(frozen=True, slots=True)
class DeviceDraft:
    """What an organizer wants a device to be called, and where it shall stand."""

    name: str
    gate_id: UUID


async def change_device(
    session: WriteSession, device_id: UUID, *, event_id: UUID, draft: DeviceDraft, actor: Actor
) -> None:
    """Call a device something else, or let it work at another gate of the event; what it scanned stays where it was.

    Raises DeviceNotFound, also for one that was revoked, GateNotFound, GateClosed. **Locks** it.
    """
    device = await lock_device(session, device_id, event_id=event_id)
    if device.revoked_at is not None:
        raise DeviceNotFound
    before = {"name": device.name, "gate_id": str(device.gate_id)}
    was, is_now = changed_values(before, {"name": draft.name, "gate_id": str(draft.gate_id)})
    if "gate_id" in is_now:
        await _move(session, device, draft.gate_id)
    device.name = draft.name
    if is_now:
        told = {"before": was, "after": is_now}
        await record(session, device, action="gate:device:changed", actor=actor, data=told)
    await session.flush()


async def _move(session: WriteSession, device: GateDevice, gate_id: UUID) -> None:
    gate = await get_gate(session, device.event_id, gate_id)
    if gate.closed_at is not None:
        raise GateClosed
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    device.moved_at, device.moved_from, device.gate_id = now, device.gate_id, gate.id


async def revoke_device(session: WriteSession, device_id: UUID, *, event_id: UUID, actor: Actor) -> None:
    """Let a device do nothing more, for good; raises DeviceNotFound. **Locks** it."""
    device = await lock_device(session, device_id, event_id=event_id)
    if device.revoked_at is None:
        device.revoked_at = (await session.scalars(select(func.clock_timestamp()))).one()
        device.revoked_by = actor.user_id
        await record(session, device, action="gate:device:revoked", actor=actor)
