"""An event's gates: made, named, closed and opened again; and how they work."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from pesan.audit import changed_values, record
from pesan.catalog.models import Event
from pesan.db import Actor, WriteSession
from pesan.errors import InvalidInput
from pesan.gates.errors import GateNameTaken, TooManyGates
from pesan.gates.models import Gate, GateRules
from pesan.gates.queries import get_rules
from pesan.gates.service.locks import lock_gate
from pesan.gates.states import Reentry, StaticCodes
from pesan.kit.i18n import Text
from pesan.kit.ids import new_id

MAX_GATES = 100
_BACKWARDS = Text(id="Gerbang harus tutup setelah buka.", en="The gates must close after they open.")


@dataclass(frozen=True, slots=True)
class RulesDraft:
    """How an organizer wants the gates to work; a time left out goes with the event."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    reentry: Reentry = Reentry.NONE
    static_codes: StaticCodes = StaticCodes.ACCEPT


async def make_gate(
    session: WriteSession, *, event: Event, name: str, location: str = "", actor: Actor
) -> Gate:
    """A new gate of the event; raises GateNameTaken, TooManyGates."""
    if (await session.scalar(select(func.count()).where(Gate.event_id == event.id)) or 0) >= MAX_GATES:
        raise TooManyGates(most=MAX_GATES)
    gate = Gate(id=new_id(), merchant_id=event.merchant_id, event_id=event.id, name=name, location=location)
    session.add(gate)
    await _flush(session)
    told = {"name": name, "location": location}
    await record(session, gate, action="gate:gate:created", actor=actor, data=told)
    await session.flush()
    return gate


async def rename_gate(
    session: WriteSession, gate_id: UUID, *, event_id: UUID, name: str, location: str, actor: Actor
) -> None:
    """Call a gate something else; raises GateNotFound, GateNameTaken. **Locks** it."""
    gate = await lock_gate(session, gate_id, event_id=event_id)
    before, after = changed_values(
        {"name": gate.name, "location": gate.location}, {"name": name, "location": location}
    )
    if not after:
        return
    gate.name, gate.location = name, location
    await _flush(session)
    told = {"before": before, "after": after}
    await record(session, gate, action="gate:gate:renamed", actor=actor, data=told)


async def close_gate(session: WriteSession, gate_id: UUID, *, event_id: UUID, actor: Actor) -> None:
    """Let a gate's devices do nothing more, until it is opened again; raises GateNotFound. **Locks** it."""
    gate = await lock_gate(session, gate_id, event_id=event_id)
    if gate.closed_at is None:
        gate.closed_at = (await session.scalars(select(func.clock_timestamp()))).one()
        await record(session, gate, action="gate:gate:closed", actor=actor)


async def reopen_gate(session: WriteSession, gate_id: UUID, *, event_id: UUID, actor: Actor) -> None:
    """Let a closed gate's devices work again; raises GateNotFound. **Locks** it."""
    gate = await lock_gate(session, gate_id, event_id=event_id)
    if gate.closed_at is not None:
        gate.closed_at = None
        await record(session, gate, action="gate:gate:reopened", actor=actor)


async def set_rules(session: WriteSession, *, event: Event, draft: RulesDraft, actor: Actor) -> None:
    """Say how the event's gates work; `event` is locked by the caller. Raises InvalidInput."""
    before = await get_rules(session, event.id)
    values = {
        "opens_at": draft.opens_at,
        "closes_at": draft.closes_at,
        "reentry": draft.reentry.value,
        "static_codes": draft.static_codes.value,
    }
    if draft.opens_at and draft.closes_at and draft.opens_at >= draft.closes_at:
        raise InvalidInput("closes_at", _BACKWARDS)
    of_event = {"event_id": event.id, "merchant_id": event.merchant_id}
    query = insert(GateRules).values(**of_event, **values)
    await session.execute(query.on_conflict_do_update(index_elements=[GateRules.event_id], set_=values))
    after = await get_rules(session, event.id)
    # What was left out goes with the event, so that only now it shows.
    if after.opens_at >= after.closes_at:
        raise InvalidInput("closes_at", _BACKWARDS)
    names = ("opens_at", "closes_at", "reentry", "static_codes")
    was, is_now = changed_values(
        *({name: getattr(rules, name) for name in names} for rules in (before, after))
    )
    if is_now:
        told = {"before": was, "after": is_now}
        await record(session, event, action="event:gate_rules:changed", actor=actor, data=told)


async def _flush(session: WriteSession) -> None:
    """Write what waits; raises GateNameTaken."""
    try:
        await session.flush()
    except IntegrityError as error:
        if "uq_gates_name" in str(error.orig):
            raise GateNameTaken from error
        raise
