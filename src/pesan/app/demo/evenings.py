"""What happened at the gates of an event: tickets, phones, people who came in, and one who came in twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select

from pesan.app.demo.tales import Scene, move, step
from pesan.audit import record
from pesan.backoffice.locks import lock_event
from pesan.db import WriteSession
from pesan.gates.attempts import Attempt
from pesan.gates.models import Gate, GateDevice
from pesan.gates.scanning import scan_many
from pesan.gates.service.devices import Beat, note_beat
from pesan.gates.service.gates import RulesDraft, make_gate, set_rules
from pesan.gates.states import RESULTS, Direction, Reason, Reentry, StaticCodes
from pesan.identity.devices.keys import KeyKind, millis
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.moves import Companion
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import FulfilCompanion
from pesan.tickets.issue import make_tickets, read_entitlement
from pesan.tickets.keystore import KeyStore
from pesan.tickets.models import Ticket
from pesan.tickets.slices import Slices
from pesan.tickets.verify import read_presented

_BEGAN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """A scan, by the phone's and the ticket's place in their lists, some `minutes` ago."""

    phone: int
    ticket: int
    minutes: int
    direction: Direction = Direction.ENTRY
    reason: Reason = Reason.GOOD


@dataclass(frozen=True, slots=True)
class Evening:
    """The gates by name and place, the phones at the first of them, and what they saw without a network."""

    gates: Sequence[tuple[str, str]]
    phones: Sequence[str]
    seen: Sequence[Seen]


LAKE_NIGHT = Evening(
    gates=[("Dermaga", "Sebelum naik perahu"), ("Panggung apung", "Turun dari perahu, sisi kiri")],
    phones=["HP Markus", "HP Debora"],
    seen=[
        Seen(0, 0, 51),
        Seen(0, 1, 50),
        Seen(1, 2, 47),
        Seen(0, 3, 44),
        Seen(1, 4, 41),
        Seen(1, 5, 41),
        Seen(0, 6, 36),
        # Somebody sent a picture of their ticket to a friend, while the phones could not hear each other.
        Seen(1, 3, 33),
        Seen(0, 2, 30, reason=Reason.ALREADY_IN),
        Seen(0, 7, 24),
        Seen(0, 1, 18, Direction.EXIT),
        Seen(1, 8, 12),
        Seen(1, 9, 9),
    ],
)


async def spend(scene: Scene, evening: Evening, keys: KeyStore, slices: Slices) -> None:
    """Open the gates and let the evening happen, once; the event's orders are paid."""
    async with scene.database.read(scene.staff) as session:
        if await session.scalar(select(Gate.id).where(Gate.event_id == scene.event.id).limit(1)):
            return
    await _issue(scene, keys)
    async with scene.database.write(scene.staff) as session:
        now = (await session.scalars(select(func.clock_timestamp()))).one()
        phones = await _open(session, scene, evening, now)
    async with scene.database.read(scene.staff) as session:
        query = select(Ticket).where(Ticket.event_id == scene.event.id).order_by(Ticket.code)
        tickets = (await session.scalars(query)).all()
    attempts = [await _attempt(one, phones, tickets, keys, now) for one in evening.seen]
    async with scene.database.gate(scene.event.id) as session:
        await scan_many(session, scene.event.id, attempts, slices)
        for place, phone in enumerate(phones):
            await note_beat(session, phone.id, Beat(0, "demo", millis(now), battery=86 - 49 * place))


async def _issue(scene: Scene, keys: KeyStore) -> None:
    """Tickets for what is paid; the worker, which does this otherwise, finds it done."""
    async with scene.database.read(scene.staff) as session:
        paid = select(Order.id).where(Order.event_id == scene.event.id, Order.state == OrderState.PAID)
        order_ids = (await session.scalars(paid)).all()
    for order_id in order_ids:
        async with scene.database.read(scene.staff) as session:
            entitlement = await read_entitlement(session, order_id)
        assert entitlement is not None
        tickets: list[Companion] = list(await make_tickets(keys, entitlement))
        tickets.append(FulfilCompanion(order_id))
        await move(scene, step(scene, OrderEvent.FULFIL, order_id, *tickets))


async def _open(session: WriteSession, scene: Scene, evening: Evening, now: datetime) -> list[GateDevice]:
    """Gates that let in already, so that whoever looks around can scan, and the phones at the first."""
    event = await lock_event(session, scene.event.merchant_id, scene.event.short_id)
    rules = RulesDraft(now - _BEGAN, None, Reentry.AFTER_EXIT, StaticCodes.WARN)
    await set_rules(session, event=event, draft=rules, actor=scene.staff)
    gates = [
        await make_gate(session, event=event, name=name, location=place, actor=scene.staff)
        for name, place in evening.gates
    ]
    return [await _join(session, scene, gates[0], name, now - _BEGAN) for name in evening.phones]


async def _join(session: WriteSession, scene: Scene, gate: Gate, name: str, at: datetime) -> GateDevice:
    """A phone that is nowhere: its private key is thrown away, and no code was shown for it."""
    device = GateDevice(
        id=new_id(),
        merchant_id=gate.merchant_id,
        event_id=gate.event_id,
        gate_id=gate.id,
        name=name,
        key_kind=KeyKind.ED25519.value,
        public_key=Ed25519PrivateKey.generate().public_key().public_bytes_raw(),
        registered_by=scene.staff.user_id,
        registered_at=at,
    )
    session.add(device)
    await session.flush()
    told = {"gate_id": str(gate.id), "key_kind": device.key_kind}
    await record(session, device, action="gate:device:registered", actor=scene.staff, data=told)
    return device


async def _attempt(
    seen: Seen, phones: Sequence[GateDevice], tickets: Sequence[Ticket], keys: KeyStore, now: datetime
) -> Attempt:
    phone = phones[seen.phone]
    return Attempt(
        device_id=phone.id,
        nonce=new_id(),
        presented=await read_presented(keys, tickets[seen.ticket].qr_text),
        direction=seen.direction,
        shown=RESULTS[seen.reason],
        reason=seen.reason,
        device_at=now - timedelta(minutes=seen.minutes),
    )
