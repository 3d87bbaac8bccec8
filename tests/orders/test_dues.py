"""What an order asks for first and then, and what may happen to its balance: pure, without a database."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.db import Actor
from pesan.errors import PesanError
from pesan.orders import OrderEvent, OrderState
from pesan.orders.decide import decide
from pesan.orders.dues import balance_of, due_now
from pesan.orders.errors import (
    AlreadyDecided,
    BalanceChanged,
    BalanceDue,
    BalanceProofWaiting,
    BalanceSettled,
    NotYourOrder,
    ReasonMissing,
    SaleClosed,
)
from tests.orders.test_decide import (
    NOW,
    ORDER,
    REVIEWER,
    STAFF,
    TERMS,
    granted,
    move,
    order,
    refusal,
    situation,
    wish,
)

HOLDER = Actor.guest("ABCDEFGHJKMNP")
BALANCE = 90_000


def paid(balance: int = BALANCE, *, is_shown: bool = False):
    """An order of Rp 150.000 whose deposit is paid."""
    facts = order(OrderState.PAID, balance=balance)
    facts.balance_submitted_at = NOW if is_shown else None
    return situation(facts)


@given(total=st.integers(0, 10**9), percent=st.integers(1, 100))
def test_deposit_and_balance_make_the_whole_and_something_is_asked_first(total: int, percent: int):
    balance = balance_of(total, percent)
    assert 0 <= balance <= total
    assert (total - balance) * 100 >= total * percent
    assert (total - balance) * 100 - total * percent < 100
    assert balance < total or total == 0
    assert balance_of(total, 100) == 0


@pytest.mark.parametrize("state", list(OrderState))
def test_what_is_due_is_the_deposit_then_the_balance_then_nothing(state: OrderState):
    due = {OrderState.PAID: BALANCE, OrderState.COMPLETED: 0, OrderState.REFUNDED: 0}
    assert due_now(order(state, balance=BALANCE)) == due.get(state, 60_000)


def test_place_asks_for_the_deposit_and_remembers_the_rest():
    terms = replace(TERMS, fulfilment="jastip", deposit_percent=33)
    placed = granted(decide(wish(), situation(terms=terms))).order
    assert (placed.total_amount, placed.balance_due_amount, due_now(placed)) == (150_000, 100_500, 49_500)


def test_goods_wait_for_the_balance_and_say_how_much_it_is():
    before = paid()
    refused = decide(move(OrderEvent.FULFIL), before)
    assert isinstance(refused, BalanceDue)
    assert refused.extra == {"balance_due_amount": BALANCE}
    assert before.orders[ORDER].state is OrderState.PAID
    granted(decide(move(OrderEvent.SETTLE_BALANCE), before))
    assert granted(decide(move(OrderEvent.FULFIL), before)).order.state is OrderState.COMPLETED


def test_balance_is_settled_once_even_in_one_group():
    before = paid(is_shown=True)
    settled = granted(decide(move(OrderEvent.SETTLE_BALANCE, STAFF), before)).order
    assert (settled.balance_due_amount, settled.balance_submitted_at) == (0, None)
    assert settled.decided_by == REVIEWER
    assert refusal(decide(move(OrderEvent.SETTLE_BALANCE), before)) is BalanceSettled


def test_money_for_another_balance_than_is_due_settles_nothing():
    before = paid()
    other = replace(move(OrderEvent.SETTLE_BALANCE), balance_amount=BALANCE - 1)
    assert refusal(decide(other, before)) is BalanceChanged
    assert before.orders[ORDER].balance_due_amount == BALANCE
    granted(decide(replace(other, balance_amount=BALANCE), before))


def test_proof_of_the_balance_waits_is_refused_and_sent_again():
    before = paid()
    shown = granted(decide(move(OrderEvent.SUBMIT_BALANCE_PROOF, HOLDER), before)).order
    assert (shown.state, shown.balance_submitted_at) == (OrderState.PAID, NOW)
    assert refusal(decide(move(OrderEvent.SUBMIT_BALANCE_PROOF, HOLDER), before)) is BalanceProofWaiting
    assert refusal(decide(move(OrderEvent.REFUSE_BALANCE_PROOF, STAFF, reason=" "), before)) is ReasonMissing
    refused = granted(decide(move(OrderEvent.REFUSE_BALANCE_PROOF, STAFF, reason="Buram"), before)).order
    assert (refused.state, refused.balance_submitted_at, refused.reject_reason) == (
        OrderState.PAID,
        None,
        "Buram",
    )
    assert refusal(decide(move(OrderEvent.REFUSE_BALANCE_PROOF, STAFF), before)) is AlreadyDecided
    again = granted(decide(move(OrderEvent.SUBMIT_BALANCE_PROOF, HOLDER), before)).order
    assert (again.reject_reason, again.balance_due_amount) == (None, BALANCE)


@pytest.mark.parametrize(
    ("event", "actor", "expected"),
    [
        (OrderEvent.SETTLE_BALANCE, HOLDER, NotYourOrder),
        (OrderEvent.REFUSE_BALANCE_PROOF, HOLDER, NotYourOrder),
        (OrderEvent.SUBMIT_BALANCE_PROOF, Actor.guest("0000000000000"), NotYourOrder),
    ],
)
def test_a_balance_is_settled_by_staff_and_proved_by_whoever_holds_the_code(
    event: OrderEvent, actor: Actor, expected: type[PesanError]
):
    before = paid(is_shown=event is OrderEvent.REFUSE_BALANCE_PROOF)
    kept = replace(before.orders[ORDER])
    assert refusal(decide(move(event, actor), before)) is expected
    assert before.orders[ORDER] == kept


@pytest.mark.parametrize("event", [OrderEvent.SETTLE_BALANCE, OrderEvent.SUBMIT_BALANCE_PROOF])
def test_nothing_is_paid_for_what_is_paid_or_called_off(event: OrderEvent):
    assert refusal(decide(move(event), paid(0))) is BalanceSettled
    called_off = paid()
    called_off.terms = {TERMS.event_id: replace(TERMS, status="cancelled")}
    assert refusal(decide(move(event), called_off)) is SaleClosed


def test_a_refund_forgets_the_proof_that_waited():
    refunded = granted(decide(move(OrderEvent.REFUND, STAFF), paid(is_shown=True))).order
    assert (refunded.state, refunded.balance_submitted_at) == (OrderState.REFUNDED, None)
