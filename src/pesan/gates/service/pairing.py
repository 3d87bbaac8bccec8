"""Pairing: a code that an organizer shows, by which one device joins a gate, once and soon."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.gates.errors import GateClosed, PairingOver
from pesan.gates.models import Gate, GateDevice, GatePairing
from pesan.gates.service.locks import lock_gate, lock_pairing
from pesan.identity.devices import pairing as codes
from pesan.identity.devices.pairing import NewDevice, Pairing
from pesan.kit.ids import new_id

_PURPOSE = "gate-pairing"


async def make_pairing(
    session: WriteSession, secret: bytes, gate_id: UUID, *, event_id: UUID, actor: Actor
) -> Pairing:
    """A code for one device to join this gate; raises GateNotFound, GateClosed. **Locks** the gate."""
    gate = await lock_gate(session, gate_id, event_id=event_id)
    if gate.closed_at is not None:
        raise GateClosed
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    made = codes.new_pairing(now)
    row = GatePairing(
        id=new_id(),
        merchant_id=gate.merchant_id,
        event_id=gate.event_id,
        gate_id=gate.id,
        code_digest=digest_of(secret, made.code),
        created_by=actor.user_id,
        expires_at=made.expires_at,
    )
    session.add(row)
    await record(session, gate, action="gate:pairing:created", actor=actor, at=now)
    await session.flush()
    return made


async def register_device(
    session: WriteSession, secret: bytes, *, code: str, new: NewDevice, actor: Actor
) -> tuple[GateDevice, Gate]:
    """Use a code up: a device of its gate, known by its key from now on; raises PairingOver, GateClosed.

    **Locks** the code, so that of two devices that show it one joins.
    """
    pairing = await lock_pairing(session, digest_of(secret, code))
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    if pairing is None or not codes.is_good(pairing, now):
        raise PairingOver
    if not actor.works_for(pairing.merchant_id, pairing.event_id):
        raise PairingOver
    gate = await session.get_one(Gate, pairing.gate_id)
    if gate.closed_at is not None:
        raise GateClosed
    pairing.used_at = now
    device = _device(gate, new, actor, now)
    session.add(device)
    await session.flush()
    told = {"gate_id": str(gate.id), "key_kind": device.key_kind}
    await record(session, device, action="gate:device:registered", actor=actor, at=now, data=told)
    await session.flush()
    return device, gate


def digest_of(secret: bytes, code: str) -> bytes:
    """What is kept of a code."""
    return codes.digest_of(secret, _PURPOSE, code)


def _device(gate: Gate, new: NewDevice, actor: Actor, now: datetime) -> GateDevice:
    return GateDevice(
        id=new_id(),
        merchant_id=gate.merchant_id,
        event_id=gate.event_id,
        gate_id=gate.id,
        name=new.name,
        key_kind=new.key.kind.value,
        public_key=new.key.public,
        registered_by=actor.user_id,
        registered_at=now,
        app_version=new.app_version,
    )
