"""Every pair of state and event, and the guards: pure, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pesan.capacity.errors import HoldPoolFull, SoldOut
from pesan.capacity.states import PoolCounts
from pesan.catalog.queries import Terms
from pesan.catalog.terms import SlotTerms
from pesan.db import Actor
from pesan.errors import PesanError
from pesan.orders import Move, OrderEvent, OrderState, Placement
from pesan.orders.decide import decide
from pesan.orders.errors import (
    AlreadyDecided,
    HoldExpired,
    HoldNotOver,
    NotYourOrder,
    OrderNotFound,
    QuantityNotAllowed,
    ReasonMissing,
    ReviewBacklog,
    SaleClosed,
    TooManyHolds,
    WrongState,
)
from pesan.orders.moves import Amendment, LineWish, OrderFacts, Release
from pesan.orders.situation import Granted, Situation
from pesan.orders.states import BUCKETS, OF_BALANCE, TRANSITIONS
from pesan.payments import RefundCause, RefundDueCompanion

NOW = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)
EVENT, MERCHANT, POOL, ORDER, REVIEWER, LINE = (UUID(int=number) for number in range(1, 7))
SYSTEM = Actor.system("test")
STAFF = Actor.staff(REVIEWER, frozenset({MERCHANT}))
TERMS = Terms(
    event_id=EVENT,
    merchant_id=MERCHANT,
    pool_id=POOL,
    title="Kelas Latte Art",
    status="open",
    ends_at=NOW + timedelta(days=1),
    sale_opens_at=None,
    sale_closes_at=None,
    price_amount=150_000,
    currency="IDR",
    hold_minutes=15,
    max_per_order=4,
    max_holds_per_contact=2,
    max_holds_per_ip=3,
    review_cap=None,
    fulfilment="tickets",
)


def pool(capacity: int = 10, held: int = 0, used: int = 0) -> PoolCounts:
    return PoolCounts(POOL, capacity, Decimal(1), 1, held, used)


def order(state: OrderState, *, expires_in: int = 60, balance: int = 0) -> OrderFacts:
    return OrderFacts(
        id=ORDER,
        merchant_id=MERCHANT,
        event_id=EVENT,
        code="ABCDEFGHJKMNP",
        state=state,
        quantity=1,
        total_amount=150_000,
        currency="IDR",
        fulfilment="tickets",
        email=None,
        wa=None,
        hold_expires_at=NOW + timedelta(seconds=expires_in),
        payment_open_until=None,
        submitted_at=None,
        ended_at=None,
        reject_reason=None,
        decided_by=None,
        audit_seq=1,
        audit_head=bytes(32),
        balance_due_amount=balance,
    )


def situation(
    facts: OrderFacts | None = None, *, counts: PoolCounts | None = None, terms: Terms = TERMS
) -> Situation:
    held = 1 if facts and BUCKETS[facts.state] == "held" else 0
    used = 1 if facts and BUCKETS[facts.state] == "used" else 0
    return Situation(
        now=NOW,
        orders={facts.id: facts} if facts else {},
        claims={facts.id: [(POOL, 1)]} if facts else {},
        pools={POOL: counts or pool(held=held, used=used)},
        terms={EVENT: terms},
    )


def move(event: OrderEvent, actor: Actor = SYSTEM, reason: str | None = "Nominal tidak cocok") -> Move:
    return Move(event, EVENT, actor, ORDER, reason=reason)


def wish(quantity: int = 1, **fields: Any) -> Move:
    return Move.place(
        Placement(EVENT, "Sari Dewi", (LineWish(quantity),), **fields), Actor.guest(ip_digest="ip")
    )


def refusal(decision: Granted | PesanError) -> type[PesanError]:
    assert isinstance(decision, PesanError)
    return type(decision)


def granted(decision: Granted | PesanError) -> Granted:
    assert isinstance(decision, Granted), decision
    return decision


def every_pair() -> list[tuple[OrderState, OrderEvent]]:
    return [(state, event) for state in OrderState for event in OrderEvent if event is not OrderEvent.PLACE]


@pytest.mark.parametrize(("state", "event"), every_pair())
def test_transition_of_every_pair_is_the_tables_or_refused(state: OrderState, event: OrderEvent) -> None:
    expires_in = -1 if event is OrderEvent.EXPIRE else 60
    facts = order(state, expires_in=expires_in, balance=90_000 if event in OF_BALANCE else 0)
    if event is OrderEvent.REFUSE_BALANCE_PROOF:
        facts.balance_submitted_at = NOW
    before = situation(facts)
    counts = replace(before.pools[POOL])
    by = Actor.guest(facts.code) if event is OrderEvent.REPRICE else SYSTEM
    decision = decide(move(event, by), before)
    expected = TRANSITIONS.get((state, event))
    if expected is None:
        assert isinstance(decision, PesanError)
        assert before.pools[POOL] == counts
        assert before.orders[ORDER].state is state
    else:
        assert granted(decision).order.state is expected.target
        in_bucket = {"held": before.pools[POOL].held, "used": before.pools[POOL].used, "released": 0}
        assert sum(in_bucket.values()) == (0 if BUCKETS[expected.target] == "released" else 1)


def test_place_holds_the_places_and_starts_the_timer() -> None:
    before = situation()
    decision = granted(decide(wish(2, email="sari@contoh.id"), before))
    assert decision.moved.hold_expires_at == NOW + timedelta(minutes=15)
    assert decision.moved.total_amount == 300_000
    assert before.pools[POOL].held == 2


def test_place_of_a_free_event_is_paid_at_once() -> None:
    before = situation(terms=replace(TERMS, price_amount=0))
    assert granted(decide(wish(), before)).order.state is OrderState.PAID
    assert (before.pools[POOL].held, before.pools[POOL].used) == (0, 1)


def test_place_is_sold_out_when_every_place_is_used() -> None:
    assert refusal(decide(wish(), situation(counts=pool(3, used=3)))) is SoldOut


def test_place_waits_when_others_hold_what_is_left_and_says_until_when() -> None:
    before = situation(counts=pool(3, used=2, held=1))
    before.next_hold_ends = {EVENT: NOW + timedelta(seconds=90)}
    decision = decide(wish(), before)
    assert refusal(decision) is HoldPoolFull
    assert isinstance(decision, HoldPoolFull)
    assert decision.retry_after == 91
    assert decision.extra == {"nextHoldEndsAt": "2026-12-05T12:01:30.000Z"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "closed"}, "closed"),
        ({"status": "cancelled"}, "cancelled"),
        ({"ends_at": NOW}, "ended"),
        ({"sale_opens_at": NOW + timedelta(microseconds=1)}, "not_yet"),
        ({"sale_closes_at": NOW}, "sale_over"),
    ],
)
def test_place_is_refused_while_the_sale_is_not_on(change: dict[str, object], reason: str) -> None:
    before = situation(terms=replace(TERMS, **change))  # type: ignore[arg-type]
    decision = decide(wish(), before)
    assert refusal(decision) is SaleClosed
    assert isinstance(decision, SaleClosed)
    assert decision.extra == {"reason": reason}
    assert before.pools[POOL].held == 0


def test_place_is_granted_at_the_very_opening_of_the_sale() -> None:
    assert (
        granted(decide(wish(), situation(terms=replace(TERMS, sale_opens_at=NOW)))).order.state
        is OrderState.HOLD
    )


@pytest.mark.parametrize("quantity", [0, -1, 5, 2**40])
def test_place_refuses_quantities_outside_the_events_limit(quantity: int) -> None:
    assert refusal(decide(wish(quantity), situation())) is QuantityNotAllowed


def test_place_counts_earlier_grants_of_the_same_group_against_the_buyer() -> None:
    before = situation()
    outcomes = [decide(wish(email="sari@contoh.id"), before) for _ in range(3)]
    assert [isinstance(outcome, Granted) for outcome in outcomes] == [True, True, False]
    assert refusal(outcomes[2]) is TooManyHolds


def test_place_counts_an_address_across_contacts() -> None:
    before = situation()
    outcomes = [decide(wish(email=f"buyer{number}@contoh.id"), before) for number in range(4)]
    assert refusal(outcomes[3]) is TooManyHolds


def test_place_pauses_while_reviewers_are_behind() -> None:
    before = situation(terms=replace(TERMS, review_cap=5))
    before.unreviewed = {EVENT: 5}
    assert refusal(decide(wish(), before)) is ReviewBacklog


def test_proof_at_the_very_end_of_the_hold_is_too_late() -> None:
    before = situation(order(OrderState.HOLD, expires_in=0))
    assert refusal(decide(move(OrderEvent.SUBMIT_PROOF), before)) is HoldExpired
    assert before.orders[ORDER].state is OrderState.HOLD


def test_hold_does_not_expire_early_nor_with_a_payment_open() -> None:
    assert refusal(decide(move(OrderEvent.EXPIRE), situation(order(OrderState.HOLD)))) is HoldNotOver
    paying = replace(order(OrderState.HOLD, expires_in=-1), payment_open_until=NOW + timedelta(seconds=1))
    assert refusal(decide(move(OrderEvent.EXPIRE), situation(paying))) is HoldNotOver


def test_guest_needs_the_code_and_may_cancel_only_a_hold() -> None:
    holder, stranger = Actor.guest("ABCDEFGHJKMNP"), Actor.guest("0000000000000")
    assert granted(decide(move(OrderEvent.CANCEL, holder), situation(order(OrderState.HOLD))))
    for actor, state, expected in (
        (stranger, OrderState.HOLD, NotYourOrder),
        (stranger, OrderState.REVIEW, NotYourOrder),
        (holder, OrderState.REVIEW, WrongState),
        (holder, OrderState.CANCELLED, WrongState),
    ):
        assert refusal(decide(move(OrderEvent.CANCEL, actor), situation(order(state)))) is expected
    assert (
        refusal(decide(move(OrderEvent.APPROVE, holder), situation(order(OrderState.REVIEW)))) is NotYourOrder
    )


def test_staff_of_another_merchant_decide_nothing() -> None:
    foreign = Actor.staff(REVIEWER, frozenset({UUID(int=99)}))
    assert (
        refusal(decide(move(OrderEvent.APPROVE, foreign), situation(order(OrderState.REVIEW))))
        is NotYourOrder
    )


def test_second_reviewer_is_told_that_another_was_first() -> None:
    before = situation(order(OrderState.REVIEW))
    assert granted(decide(move(OrderEvent.APPROVE, STAFF), before)).order.decided_by == REVIEWER
    assert refusal(decide(move(OrderEvent.REJECT, STAFF), before)) is AlreadyDecided


def test_reject_without_a_reason_is_refused() -> None:
    assert (
        refusal(decide(move(OrderEvent.REJECT, STAFF, reason=" "), situation(order(OrderState.REVIEW))))
        is ReasonMissing
    )


def test_late_money_takes_places_back_only_while_they_are_left() -> None:
    left = situation(order(OrderState.EXPIRED), counts=pool(1))
    assert granted(decide(move(OrderEvent.PAY_LATE), left)).order.state is OrderState.PAID
    gone = situation(order(OrderState.EXPIRED), counts=pool(1, used=1))
    late = granted(decide(move(OrderEvent.PAY_LATE), gone))
    assert (late.order.state, late.transition.action) == (OrderState.EXPIRED, "order:payment:refund_due")
    assert (gone.pools[POOL].held, gone.pools[POOL].used) == (0, 1)


@pytest.mark.parametrize(("state", "event"), every_pair())
@pytest.mark.parametrize("is_over", [True, False])
def test_money_for_a_time_that_is_over_is_due_back_and_its_order_stays(
    state: OrderState, event: OrderEvent, is_over: bool
) -> None:
    due = RefundDueCompanion(ORDER, MERCHANT, 150_000, RefundCause.PAID_LATE)
    before = situation(order(state))
    ends_at = NOW if is_over else NOW + timedelta(microseconds=1)
    before.slots = {POOL: SlotTerms(ORDER, EVENT, POOL, 7, NOW - timedelta(minutes=15), ends_at)}
    counts = replace(before.pools[POOL])
    decision = decide(replace(move(event), if_refund_due=(due,)), before)
    is_due = isinstance(decision, Granted) and decision.companions == (due,)
    assert is_due == (
        is_over and event in {OrderEvent.PAY, OrderEvent.PAY_LATE} and (state, event) in TRANSITIONS
    )
    if is_due:
        late = granted(decision)
        assert (late.order.state, late.transition.action) == (state, "order:payment:refund_due")
        assert (before.orders[ORDER].state, before.pools[POOL]) == (state, counts)


@pytest.mark.parametrize("state", [OrderState.HOLD, OrderState.REVIEW])
def test_cash_for_a_time_that_is_over_is_for_whoever_takes_it_to_judge(state: OrderState) -> None:
    before = situation(order(state))
    before.slots = {POOL: SlotTerms(ORDER, EVENT, POOL, 7, NOW - timedelta(minutes=15), NOW)}
    assert granted(decide(move(OrderEvent.PAY, STAFF), before)).order.state is OrderState.PAID


@pytest.mark.parametrize("state", [OrderState.PAID, OrderState.COMPLETED, OrderState.REFUNDED])
def test_money_again_leaves_the_order_as_it_is(state: OrderState) -> None:
    due = RefundDueCompanion(ORDER, MERCHANT, 150_000, RefundCause.PAID_AGAIN)
    before = situation(replace(order(state), ended_at=NOW - timedelta(days=1)))
    again = granted(decide(replace(move(OrderEvent.PAY_AGAIN), companions=(due,)), before))
    assert again.order == before.orders[ORDER]
    assert again.companions == (due,)


@pytest.mark.parametrize("state", [OrderState.PAID, OrderState.COMPLETED])
def test_refund_in_full_returns_the_places(state: OrderState) -> None:
    before = situation(order(state))
    refunded = granted(decide(move(OrderEvent.REFUND, STAFF), before)).order
    assert (refunded.state, refunded.ended_at) == (OrderState.REFUNDED, NOW)
    assert (before.pools[POOL].held, before.pools[POOL].used) == (0, 0)


def test_refund_is_for_staff_and_needs_a_reason() -> None:
    holder = Actor.guest("ABCDEFGHJKMNP")
    before = situation(order(OrderState.COMPLETED))
    assert refusal(decide(move(OrderEvent.REFUND, holder), before)) is NotYourOrder
    assert refusal(decide(move(OrderEvent.REFUND, STAFF, reason=" "), before)) is ReasonMissing
    assert before.orders[ORDER].state is OrderState.COMPLETED


def amending(places: int) -> Move:
    releases = (Release(LINE, POOL, places),)
    return replace(move(OrderEvent.AMEND, STAFF), amendment=Amendment(places, releases))


def test_amendment_returns_its_places_and_no_others() -> None:
    before = situation(replace(order(OrderState.COMPLETED), quantity=3), counts=pool(used=3))
    before.claims[ORDER] = [(POOL, 3)]
    amended = granted(decide(amending(2), before)).order
    assert (amended.state, amended.returned_quantity) == (OrderState.COMPLETED, 2)
    assert before.claims[ORDER] == [(POOL, 1)]
    granted(decide(move(OrderEvent.REFUND, STAFF), before))
    assert (before.pools[POOL].held, before.pools[POOL].used) == (0, 0)


@pytest.mark.parametrize(("quantity", "claimed"), [(2, 3), (3, 1)])
def test_amendment_leaves_a_place_and_takes_none_of_others(quantity: int, claimed: int) -> None:
    before = situation(replace(order(OrderState.COMPLETED), quantity=quantity), counts=pool(used=5))
    before.claims[ORDER] = [(POOL, claimed)]
    assert refusal(decide(amending(2), before)) is WrongState
    assert before.orders[ORDER].returned_quantity == 0
    assert (before.pools[POOL].used, before.claims[ORDER]) == (5, [(POOL, claimed)])


def test_amendment_is_for_staff() -> None:
    before = situation(order(OrderState.COMPLETED))
    holder = Actor.guest("ABCDEFGHJKMNP")
    assert refusal(decide(replace(amending(1), actor=holder), before)) is NotYourOrder


@pytest.mark.parametrize("change", [{"status": "cancelled"}, {"ends_at": NOW}])
def test_late_money_for_an_event_that_is_cancelled_or_over_is_due_back(change: dict[str, Any]) -> None:
    before = situation(order(OrderState.EXPIRED), terms=replace(TERMS, **change))
    late = granted(decide(move(OrderEvent.PAY_LATE), before))
    assert (late.order.state, late.transition.action) == (OrderState.EXPIRED, "order:payment:refund_due")
    assert (before.pools[POOL].held, before.pools[POOL].used) == (0, 0)


@pytest.mark.parametrize("event", [OrderEvent.SUBMIT_PROOF, OrderEvent.APPROVE, OrderEvent.PAY])
def test_nobody_gets_a_place_at_a_cancelled_event(event: OrderEvent) -> None:
    state = OrderState.HOLD if event is OrderEvent.SUBMIT_PROOF else OrderState.REVIEW
    before = situation(order(state), terms=replace(TERMS, status="cancelled"))
    assert refusal(decide(move(event), before)) is SaleClosed
    assert before.orders[ORDER].state is state


def test_move_handed_to_another_sale_finds_nothing() -> None:
    foreign = Move(OrderEvent.CANCEL, UUID(int=77), SYSTEM, ORDER)
    assert refusal(decide(foreign, situation(order(OrderState.HOLD)))) is OrderNotFound


def test_cancel_twice_returns_the_place_once() -> None:
    before = situation(order(OrderState.HOLD))
    assert granted(decide(move(OrderEvent.CANCEL), before))
    assert refusal(decide(move(OrderEvent.CANCEL), before)) is WrongState
    assert before.pools[POOL].held == 0
