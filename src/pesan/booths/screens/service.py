"""The screens of booths: paired by a code, renewed by proof of their key, and taken back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update

from pesan.audit import record
from pesan.booths.feed import tell_many
from pesan.booths.models import Booth
from pesan.booths.models.devices import BoothDevice, BoothPairing
from pesan.booths.screens.errors import PairingOver, RenewalRefused, ScreenNotFound, ScreenRevoked
from pesan.booths.screens.locks import lock_device, lock_pairing
from pesan.booths.screens.tenure import is_working
from pesan.booths.service.locks import lock_booth
from pesan.booths.telling import outlet_changed
from pesan.db import Actor, ActorKind, Database, WriteSession
from pesan.identity.devices import pairing as codes
from pesan.identity.devices.keys import DeviceKey, KeyKind, Proof
from pesan.identity.devices.pairing import NewDevice, Pairing
from pesan.kit.ids import new_id
from pesan.web.devices import BoothClaims

_PURPOSE = "booth-pairing"


async def make_pairing(
    session: WriteSession, secret: bytes, booth_id: UUID, *, event_id: UUID, actor: Actor
) -> Pairing:
    """A code for one screen to join this booth; raises BoothNotFound. **Locks** the booth."""
    booth = await lock_booth(session, event_id, booth_id)
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    made = codes.new_pairing(now)
    row = BoothPairing(
        id=new_id(),
        merchant_id=booth.merchant_id,
        event_id=booth.event_id,
        booth_id=booth.id,
        code_digest=_digest(secret, made.code),
        created_by=actor.user_id,
        expires_at=made.expires_at,
    )
    session.add(row)
    await record(session, booth, action="booth:pairing:created", actor=actor, at=now)
    await session.flush()
    return made


async def find_maker(database: Database, secret: bytes, code: str) -> Actor:
    """Who showed a code, as whom its screen joins; raises PairingOver when nobody did who works for the outlet."""
    query = select(BoothPairing.merchant_id, BoothPairing.event_id, BoothPairing.created_by)
    async with database.identity() as session:
        found = await session.execute(query.where(BoothPairing.code_digest == _digest(secret, code)))
        row = found.one_or_none()
    if row is None or not await is_working(database, row.created_by, row.merchant_id, row.event_id):
        raise PairingOver
    return Actor(
        ActorKind.STAFF,
        user_id=row.created_by,
        limited_ids=frozenset({row.merchant_id}),
        event_ids=frozenset({row.event_id}),
    )


async def register_device(
    session: WriteSession, secret: bytes, *, code: str, new: NewDevice, actor: Actor
) -> tuple[BoothDevice, Booth]:
    """Use a code up: a screen of its booth, known by its key from now on; raises PairingOver.

    **Locks** the code, so that of two screens that show it one joins.
    """
    pairing = await lock_pairing(session, _digest(secret, code))
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    if pairing is None or not codes.is_good(pairing, now):
        raise PairingOver
    booth = await session.get_one(Booth, pairing.booth_id)
    pairing.used_at = now
    device = _device(pairing, new, now)
    session.add(device)
    await session.flush()
    told = {"booth_id": str(booth.id), "key_kind": device.key_kind}
    await record(session, device, action="booth:device:registered", actor=actor, at=now, data=told)
    await session.flush()
    return device, booth


def proof_message(device_id: UUID, at_ms: int) -> bytes:
    """What a screen signs to get its next token."""
    return f"pesan:booth:renew:1\n{device_id}\n{at_ms}".encode("ascii")


async def renew(session: WriteSession, claims: BoothClaims, proof: Proof) -> datetime:
    """Accept a screen's proof, once, and say when; raises ScreenRevoked, RenewalRefused. **Locks** it."""
    device = await lock_device(session, claims.device_id, event_id=claims.event_id)
    now: datetime = (await session.scalars(select(func.clock_timestamp()))).one()
    if device is None or device.revoked_at is not None:
        raise ScreenRevoked
    key = DeviceKey(KeyKind(device.key_kind), device.public_key)
    message = proof_message(device.id, proof.at_ms)
    if not proof.holds(key, message, now=now, after_ms=device.renewed_ms):
        raise RenewalRefused
    device.renewed_ms, device.last_seen_at = proof.at_ms, now
    await session.flush()
    return now


async def note_beat(
    session: WriteSession, device_id: UUID, *, battery: int | None, app_version: str
) -> datetime:
    """Keep what a screen told of itself, and say when; the caller has asked whether it may."""
    query = (
        update(BoothDevice)
        .where(BoothDevice.id == device_id)
        .values(last_seen_at=func.clock_timestamp(), battery=battery, app_version=app_version)
        .returning(BoothDevice.last_seen_at)
    )
    at = (await session.scalars(query)).one()
    assert at is not None
    return at


async def rename_device(
    session: WriteSession, device_id: UUID, *, event_id: UUID, name: str, actor: Actor
) -> None:
    """Call a screen something else, which is for people alone; raises ScreenNotFound. **Locks** it."""
    device = await lock_device(session, device_id, event_id=event_id)
    if device is None or device.revoked_at is not None:
        raise ScreenNotFound
    if device.name == name:
        return
    before, device.name = device.name, name
    was, is_now = {"name": before}, {"name": name}
    await record(session, device, action="booth:device:renamed", actor=actor, before=was, after=is_now)
    await session.flush()


async def revoke_device(session: WriteSession, device_id: UUID, *, event_id: UUID, actor: Actor) -> None:
    """Let a screen do nothing more, for good; raises ScreenNotFound. **Locks** it, then the outlet's feed."""
    device = await lock_device(session, device_id, event_id=event_id)
    if device is None:
        raise ScreenNotFound
    if device.revoked_at is not None:
        return
    device.revoked_at = (await session.scalars(select(func.clock_timestamp()))).one()
    device.revoked_by = actor.user_id
    await record(session, device, action="booth:device:revoked", actor=actor)
    await session.flush()
    # Its screen looks again, and hears so.
    await tell_many(session, [outlet_changed(event_id, device.merchant_id, booth_id=device.booth_id)])


async def forget_pairings(session: WriteSession) -> None:
    """Delete the codes that nobody can use any more, by the database's clock."""
    await session.execute(delete(BoothPairing).where(BoothPairing.expires_at < func.clock_timestamp()))


def _digest(secret: bytes, code: str) -> bytes:
    return codes.digest_of(secret, _PURPOSE, code)


def _device(pairing: BoothPairing, new: NewDevice, now: datetime) -> BoothDevice:
    return BoothDevice(
        id=new_id(),
        merchant_id=pairing.merchant_id,
        event_id=pairing.event_id,
        booth_id=pairing.booth_id,
        name=new.name,
        key_kind=new.key.kind.value,
        public_key=new.key.public,
        registered_by=pairing.created_by,
        registered_at=now,
        app_version=new.app_version,
    )
