"""The decisions of the gate over every pair of state and event, and every override."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from pesan.booths.decide import CLOCK, SECOND_CHANCE, decide
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
from pesan.booths.moves import Promise, SessionFacts, SessionMove, Situation, Unfulfilled
from pesan.booths.states import (
    EXPECTED,
    LEFT_AFTER,
    LIVE,
    OVERRIDES,
    TRANSITIONS,
    SessionEvent,
    SessionState,
    effective_state,
)
from pesan.db import Actor, ActorKind
from pesan.errors import PesanError
from pesan.orders.errors import ReasonMissing
from pesan.orders.states import OrderState

E, S = SessionEvent, SessionState
NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SESSION, MERCHANT, OUTLET, BOOTH, OTHER = (UUID(int=number) for number in range(1, 6))
STAFF = Actor.staff(UUID(int=9), frozenset([MERCHANT]))
DEVICE = Actor(ActorKind.DEVICE, event_ids=frozenset([OUTLET]))
SCREEN = {"actor": DEVICE, "booth_id": BOOTH}
STORED = [state for state in S if state is not S.PENDING_PAYMENT]


def facts(state: SessionState, **changes: object) -> SessionFacts:
    """A session in this state whose time came a minute ago, as its way there would have left it."""
    session = SessionFacts(
        id=SESSION,
        merchant_id=MERCHANT,
        event_id=OUTLET,
        booth_id=BOOTH,
        booth_name="Booth 1",
        customer_name="Siti Rahma",
        order_state=OrderState.COMPLETED,
        state=state,
        starts_at=NOW - MINUTE,
        ends_at=NOW + 14 * MINUTE,
        duration_minutes=15,
        tolerance_minutes=15,
        arrive_until=NOW + 14 * MINUTE,
        arrived_at=NOW - MINUTE,
        started_at=NOW - MINUTE,
        due_at=NOW + 14 * MINUTE,
        finished_at=None,
        expired_at=None,
        override_by=None,
        override_at=None,
        override_reason=None,
        overridden_from=None,
        replaced=None,
    )
    return replace(session, **changes)  # type: ignore[arg-type]


def situation(*sessions: SessionFacts, **changes: object) -> Situation:
    running = {each.booth_id: each.id for each in sessions if each.state is S.ONGOING}
    return Situation(NOW, {each.id: each for each in sessions}, running=running, **changes)  # type: ignore[arg-type]


def wish(event: SessionEvent, actor: Actor = STAFF, **parts: object) -> SessionMove:
    return SessionMove(event, SESSION, actor, **parts)  # type: ignore[arg-type]


def outcome(move: SessionMove, found: Situation) -> SessionState | type[PesanError]:
    """Where a move led, or how it was refused; a refusal has changed nothing."""
    before = deepcopy(found)
    decision = decide(move, found)
    if isinstance(decision, PesanError):
        assert found == before
        return type(decision)
    assert found.sessions[SESSION] == decision[-1].session
    return decision[-1].session.state


@pytest.mark.parametrize(
    ("state", "event"), list(product(STORED, (E.ARRIVE, E.START, E.FINISH, E.APPROVE, E.REJECT)))
)
def test_every_move_that_is_not_in_the_table_is_refused(state, event):
    expected = TRANSITIONS.get((state, event))
    found = outcome(wish(event), situation(facts(state)))

    if expected:
        assert found is expected.target
    else:
        assert found is (SessionExpired if (state, event) == (S.EXPIRED, E.ARRIVE) else WrongState)


@pytest.mark.parametrize(("state", "target"), list(product(STORED, S)))
def test_every_override_that_is_not_in_the_table_is_refused(state, target):
    found = outcome(wish(E.OVERRIDE, target=target, reason="Mesin rusak"), situation(facts(state)))

    assert found is (target if target in OVERRIDES[state] else OverrideNotAllowed)


@pytest.mark.parametrize("state", STORED)
def test_the_clock_expires_nothing_before_its_time_and_staff_never(state):
    late = {"arrive_until": NOW - MINUTE, "due_at": NOW, "ends_at": NOW - LEFT_AFTER - MINUTE}
    late["arrived_at"] = late["ends_at"]
    is_expected = state in EXPECTED

    assert outcome(wish(E.EXPIRE), situation(facts(state, **late))) is NotYourSession
    assert outcome(wish(E.EXPIRE, CLOCK), situation(facts(state))) is (
        NotDueYet if is_expected else WrongState
    )
    assert outcome(wish(E.EXPIRE, CLOCK), situation(facts(state, **late))) is (
        S.EXPIRED if is_expected else WrongState
    )


@pytest.mark.parametrize(
    ("state", "target"), [(state, each) for state in STORED for each in sorted(OVERRIDES[state])]
)
def test_an_override_is_undone_to_where_the_session_stood_unless_something_followed(state, target):
    found = situation(facts(state, finished_at=NOW - MINUTE))
    before = found.sessions[SESSION]

    assert outcome(wish(E.OVERRIDE, target=target, reason="Salah pencet"), found) is target
    overridden = found.sessions[SESSION]
    assert (overridden.override_by, overridden.override_at, overridden.override_reason) == (
        STAFF.user_id,
        NOW,
        "Salah pencet",
    )
    assert outcome(wish(E.UNDO), found) is state
    assert found.sessions[SESSION] == before
    assert effective_state(before, NOW) is state
    assert outcome(wish(E.UNDO), found) is NothingToUndo


def test_an_override_of_an_override_is_undone_to_the_one_before_and_no_further():
    found = situation(facts(S.ONGOING))

    assert outcome(wish(E.OVERRIDE, reason="Lampu mati"), found) is S.OVERRIDDEN
    before = found.sessions[SESSION]
    assert outcome(wish(E.OVERRIDE, CLOCK, target=S.ARRIVED, reason="Sudah nyala"), found) is S.ARRIVED
    assert outcome(wish(E.UNDO), found) is S.OVERRIDDEN

    undone = found.sessions[SESSION]
    assert undone == replace(before, overridden_from=None, replaced=None)
    assert (undone.override_by, undone.override_reason) == (STAFF.user_id, "Lampu mati")
    assert outcome(wish(E.UNDO), found) is NothingToUndo


def test_what_followed_an_override_stays():
    found = situation(facts(S.EXPIRED))

    assert outcome(wish(E.OVERRIDE, target=S.ARRIVED, reason="Ada di tempat"), found) is S.ARRIVED
    assert outcome(wish(E.START), found) is S.ONGOING
    assert outcome(wish(E.UNDO), found) is NothingToUndo


def test_an_override_needs_a_reason_and_leads_to_overridden_unless_it_says_otherwise():
    found = situation(facts(S.ARRIVED))

    assert outcome(wish(E.OVERRIDE), found) is ReasonMissing
    assert outcome(wish(E.OVERRIDE, reason="   "), found) is ReasonMissing
    assert outcome(wish(E.OVERRIDE, reason="Batal"), found) is S.OVERRIDDEN


def test_whoever_arrives_within_the_tolerance_arrives_and_later_is_told_that_it_expired():
    in_time = situation(facts(S.AWAITING_CUSTOMER, arrive_until=NOW))
    late = situation(facts(S.AWAITING_CUSTOMER, arrive_until=NOW - timedelta(microseconds=1)))

    assert outcome(wish(E.ARRIVE, **SCREEN), in_time) is S.ARRIVED
    (step,) = decide(wish(E.ARRIVE, **SCREEN), late)
    assert (step.session.state, step.actor, step.session.expired_at) == (
        S.EXPIRED,
        CLOCK,
        NOW - timedelta(microseconds=1),
    )
    assert outcome(wish(E.ARRIVE, **SCREEN), late) is SessionExpired


def test_a_session_that_starts_ends_after_its_length_whenever_it_was_booked():
    found = situation(facts(S.ARRIVED, duration_minutes=20))

    assert outcome(wish(E.START, **SCREEN), found) is S.ONGOING
    assert (found.sessions[SESSION].started_at, found.sessions[SESSION].due_at) == (NOW, NOW + 20 * MINUTE)


def test_a_session_is_finished_early_by_its_booth_and_by_itself_when_it_is_due():
    early, due = situation(facts(S.ONGOING)), situation(facts(S.ONGOING, due_at=NOW - MINUTE))

    assert outcome(wish(E.FINISH, CLOCK), early) is NotDueYet
    assert outcome(wish(E.FINISH, **SCREEN), early) is S.DONE
    assert early.sessions[SESSION].finished_at == NOW
    assert outcome(wish(E.FINISH, CLOCK), due) is S.DONE
    assert due.sessions[SESSION].finished_at == NOW - MINUTE


def test_what_the_clock_has_done_comes_first():
    late = situation(facts(S.AWAITING_CUSTOMER, arrive_until=NOW - MINUTE))
    over = situation(facts(S.ONGOING, due_at=NOW))

    steps = decide(wish(E.OVERRIDE, target=S.ARRIVED, reason="Ada di tempat"), late)
    assert [step.session.state for step in steps] == [S.EXPIRED, S.ARRIVED]
    assert steps[-1].session.overridden_from is S.EXPIRED
    assert outcome(wish(E.OVERRIDE, target=S.ARRIVED, reason="Ulang"), over) is OverrideNotAllowed
    assert over.sessions[SESSION].state is S.ONGOING


def test_whoever_is_waited_for_again_gets_time_to_come():
    found = situation(facts(S.EXPIRED, arrive_until=NOW - MINUTE, tolerance_minutes=0))

    assert outcome(wish(E.OVERRIDE, target=S.AWAITING_CUSTOMER, reason="Macet"), found) is S.AWAITING_CUSTOMER
    assert found.sessions[SESSION].arrive_until == NOW + SECOND_CHANCE
    assert effective_state(found.sessions[SESSION], NOW) is S.AWAITING_CUSTOMER


def test_a_booth_runs_one_session_at_a_time():
    other = facts(S.ONGOING, id=OTHER)
    found = situation(facts(S.ARRIVED), other)

    assert outcome(wish(E.START), found) is BoothBusy
    assert outcome(wish(E.OVERRIDE, target=S.ONGOING, reason="Mulai"), found) is BoothBusy
    decide(SessionMove(E.FINISH, OTHER, STAFF), found)
    assert outcome(wish(E.START), found) is S.ONGOING


@pytest.mark.parametrize(
    ("minutes", "other", "expected"),
    [
        (60, (-5, 10), TooEarly),
        (60, (14, 29), TooEarly),
        (60, (15, 30), S.ONGOING),
        (60, (-15, 0), S.ONGOING),
        (6, (-9, 6), TooEarly),
        (5, (-10, 5), S.ONGOING),
    ],
)
def test_whoever_starts_early_takes_nobodys_time_unless_staff_say_why(minutes, other, expected):
    early = facts(S.ARRIVED, starts_at=NOW + minutes * MINUTE, ends_at=NOW + (minutes + 15) * MINUTE)
    promised = [
        Promise(BOOTH, SESSION, early.starts_at, early.ends_at),
        Promise(BOOTH, OTHER, *(NOW + each * MINUTE for each in other)),
    ]
    found = situation(early, promised=promised)

    assert outcome(wish(E.START, **SCREEN), deepcopy(found)) is expected
    assert outcome(wish(E.OVERRIDE, target=S.ONGOING, reason="Sepi"), deepcopy(found)) is S.ONGOING
    gone = situation(early, facts(S.EXPIRED, id=OTHER), promised=promised)
    assert outcome(wish(E.START, **SCREEN), gone) is S.ONGOING


@pytest.mark.parametrize("target", sorted(LIVE))
def test_a_session_whose_money_went_back_never_comes_alive(target):
    gone = {"order_state": OrderState.REFUNDED}
    found = situation(facts(target))
    assert outcome(wish(E.OVERRIDE, reason="Sakit"), found) is S.OVERRIDDEN
    found.sessions[SESSION] = replace(found.sessions[SESSION], **gone)

    assert outcome(wish(E.OVERRIDE, target=target, reason="Hidupkan"), found) is SessionRefunded
    assert outcome(wish(E.UNDO), found) is SessionRefunded
    assert outcome(wish(E.ARRIVE), situation(facts(S.AWAITING_CUSTOMER, **gone))) is SessionRefunded
    assert outcome(wish(E.START), situation(facts(S.ARRIVED, **gone))) is SessionRefunded
    assert outcome(wish(E.FINISH), situation(facts(S.ONGOING, **gone))) is S.DONE


@pytest.mark.parametrize("event", E)
def test_only_those_who_have_a_part_in_it_move_a_session(event):
    of_another = Actor.staff(UUID(int=9), frozenset([OTHER]))
    limited = Actor.staff(
        UUID(int=9), frozenset(), limited_ids=frozenset([MERCHANT]), event_ids=frozenset([OTHER])
    )
    strangers = (of_another, limited, Actor.guest("ABC"), Actor.user(UUID(int=9)), Actor.gate(OTHER))

    for state, actor in product(STORED, strangers):
        found = situation(facts(state))
        assert outcome(wish(event, actor, reason="x", booth_id=BOOTH), found) is SessionNotFound


@pytest.mark.parametrize("event", E)
def test_a_screen_moves_the_sessions_of_its_own_booth_and_overrides_none(event):
    found = situation(facts(S.ARRIVED))
    is_its = event in {E.ARRIVE, E.START, E.FINISH}

    assert outcome(wish(event, DEVICE, reason="x", booth_id=OTHER), found) is (
        WrongBooth if is_its else NotYourSession
    )
    expected = {E.START: S.ONGOING, E.ARRIVE: WrongState, E.FINISH: WrongState}.get(event, NotYourSession)
    assert outcome(wish(event, reason="x", **SCREEN), found) is expected


def test_a_booking_without_a_session_is_not_paid_to_those_who_may_know():
    found = situation(unfulfilled={SESSION: Unfulfilled(MERCHANT, OUTLET, OrderState.REVIEW)})

    assert outcome(wish(E.ARRIVE), found) is NotPaidYet
    assert outcome(wish(E.ARRIVE, **SCREEN), found) is NotPaidYet
    assert outcome(wish(E.ARRIVE, Actor.guest()), found) is SessionNotFound
    assert outcome(wish(E.ARRIVE), situation()) is SessionNotFound
