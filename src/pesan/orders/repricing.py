"""What another price does to an order that is paid and not sent yet: pure, after the locks, in whole rupiah.

Discount, fees and tax stay as they were agreed; only what the repriced lines cost changes.
"""

from dataclasses import replace
from typing import NamedTuple

from pesan.orders.dues import Owing
from pesan.orders.errors import BalanceChanged, BalanceProofWaiting, WrongState
from pesan.orders.moves import Move, OrderFacts
from pesan.orders.situation import Granted, Situation, moved_of
from pesan.orders.states import OrderEvent, Transition


class Change(NamedTuple):
    """What an order costs then, what of it is still to pay, and what of the paid money is owed back."""

    total: int
    balance: int
    owed: int


def change_of(order: Owing, difference: int) -> Change:
    """A higher price is asked for with the balance; a lower one takes from that first, then from what was paid."""
    balance = order.balance_due_amount + difference
    return Change(order.total_amount + difference, max(balance, 0), max(-balance, 0))


def require_reprice_guard(move: Move, order: OrderFacts) -> None:
    """Refuse another price while a proof of the balance waits, or where another balance is due than was weighed.

    A proof says that its balance was paid, and so is looked at before another balance is asked for.
    """
    if move.event is not OrderEvent.REPRICE:
        return
    where = {"state": order.state.value}
    if order.balance_submitted_at is not None:
        raise BalanceProofWaiting(state=order.state.value, extra=where)
    if move.balance_amount not in {None, order.balance_due_amount}:
        raise BalanceChanged(state=order.state.value, extra=where)
    if change_of(order, move.repricing.difference).total < 0:
        raise WrongState(state=order.state.value, extra=where)


def reprice(move: Move, order: OrderFacts, transition: Transition, situation: Situation) -> Granted:
    """The order costs what its buyer agreed to; places and state stay as they are."""
    difference = move.repricing.difference
    change = change_of(order, difference)
    changed = replace(
        order,
        subtotal_amount=order.subtotal_amount + difference,
        total_amount=change.total,
        balance_due_amount=change.balance,
        reject_reason=None,  # of a proof of another balance
    )
    situation.orders[order.id] = changed
    moved = moved_of(changed, situation.now)
    return Granted(move, changed, transition, order.state, moved, move.companions)
