"""Devices after they joined: their token renewed by proof of their key, what they tell of themselves, their end."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.gates.device_keys import DeviceKey
from pesan.gates.errors import DeviceNotFound, DeviceRevoked, RenewalRefused
from pesan.gates.models import Gate, GateDevice
from pesan.gates.service.locks import lock_device
from pesan.gates.states import KeyKind
from pesan.web.devices import DeviceClaims

PROOF_MS = 10 * 60 * 1_000
"""How far from now the time inside a proof may be."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A device's signature over its own id and a time, in milliseconds since 1970."""

    at_ms: int
    signature: bytes


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


async def renew(session: WriteSession, claims: DeviceClaims, proof: Proof) -> datetime:
    """Accept a device's proof, once, and say when; raises DeviceRevoked, RenewalRefused. **Locks** the device."""
    try:
        device = await lock_device(session, claims.device_id, event_id=claims.event_id)
    except DeviceNotFound as error:
        raise DeviceRevoked from error
    is_closed = Gate.closed_at.is_not(None)
    query = select(func.clock_timestamp(), is_closed).where(Gate.id == device.gate_id)
    now, gate_is_closed = (await session.execute(query)).one()
    if device.revoked_at is not None or gate_is_closed or device.gate_id != claims.gate_id:
        raise DeviceRevoked
    key = DeviceKey(KeyKind(device.key_kind), device.public_key)
    is_timely = abs(millis(now) - proof.at_ms) <= PROOF_MS and proof.at_ms > device.renewed_ms
    if not is_timely or not key.verifies(proof_message(device.id, proof.at_ms), proof.signature):
        raise RenewalRefused
    device.renewed_ms, device.last_seen_at = proof.at_ms, now
    await session.flush()
    return now  # type: ignore[no-any-return]  # a timestamp of the database


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


async def revoke_device(session: WriteSession, device_id: UUID, *, event_id: UUID, actor: Actor) -> None:
    """Let a device do nothing more, for good; raises DeviceNotFound. **Locks** it."""
    device = await lock_device(session, device_id, event_id=event_id)
    if device.revoked_at is None:
        device.revoked_at = (await session.scalars(select(func.clock_timestamp()))).one()
        device.revoked_by = actor.user_id
        await record(session, device, action="gate:device:revoked", actor=actor)


def millis(moment: datetime) -> int:
    """Whole milliseconds since 1970."""
    return int(moment.timestamp() * 1000)
