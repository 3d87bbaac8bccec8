"""Pairing: a code that an organizer shows, by which one device joins a gate, once and soon."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.gates.device_keys import DeviceKey
from pesan.gates.errors import GateClosed, PairingOver
from pesan.gates.models import Gate, GateDevice, GatePairing
from pesan.gates.service.locks import lock_gate, lock_pairing
from pesan.kit.ids import new_code, new_id, normalise_code
from pesan.kit.signing import derive_key

CODE_LENGTH = 8
LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Pairing:
    """A code as it is shown, this once."""

    code: str
    expires_at: datetime

    @property
    def shown(self) -> str:
        """The code in two halves, as people read it."""
        half = CODE_LENGTH // 2
        return f"{self.code[:half]}-{self.code[half:]}"


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What a device says of itself when it joins."""

    name: str
    key: DeviceKey
    app_version: str


async def make_pairing(
    session: WriteSession, secret: bytes, gate_id: UUID, *, event_id: UUID, actor: Actor
) -> Pairing:
    """A code for one device to join this gate; raises GateNotFound, GateClosed. **Locks** the gate."""
    gate = await lock_gate(session, gate_id, event_id=event_id)
    if gate.closed_at is not None:
        raise GateClosed
    code = new_code(CODE_LENGTH)
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    row = GatePairing(
        id=new_id(),
        merchant_id=gate.merchant_id,
        event_id=gate.event_id,
        gate_id=gate.id,
        code_digest=digest_of(secret, code),
        created_by=actor.user_id,
        expires_at=now + LIFE,
    )
    session.add(row)
    await record(session, gate, action="gate:pairing:created", actor=actor, at=now)
    await session.flush()
    return Pairing(code, row.expires_at)


async def register_device(
    session: WriteSession, secret: bytes, *, code: str, new: NewDevice, actor: Actor
) -> tuple[GateDevice, Gate]:
    """Use a code up: a device of its gate, known by its key from now on; raises PairingOver, GateClosed.

    **Locks** the code, so that of two devices that show it one joins.
    """
    pairing = await lock_pairing(session, digest_of(secret, code))
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    if pairing is None or pairing.used_at is not None or pairing.expires_at <= now:
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
    """What is kept of a code, as a person typed it: whoever reads the table learns none that still works."""
    return hmac.new(derive_key(secret, "gate-pairing"), normalise_code(code).encode(), sha256).digest()


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
