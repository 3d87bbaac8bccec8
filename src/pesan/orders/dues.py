"""What an order asks for now: all of it or a deposit first, and then the balance. Pure, in whole rupiah."""

from datetime import datetime
from typing import Protocol

from pesan.orders.states import OrderState

_PERCENT = 100


class Owing(Protocol):
    """What is asked of an order: a row, or the facts that the gate has read of it."""

    @property
    def state(self) -> str:
        """Where it stands."""
        ...

    @property
    def total_amount(self) -> int:
        """What it costs."""
        ...

    @property
    def balance_due_amount(self) -> int:
        """What is left of that after what is asked for first."""
        ...


def balance_of(total: int, deposit_percent: int) -> int:
    """What is left after the deposit, which is rounded up: an order that costs something asks for something."""
    return total - -(-total * deposit_percent // _PERCENT)


def due_now(order: Owing) -> int:
    """What is asked for now: the deposit or everything until it is paid, then the balance.

    Of an order that ended unpaid it is what pays it all the same, when the money comes late.
    """
    if order.state == OrderState.PAID:
        return order.balance_due_amount
    if order.state in {OrderState.COMPLETED, OrderState.REFUNDED}:
        return 0
    return order.total_amount - order.balance_due_amount


def owes_balance(order: Owing) -> bool:
    """Whether its deposit is paid, and the rest is not."""
    return order.state == OrderState.PAID and order.balance_due_amount > 0


class Proving(Owing, Protocol):
    """What is asked of the proof of a balance."""

    @property
    def balance_submitted_at(self) -> datetime | None:
        """Since when it waits for somebody to look at it."""
        ...

    @property
    def reject_reason(self) -> str | None:
        """Why the last one was refused."""
        ...


def is_refused(order: Proving) -> bool:
    """Whether the last proof of a balance was refused, and no other was sent since."""
    return owes_balance(order) and order.balance_submitted_at is None and bool(order.reject_reason)


def standing(order: Proving, state: str) -> str:
    """Everything that a page of an order shows of where it stands, in one word to compare.

    `state` is the one by the clock; of a balance it says how much is left, and which proof of it waits.
    """
    if not owes_balance(order):
        return state
    proved = order.balance_submitted_at
    return f"{state}-{order.balance_due_amount}{f'-{proved.timestamp():.6f}' if proved else ''}"
