"""The states of an order, and every move between them, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pesan.capacity.states import Bucket


class OrderState(StrEnum):
    """Where an order stands."""

    HOLD = "HOLD"
    REVIEW = "REVIEW"
    PAID = "PAID"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


class OrderEvent(StrEnum):
    """What can happen to an order."""

    PLACE = "place"
    SUBMIT_PROOF = "submit_proof"
    PAY = "pay"
    APPROVE = "approve"
    REJECT = "reject"
    FULFIL = "fulfil"
    EXPIRE = "expire"
    CANCEL = "cancel"
    PAY_LATE = "pay_late"
    PAY_AGAIN = "pay_again"
    REFUND = "refund"
    AMEND = "amend"
    RESCHEDULE = "reschedule"
    SETTLE_BALANCE = "settle_balance"
    SUBMIT_BALANCE_PROOF = "submit_balance_proof"
    REFUSE_BALANCE_PROOF = "refuse_balance_proof"
    REPRICE = "reprice"


BUCKETS: Mapping[OrderState, Bucket] = {
    OrderState.HOLD: Bucket.HELD,
    OrderState.REVIEW: Bucket.USED,
    OrderState.PAID: Bucket.USED,
    OrderState.COMPLETED: Bucket.USED,
    OrderState.EXPIRED: Bucket.RELEASED,
    OrderState.REJECTED: Bucket.RELEASED,
    OrderState.CANCELLED: Bucket.RELEASED,
    OrderState.REFUNDED: Bucket.RELEASED,
}
"""Where an order's claims are counted, by its state."""

ENDED = frozenset(
    {OrderState.COMPLETED, OrderState.EXPIRED, OrderState.REJECTED, OrderState.CANCELLED, OrderState.REFUNDED}
)
"""The states in which nothing more is expected of anybody."""

SLOTTED = frozenset({"booths"})
"""The kinds of fulfilment that sell times, and nothing else."""
SHIPPED = frozenset({"jastip"})
"""The kinds of fulfilment that send goods: a person completes their orders, and their events have no day."""
KNOWN_BY_DESK = frozenset({"jastip"})
"""The kinds of fulfilment whose desk may know how to reach buyers who gave neither a number nor an e-mail."""

FULFIL_TASK = "{fulfilment}.fulfil_order"
END_TASKS: Mapping[str, str] = {"booths": "booths.end_session"}
"""What follows, by kind of fulfilment, when an order ends that came to nothing or is taken back."""
PROOF_TASKS: Mapping[str, str] = {"jastip": "jastip.tell_of_proof"}
"""What follows, by kind of fulfilment, when a proof arrived: who sells alone is told in the chat."""
TELL_BUYER_TASK = "checkout.tell_buyer"
ANNOUNCE_TASK = "hooks.announce_order"
LOOK_TASK = "risk.look"
ANNOUNCED: Mapping[OrderState, str] = {
    OrderState.REVIEW: "order.review",
    OrderState.PAID: "order.paid",
    OrderState.COMPLETED: "order.completed",
    OrderState.EXPIRED: "order.expired",
    OrderState.REJECTED: "order.rejected",
    OrderState.CANCELLED: "order.cancelled",
    OrderState.REFUNDED: "order.refunded",
}
"""What organizers' programs are told of, by the state that an order came to; of holds they are told nothing."""


OF_BALANCE = frozenset(
    {OrderEvent.SETTLE_BALANCE, OrderEvent.SUBMIT_BALANCE_PROOF, OrderEvent.REFUSE_BALANCE_PROOF}
)
"""What happens to the balance of an order whose deposit is paid."""
PROOFS = frozenset({OrderEvent.SUBMIT_PROOF, OrderEvent.SUBMIT_BALANCE_PROOF})
"""What brings a proof that somebody looks at."""
REPEATED = frozenset({OrderEvent.SETTLE_BALANCE, OrderEvent.REFUSE_BALANCE_PROOF})
"""What can happen to one order several times, and is told each time."""

ENDS_WITHOUT_GOODS = frozenset(
    {OrderState.EXPIRED, OrderState.REJECTED, OrderState.CANCELLED, OrderState.REFUNDED}
)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: where it leads, how the audit names it, and what follows.

    `follow_up` is a task name that may contain `{fulfilment}`; a buyer is told only where there is a way to.
    `is_looked_at` has signals of fraud looked for afterwards, which change nothing about the order.
    """

    target: OrderState
    action: str
    follow_up: str | None = None
    tells_buyer: bool = False
    is_looked_at: bool = False


def _from(
    *sources: OrderState, event: OrderEvent, to: Transition
) -> dict[tuple[OrderState, OrderEvent], Transition]:
    return {(source, event): to for source in sources}


_S, _E = OrderState, OrderEvent
_PAID = Transition(_S.PAID, "order:payment:settled", FULFIL_TASK, is_looked_at=True)

TRANSITIONS: Mapping[tuple[OrderState, OrderEvent], Transition] = {
    **_from(
        _S.HOLD,
        event=_E.SUBMIT_PROOF,
        to=Transition(_S.REVIEW, "order:proof:submitted", tells_buyer=True, is_looked_at=True),
    ),
    **_from(_S.HOLD, _S.REVIEW, event=_E.PAY, to=_PAID),
    **_from(_S.REVIEW, event=_E.APPROVE, to=Transition(_S.PAID, "order:payment:approved", FULFIL_TASK)),
    **_from(
        _S.REVIEW, event=_E.REJECT, to=Transition(_S.REJECTED, "order:payment:rejected", tells_buyer=True)
    ),
    **_from(
        _S.PAID, event=_E.FULFIL, to=Transition(_S.COMPLETED, "order:fulfilment:completed", tells_buyer=True)
    ),
    **_from(_S.HOLD, event=_E.EXPIRE, to=Transition(_S.EXPIRED, "order:hold:expired", tells_buyer=True)),
    **_from(_S.HOLD, event=_E.CANCEL, to=Transition(_S.CANCELLED, "order:hold:cancelled")),
    **_from(
        _S.REVIEW, event=_E.CANCEL, to=Transition(_S.CANCELLED, "order:review:cancelled", tells_buyer=True)
    ),
    **_from(
        _S.EXPIRED,
        _S.CANCELLED,
        _S.REJECTED,
        event=_E.PAY_LATE,
        to=Transition(_S.PAID, "order:payment:settled_late", FULFIL_TASK, is_looked_at=True),
    ),
    **{
        (state, _E.PAY_AGAIN): Transition(state, "order:payment:paid_again", tells_buyer=True)
        for state in (_S.PAID, _S.COMPLETED, _S.REFUNDED)
    },
    **_from(
        _S.PAID,
        _S.COMPLETED,
        event=_E.REFUND,
        to=Transition(_S.REFUNDED, "order:refund:approved", tells_buyer=True),
    ),
    # Some of its places go back, and the order stays what it is.
    **_from(
        _S.COMPLETED,
        event=_E.AMEND,
        to=Transition(_S.COMPLETED, "order:tickets:refunded", tells_buyer=True),
    ),
    # The rest of its money came, or is said to have come, and it goes on as it is.
    **_from(
        _S.PAID, event=_E.SETTLE_BALANCE, to=Transition(_S.PAID, "order:balance:settled", tells_buyer=True)
    ),
    **_from(
        _S.PAID,
        event=_E.SUBMIT_BALANCE_PROOF,
        to=Transition(_S.PAID, "order:balance:proof_submitted", is_looked_at=True),
    ),
    **_from(
        _S.PAID,
        event=_E.REFUSE_BALANCE_PROOF,
        to=Transition(_S.PAID, "order:balance:proof_refused", tells_buyer=True),
    ),
    # Its buyer agreed to another price of something that it holds.
    **_from(_S.PAID, event=_E.REPRICE, to=Transition(_S.PAID, "order:price:changed")),
    # It takes another time for the one that it gives back.
    **_from(
        _S.COMPLETED,
        event=_E.RESCHEDULE,
        to=Transition(_S.COMPLETED, "order:slot:rescheduled", tells_buyer=True),
    ),
}
"""Every allowed move; what is not here is refused. PLACE is the move from nothing."""

PLACED = Transition(_S.HOLD, "order:hold:placed")
PLACED_FREE = Transition(_S.PAID, "order:hold:placed_free", FULFIL_TASK, is_looked_at=True)


def refund_due(state: OrderState) -> Transition:
    """The move of an order that stays where it is, because its late money bought nothing and has to go back."""
    return Transition(state, "order:payment:refund_due", tells_buyer=True)


class Timed(Protocol):
    """What the clock decides of an order: a row, or the facts that the gate has read of it."""

    @property
    def state(self) -> str:
        """Where it stood when it was last written."""
        ...

    @property
    def hold_expires_at(self) -> datetime:
        """When its hold is over."""
        ...

    @property
    def payment_open_until(self) -> datetime | None:
        """Until when a payment keeps it beyond that."""
        ...


def effective_state(order: Timed, now: datetime) -> OrderState:
    """Where an order stands now: expiry is a fact; the sweeper only writes it down."""
    state = OrderState(order.state)
    keeps = order.payment_open_until is not None and now < order.payment_open_until
    is_over = state is OrderState.HOLD and order.hold_expires_at <= now and not keeps
    return OrderState.EXPIRED if is_over else state


def find_transition(state: OrderState, event: OrderEvent) -> Transition | None:
    """The move that `event` makes from `state`, or None when there is none."""
    return TRANSITIONS.get((state, event))
