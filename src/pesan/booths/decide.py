"""Which moves of a group are granted: a pure function of what was read after the locks, in arrival order."""

from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from uuid import UUID

from pesan.booths.errors import (
    BoothBusy,
    NotDueYet,
    NothingToUndo,
    NotPaidYet,
    NotYourSession,
    OverrideNotAllowed,
    SessionExpired,
    SessionNotFound,
    SessionRefunded,
    TooEarly,
    WrongBooth,
    WrongState,
)
from pesan.booths.moves import Granted, Replaced, SessionFacts, SessionMove, Situation
from pesan.booths.states import (
    EXPECTED,
    LIVE,
    OVERRIDES,
    SECOND_CHANCE,
    TRANSITIONS,
    SessionEvent,
    SessionState,
    Transition,
    find_due,
    find_transition,
    is_too_early,
    left_at,
    override_to,
    undo_to,
)
from pesan.db import Actor, ActorKind
from pesan.errors import PesanError
from pesan.kit.times import isoformat
from pesan.orders.errors import ReasonMissing
from pesan.orders.states import OrderState

CLOCK = Actor.system("booths")
_BY_BOOTHS = frozenset({SessionEvent.ARRIVE, SessionEvent.START, SessionEvent.FINISH})
_BY_CLOCK = frozenset({SessionEvent.EXPIRE})


def decide(move: SessionMove, situation: Situation) -> list[Granted] | PesanError:
    """Grant or refuse one move; a refusal changes nothing in the situation.

    What the clock did already is granted first, as a step of its own. A customer who arrives too late is told so by
    that step, which is then the move's outcome.
    """
    try:
        session = _find(move, situation)
        _require_rights(move, session)
        granted = _steps(move, session, situation)
    except PesanError as refusal:
        return refusal
    for step in granted:
        _apply(step, situation)
    return granted


def _find(move: SessionMove, situation: Situation) -> SessionFacts:
    session = situation.sessions.get(move.session_id)
    if session is not None:
        return session
    order = situation.unfulfilled.get(move.session_id)
    if order is None or not _has_part(move.actor, order.merchant_id, order.event_id):
        raise SessionNotFound
    raise NotPaidYet(extra={"order_state": order.state.value})


def _has_part(actor: Actor, merchant_id: UUID, event_id: UUID) -> bool:
    is_there = actor.kind is ActorKind.DEVICE and event_id in actor.event_ids
    return is_there or actor.works_for(merchant_id, event_id)


def _require_rights(move: SessionMove, session: SessionFacts) -> None:
    """The role of a sale sees every row, so who may do what is decided here, for each move."""
    actor = move.actor
    if not _has_part(actor, session.merchant_id, session.event_id):
        raise SessionNotFound
    if actor.kind is ActorKind.DEVICE and move.event not in _BY_BOOTHS:
        raise NotYourSession
    if actor.kind is ActorKind.DEVICE and move.booth_id != session.booth_id:
        raise WrongBooth(booth=session.booth_name)
    if move.event in _BY_CLOCK and actor.kind is not ActorKind.SYSTEM:
        raise NotYourSession


def _steps(move: SessionMove, session: SessionFacts, situation: Situation) -> list[Granted]:
    now = situation.now
    due = find_due(session, now)
    if due is None or due is move.event:
        return [_step(move, session, situation)]
    done = _by_clock(session, due, now)
    if move.event is SessionEvent.ARRIVE and due is SessionEvent.EXPIRE:
        return [done]
    return [done, _step(move, done.session, situation)]


def _by_clock(session: SessionFacts, due: SessionEvent, now: datetime) -> Granted:
    transition = TRANSITIONS[session.state, due]
    return Granted(CLOCK, _entered(session, transition.target, now), session.state, transition)


def _step(move: SessionMove, session: SessionFacts, situation: Situation) -> Granted:
    if move.event is SessionEvent.OVERRIDE:
        return _override(move, session, situation)
    if move.event is SessionEvent.UNDO:
        return _undo(move, session, situation)
    transition = find_transition(session.state, move.event)
    if transition is None:
        raise _refusal_of(move.event, session.state)
    _require_guard(move, session, transition, situation)
    changed = _entered(session, transition.target, situation.now)
    return Granted(move.actor, changed, session.state, transition)


def _override(move: SessionMove, session: SessionFacts, situation: Situation) -> Granted:
    """Put it where an admin wants it, who says why; times that the new state needs begin now."""
    reason = (move.reason or "").strip()
    target = move.target or SessionState.OVERRIDDEN
    if not reason:
        raise ReasonMissing
    if target not in OVERRIDES[session.state]:
        state = session.state.value
        raise OverrideNotAllowed(state=state, target=target.value, extra={"state": state})
    _require_life(session, target, situation)
    changed = replace(
        _entered(session, target, situation.now),
        override_by=move.actor.user_id,
        override_at=situation.now,
        override_reason=reason,
        overridden_from=session.state,
        replaced=Replaced(**{part.name: getattr(session, part.name) for part in fields(Replaced)}),
    )
    return Granted(move.actor, changed, session.state, override_to(target), reason)


def _undo(move: SessionMove, session: SessionFacts, situation: Situation) -> Granted:
    """Back to where it stood, with the times that it had and the override before it, which stays as it is."""
    target, before = session.overridden_from, session.replaced
    if target is None or before is None:
        raise _refusal(NothingToUndo, session.state)
    _require_life(session, target, situation)
    changed = replace(session, state=target, overridden_from=None, replaced=None, **asdict(before))
    return Granted(move.actor, changed, session.state, undo_to(target), move.reason)


def _require_guard(
    move: SessionMove, session: SessionFacts, transition: Transition, situation: Situation
) -> None:
    """What the table cannot say: the clock ends nothing before its time, a booth and a staff member may."""
    _require_life(session, transition.target, situation)
    if move.event is SessionEvent.START and _is_too_early(session, situation):
        raise TooEarly(extra={"starts_at": isoformat(session.starts_at)})
    is_clock = move.actor.kind is ActorKind.SYSTEM
    ends = move.event in {SessionEvent.EXPIRE, SessionEvent.FINISH}
    if ends and is_clock and find_due(session, situation.now) is not move.event:
        raise NotDueYet


def _is_too_early(session: SessionFacts, situation: Situation) -> bool:
    promised = (
        (each.starts_at, each.ends_at)
        for each in situation.promised
        if each.booth_id == session.booth_id
        and each.order_id != session.id
        and _is_to_come(each.order_id, situation)
    )
    return is_too_early(session, situation.now, promised)


def _is_to_come(order_id: UUID, situation: Situation) -> bool:
    """Whether a promised time is still waited for, also after the moves of this group."""
    session = situation.sessions.get(order_id)
    return session is None or (session.state in EXPECTED and find_due(session, situation.now) is None)


def _require_life(session: SessionFacts, target: SessionState, situation: Situation) -> None:
    """A session comes alive only while its order stands, and runs only where no other one does."""
    if target in LIVE and session.order_state is not OrderState.COMPLETED:
        raise _refusal(SessionRefunded, session.state)
    running = situation.running.get(session.booth_id)
    if target is SessionState.ONGOING and running not in {None, session.id}:
        raise BoothBusy


def _refusal_of(event: SessionEvent, state: SessionState) -> PesanError:
    is_late = event is SessionEvent.ARRIVE and state is SessionState.EXPIRED
    return _refusal(SessionExpired if is_late else WrongState, state)


def _refusal(error: type[WrongState], state: SessionState) -> PesanError:
    return error(state=state.value, extra={"state": state.value})


def _entered(session: SessionFacts, target: SessionState, now: datetime) -> SessionFacts:
    """The session in another state, with the times that belong to it; nothing that was overridden can be undone."""
    changed = replace(session, state=target, overridden_from=None, replaced=None)
    if target is SessionState.AWAITING_CUSTOMER:
        chance = max(timedelta(minutes=session.tolerance_minutes), SECOND_CHANCE)
        return replace(changed, arrive_until=max(session.arrive_until, now + chance))
    if target is SessionState.ARRIVED:
        return replace(changed, arrived_at=now)
    if target is SessionState.ONGOING:
        due_at = now + timedelta(minutes=session.duration_minutes)
        return replace(changed, started_at=now, due_at=due_at)
    if target is SessionState.DONE:
        return replace(changed, finished_at=_by(now, session.due_at, session, SessionState.ONGOING))
    if target is SessionState.EXPIRED:
        has_come = session.state is SessionState.ARRIVED
        over_at = left_at(session) if has_come else session.arrive_until
        waits = SessionState.ARRIVED if has_come else SessionState.AWAITING_CUSTOMER
        return replace(changed, expired_at=_by(now, over_at, session, waits))
    return changed


def _by(now: datetime, limit: datetime | None, session: SessionFacts, source: SessionState) -> datetime:
    """Now, or when the clock had done it already."""
    return min(now, limit) if limit is not None and session.state is source else now


def _apply(step: Granted, situation: Situation) -> None:
    session = step.session
    situation.sessions[session.id] = session
    if session.state is SessionState.ONGOING:
        situation.running[session.booth_id] = session.id
    elif situation.running.get(session.booth_id) == session.id:
        del situation.running[session.booth_id]
