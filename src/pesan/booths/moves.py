"""What goes into the gate of sessions, and what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pesan.booths.states import SessionEvent, SessionState, Transition
from pesan.db import Actor
from pesan.orders.states import OrderState


@dataclass(frozen=True, slots=True)
class SessionMove:
    """One wish for one session.

    `booth_id` is the booth whose screen asks, `target` where OVERRIDE puts the session (OVERRIDDEN unless it says
    otherwise), `reason` why.
    """

    event: SessionEvent
    session_id: UUID
    actor: Actor
    booth_id: UUID | None = None
    target: SessionState | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Replaced:
    """What an override took the place of beside the state: the session's times, and the override before it."""

    arrive_until: datetime
    arrived_at: datetime | None
    started_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    expired_at: datetime | None
    override_by: UUID | None
    override_at: datetime | None
    override_reason: str | None


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One session inside a locked transaction, with what its booth and its order say."""

    id: UUID
    merchant_id: UUID
    event_id: UUID
    booth_id: UUID
    booth_name: str
    customer_name: str
    order_state: OrderState
    state: SessionState
    starts_at: datetime
    ends_at: datetime
    duration_minutes: int
    tolerance_minutes: int
    arrive_until: datetime
    arrived_at: datetime | None
    started_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    expired_at: datetime | None
    override_by: UUID | None
    override_at: datetime | None
    override_reason: str | None
    overridden_from: SessionState | None
    replaced: Replaced | None


class Unfulfilled(NamedTuple):
    """An order of an outlet's that has no session, because it is not paid or never was."""

    merchant_id: UUID
    event_id: UUID
    state: OrderState


class Promise(NamedTuple):
    """A time of a booth that an order holds or paid for, and whose session has not begun."""

    booth_id: UUID
    order_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(slots=True)
class Situation:
    """Everything a group decides on; it changes as moves are granted, so that later ones see earlier ones.

    `running` is the session that goes on at a booth, `promised` what its next hours are, where a start is wished for;
    `heads` are the last entries of the orders' histories.
    """

    now: datetime
    sessions: dict[UUID, SessionFacts] = field(default_factory=dict)
    unfulfilled: dict[UUID, Unfulfilled] = field(default_factory=dict)
    running: dict[UUID, UUID] = field(default_factory=dict)
    promised: Sequence[Promise] = ()
    heads: dict[UUID, tuple[int, bytes]] = field(default_factory=dict)


class Granted(NamedTuple):
    """One step that goes through, with the session as it is afterwards; the clock's own steps are the system's."""

    actor: Actor
    session: SessionFacts
    source: SessionState
    transition: Transition
    reason: str | None = None


class Moved(NamedTuple):
    """What a move did, at the database's time `at`; an unpaid booking that was called off has no session."""

    session_id: UUID
    merchant_id: UUID
    event_id: UUID
    state: SessionState
    at: datetime
    session: SessionFacts | None = None
