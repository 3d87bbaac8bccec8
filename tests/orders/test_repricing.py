"""What another price does to an order: pure, without a database."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.db import Actor
from pesan.errors import PesanError
from pesan.kit.ids import new_id
from pesan.orders import Move, OrderEvent, OrderState
from pesan.orders.decide import decide
from pesan.orders.errors import BalanceChanged, BalanceProofWaiting, NotYourOrder, SaleClosed, WrongState
from pesan.orders.moves import OrderFacts, Repricing
from pesan.orders.repricing import Change, change_of
from tests.orders.test_decide import (
    EVENT,
    LINE,
    MERCHANT,
    NOW,
    ORDER,
    SYSTEM,
    TERMS,
    granted,
    order,
    situation,
)

BUYER = Actor.guest("ABCDEFGHJKMNP")


def paid(*, balance: int = 0) -> OrderFacts:
    return replace(order(OrderState.PAID, balance=balance), subtotal_amount=150_000)


def repriced(new: int, *, actor: Actor = BUYER, balance: int | None = None) -> Move:
    price = Repricing((LINE,), 1, 150_000, new)
    return Move(OrderEvent.REPRICE, EVENT, actor, ORDER, repricing=price, balance_amount=balance)


@pytest.mark.parametrize(
    ("balance", "difference", "change"),
    [
        (0, 20_000, Change(170_000, 20_000, 0)),
        (90_000, 20_000, Change(170_000, 110_000, 0)),
        (90_000, -20_000, Change(130_000, 70_000, 0)),
        (90_000, -90_000, Change(60_000, 0, 0)),
        (90_000, -100_000, Change(50_000, 0, 10_000)),
        (0, -20_000, Change(130_000, 0, 20_000)),
    ],
)
def test_a_difference_is_taken_from_the_balance_first_and_then_from_what_was_paid(
    balance: int, difference: int, change: Change
) -> None:
    assert change_of(paid(balance=balance), difference) == change


@given(balance=st.integers(0, 150_000), difference=st.integers(-150_000, 10**9))
def test_what_was_paid_is_kept_or_owed_whatever_the_price_becomes(balance: int, difference: int) -> None:
    before = paid(balance=balance)

    after = change_of(before, difference)

    assert after.total - after.balance + after.owed == before.total_amount - balance
    assert min(after) >= 0
    assert after.balance <= after.total


def test_the_buyer_who_agrees_pays_more_and_the_order_stays_as_it_is() -> None:
    before = situation(paid())

    moved = granted(decide(repriced(170_000), before))

    assert moved.order == replace(
        paid(), subtotal_amount=170_000, total_amount=170_000, balance_due_amount=20_000
    )
    assert (moved.moved.total_amount, moved.moved.balance_due_amount) == (170_000, 20_000)
    assert before.orders[ORDER] == moved.order


def refused(facts: OrderFacts, move: Move, *, status: str = "open") -> type[PesanError]:
    before = situation(facts, terms=replace(TERMS, status=status))
    refusal = decide(move, before)
    assert isinstance(refusal, PesanError)
    assert before.orders[ORDER] == facts
    return type(refusal)


def test_nothing_is_repriced_while_a_proof_of_the_balance_waits() -> None:
    shown = replace(paid(balance=90_000), balance_submitted_at=NOW)

    assert refused(shown, repriced(170_000)) is BalanceProofWaiting


def test_nothing_is_repriced_where_another_balance_is_due_than_was_seen() -> None:
    assert refused(paid(), repriced(170_000, balance=90_000)) is BalanceChanged


def test_nothing_is_repriced_to_less_than_nothing() -> None:
    assert refused(paid(), repriced(-1)) is WrongState


def test_nothing_is_repriced_of_a_trip_that_is_off() -> None:
    assert refused(paid(), repriced(170_000), status="cancelled") is SaleClosed


@pytest.mark.parametrize(
    "actor",
    [
        Actor.guest("ZZZZZZZZZZZZZ"),
        replace(Actor.staff(new_id(), frozenset({MERCHANT})), order_codes=BUYER.order_codes),
        SYSTEM,
    ],
)
def test_nobody_but_the_buyer_reprices_their_order(actor: Actor) -> None:
    assert refused(paid(), repriced(170_000, actor=actor)) is NotYourOrder


def test_why_a_proof_of_another_balance_was_refused_is_forgotten() -> None:
    refused_before = replace(paid(balance=90_000), reject_reason="Nominal tidak sesuai")

    assert granted(decide(repriced(170_000), situation(refused_before))).order.reject_reason is None


@pytest.mark.parametrize("state", [OrderState.HOLD, OrderState.REVIEW, OrderState.COMPLETED])
def test_an_order_that_is_unpaid_or_sent_keeps_its_price(state: OrderState) -> None:
    assert refused(order(state), repriced(170_000)) is WrongState
