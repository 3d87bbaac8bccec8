"""What happens to the balance of an order whose deposit is paid: pure, after the locks."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pesan.errors import PesanError
from pesan.kit.money import format_rupiah
from pesan.orders.errors import (
    AlreadyDecided,
    BalanceChanged,
    BalanceDue,
    BalanceProofWaiting,
    BalanceSettled,
)
from pesan.orders.moves import Move, OrderFacts
from pesan.orders.situation import Granted, Situation, moved_of
from pesan.orders.states import OF_BALANCE, OrderEvent, Transition


def require_balance_guard(move: Move, order: OrderFacts) -> None:
    """Refuse goods for which money is due, and money or proofs for which nothing is."""
    if move.event is OrderEvent.FULFIL and order.balance_due_amount:
        due = order.balance_due_amount
        raise BalanceDue(amount=format_rupiah(due), extra={"balance_due_amount": due})
    refusal = _refusal_of(move, order) if move.event in OF_BALANCE else None
    if refusal is not None:
        raise refusal(state=order.state.value, extra={"state": order.state.value})


def change_balance(move: Move, order: OrderFacts, transition: Transition, situation: Situation) -> Granted:
    """The balance is paid, or its proof waits or was refused; places and state stay as they are."""
    changed = replace(order, **_change(move, order, situation.now))
    situation.orders[order.id] = changed
    moved = moved_of(changed, situation.now)
    return Granted(move, changed, transition, order.state, moved, move.companions)


def decider(move: Move, order: OrderFacts) -> UUID | None:
    """Whoever decides by this move: a buyer who is signed in decides nothing about their own order."""
    return move.actor.user_id if move.actor.works_for(order.merchant_id, order.event_id) else None


def _refusal_of(move: Move, order: OrderFacts) -> type[PesanError] | None:
    waits = order.balance_submitted_at is not None
    if move.event is OrderEvent.REFUSE_BALANCE_PROOF:
        return None if waits else AlreadyDecided
    if not order.balance_due_amount:
        return BalanceSettled
    if move.event is OrderEvent.SUBMIT_BALANCE_PROOF:
        return BalanceProofWaiting if waits else None
    # Whoever pays a balance has seen it: a price that changed meanwhile makes it another one.
    return BalanceChanged if move.balance_amount not in {None, order.balance_due_amount} else None


def _change(move: Move, order: OrderFacts, now: datetime) -> dict[str, Any]:
    if move.event is OrderEvent.SUBMIT_BALANCE_PROOF:
        return {"balance_submitted_at": now, "reject_reason": None}
    decided = {"balance_submitted_at": None, "decided_by": decider(move, order) or order.decided_by}
    if move.event is OrderEvent.REFUSE_BALANCE_PROOF:
        return decided | {"reject_reason": move.reason}
    return decided | {"balance_due_amount": 0, "reject_reason": None}
