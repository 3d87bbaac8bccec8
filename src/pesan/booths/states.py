"""The states of a session at a booth, and every move between them, as data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from pesan.booths.kinds import FeedKind
from pesan.orders.states import OrderState

FULFILMENT = "booths"
"""What an outlet's orders are fulfilled as: a session instead of tickets."""


class SessionState(StrEnum):
    """Where a booked session stands, as booth-backoffice.md §3 names it."""

    PENDING_PAYMENT = "PENDING_PAYMENT"
    AWAITING_CUSTOMER = "AWAITING_CUSTOMER"
    ARRIVED = "ARRIVED"
    ONGOING = "ONGOING"
    DONE = "DONE"
    EXPIRED = "EXPIRED"
    OVERRIDDEN = "OVERRIDDEN"


class SessionEvent(StrEnum):
    """What can happen to a session."""

    APPROVE = "approve"
    REJECT = "reject"
    ARRIVE = "arrive"
    START = "start"
    FINISH = "finish"
    EXPIRE = "expire"
    OVERRIDE = "override"
    UNDO = "undo"


SECOND_CHANCE = timedelta(minutes=5)
"""Whoever is waited for once more, or gets their session late, has this long at least."""
LIVE = frozenset({SessionState.AWAITING_CUSTOMER, SessionState.ARRIVED, SessionState.ONGOING})
"""The states in which a session needs its booth; what stands there is paid for and not over."""
EXPECTED = frozenset({SessionState.AWAITING_CUSTOMER, SessionState.ARRIVED})
"""The live states in which it has not begun."""
ENDED = frozenset({SessionState.DONE, SessionState.EXPIRED, SessionState.OVERRIDDEN})


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: where it leads, how the audit names it, what screens are told."""

    target: SessionState
    action: str
    kind: FeedKind = FeedKind.SESSION_CHANGED


_S, _E = SessionState, SessionEvent

TRANSITIONS: Mapping[tuple[SessionState, SessionEvent], Transition] = {
    (_S.PENDING_PAYMENT, _E.APPROVE): Transition(
        _S.AWAITING_CUSTOMER, "order:fulfilment:completed", FeedKind.SESSION_APPROVED
    ),
    (_S.PENDING_PAYMENT, _E.REJECT): Transition(
        _S.EXPIRED, "order:payment:rejected", FeedKind.SESSION_REJECTED
    ),
    (_S.AWAITING_CUSTOMER, _E.ARRIVE): Transition(_S.ARRIVED, "session:customer:arrived"),
    (_S.AWAITING_CUSTOMER, _E.EXPIRE): Transition(
        _S.EXPIRED, "session:customer:missing", FeedKind.SESSION_EXPIRED
    ),
    (_S.ARRIVED, _E.EXPIRE): Transition(_S.EXPIRED, "session:customer:left", FeedKind.SESSION_EXPIRED),
    (_S.ARRIVED, _E.START): Transition(_S.ONGOING, "session:booth:started"),
    (_S.ONGOING, _E.FINISH): Transition(_S.DONE, "session:booth:finished"),
}
"""Every allowed move; what is not here is refused. The first two are the order's, by which a session comes to be or
does not; OVERRIDE and UNDO have tables of their own."""

OVERRIDES: Mapping[SessionState, frozenset[SessionState]] = {
    # Money is never skipped: what is not paid can only be called off, which the order's own gate does.
    _S.PENDING_PAYMENT: frozenset({_S.OVERRIDDEN}),
    _S.AWAITING_CUSTOMER: frozenset({_S.ARRIVED, _S.ONGOING, _S.DONE, _S.EXPIRED, _S.OVERRIDDEN}),
    _S.ARRIVED: frozenset({_S.AWAITING_CUSTOMER, _S.ONGOING, _S.DONE, _S.EXPIRED, _S.OVERRIDDEN}),
    _S.ONGOING: frozenset({_S.ARRIVED, _S.DONE, _S.OVERRIDDEN}),
    _S.DONE: frozenset({_S.ONGOING, _S.OVERRIDDEN}),
    _S.EXPIRED: frozenset({_S.AWAITING_CUSTOMER, _S.ARRIVED, _S.ONGOING, _S.OVERRIDDEN}),
    _S.OVERRIDDEN: frozenset({_S.AWAITING_CUSTOMER, _S.ARRIVED, _S.ONGOING}),
}
"""Where an admin may put a session by hand, from where it stands; OVERRIDDEN is where one goes that names nothing."""

OVERRIDE_ACTION = "session:state:overridden"
UNDO_ACTION = "session:override:undone"

UNFULFILLED: Mapping[OrderState, SessionState] = {
    OrderState.HOLD: _S.PENDING_PAYMENT,
    OrderState.REVIEW: _S.PENDING_PAYMENT,
    OrderState.PAID: _S.PENDING_PAYMENT,
    OrderState.COMPLETED: _S.PENDING_PAYMENT,
    OrderState.EXPIRED: _S.EXPIRED,
    OrderState.REJECTED: _S.EXPIRED,
    OrderState.CANCELLED: _S.EXPIRED,
    OrderState.REFUNDED: _S.OVERRIDDEN,
}
"""How an order without a session is called at the booth desk."""


LEFT_AFTER = timedelta(hours=1)
"""So long after their time, or after they came, whoever never began has left."""


HEAD_START = timedelta(minutes=5)
"""So long before its time a session may begin although somebody else has the booth until then."""


class Timed(Protocol):
    """What the clock decides of a session: a row, or the facts that the gate has read of it."""

    @property
    def state(self) -> str:
        """Where it stood when it was last written."""
        ...

    @property
    def starts_at(self) -> datetime:
        """When the time that was booked begins."""
        ...

    @property
    def duration_minutes(self) -> int:
        """How long it takes once it has begun."""
        ...

    @property
    def arrive_until(self) -> datetime:
        """The last moment at which its customer is in time."""
        ...

    @property
    def ends_at(self) -> datetime:
        """When the time that was booked is over."""
        ...

    @property
    def arrived_at(self) -> datetime | None:
        """When its customer came."""
        ...

    @property
    def due_at(self) -> datetime | None:
        """When it is over by itself, once it has begun."""
        ...


def find_transition(state: SessionState, event: SessionEvent) -> Transition | None:
    """The move that `event` makes from `state`, or None when there is none; of OVERRIDE and UNDO there are many."""
    return TRANSITIONS.get((state, event))


def override_to(target: SessionState) -> Transition:
    """The move of a session that an admin puts somewhere by hand."""
    return Transition(target, OVERRIDE_ACTION, FeedKind.SESSION_OVERRIDE)


def undo_to(target: SessionState) -> Transition:
    """The move back to where a session was before it was overridden."""
    return Transition(target, UNDO_ACTION, FeedKind.SESSION_OVERRIDE)


def left_at(session: Timed) -> datetime:
    """When a customer who came and never began counts as gone."""
    return max(session.ends_at, session.arrived_at or session.ends_at) + LEFT_AFTER


def find_due(session: Timed, now: datetime) -> SessionEvent | None:
    """What the clock has done to a session already, whoever has written it down or not."""
    if session.state == SessionState.AWAITING_CUSTOMER and now > session.arrive_until:
        return SessionEvent.EXPIRE
    if session.state == SessionState.ARRIVED and now > left_at(session):
        return SessionEvent.EXPIRE
    if session.state == SessionState.ONGOING and session.due_at is not None and now >= session.due_at:
        return SessionEvent.FINISH
    return None


def is_too_early(session: Timed, now: datetime, promised: Iterable[tuple[datetime, datetime]]) -> bool:
    """Whether to begin now takes the booth from somebody whose time it is before the session's own.

    `promised` are the times of those who are still waited for there.
    """
    if now >= session.starts_at - HEAD_START:
        return False
    ends = now + timedelta(minutes=session.duration_minutes)
    return any(starts_at < ends and now < ends_at for starts_at, ends_at in promised)


def effective_state(session: Timed, now: datetime) -> SessionState:
    """Where a session stands now. A customer who is too late and a time that is over are facts of the clock."""
    state = SessionState(session.state)
    due = find_due(session, now)
    return TRANSITIONS[state, due].target if due else state


def standing(session: Timed, order_state: str, now: datetime) -> SessionState:
    """The same with what became of its order: nobody is waited for whose money went back; who is inside stays."""
    state = effective_state(session, now)
    is_off = order_state == OrderState.REFUNDED and state in EXPECTED
    return SessionState.OVERRIDDEN if is_off else state
