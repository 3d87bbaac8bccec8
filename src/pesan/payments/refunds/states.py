"""The states of a refund, and every move between them, as data."""

from collections.abc import Mapping
from enum import StrEnum

TELL_REFUND_TASK = "checkout.tell_of_refund"
SEND_REFUNDS_TASK = "payments.send_refunds"
OUTCOME_UNKNOWN = "outcome_unknown"
"""Why a refund is left to people that its provider may have sent: they look there first."""


class RefundState(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    PAID = "paid"
    FAILED = "failed"
    DECLINED = "declined"


class RefundEvent(StrEnum):
    """What can happen to a refund."""

    APPROVE = "approve"
    DECLINE = "decline"
    PAY = "pay"
    FAIL = "fail"
    RETURN = "return"


class RefundCause(StrEnum):
    """Why money has to go back. What was ASKED for is owed once it is approved; everything else at once."""

    ASKED = "asked"
    PAID_LATE = "paid_late"
    PAID_AGAIN = "paid_again"
    OTHER_AMOUNT = "other_amount"
    EVENT_CANCELLED = "event_cancelled"
    PRICE_LOWERED = "price_lowered"


class RefundMethod(StrEnum):
    """How money goes back: by hand, or by the provider that took it."""

    MANUAL = "manual"
    GATEWAY = "gateway"


TRANSITIONS: Mapping[tuple[RefundState, RefundEvent], RefundState] = {
    (RefundState.REQUESTED, RefundEvent.APPROVE): RefundState.APPROVED,
    (RefundState.REQUESTED, RefundEvent.DECLINE): RefundState.DECLINED,
    (RefundState.APPROVED, RefundEvent.PAY): RefundState.PAID,
    (RefundState.APPROVED, RefundEvent.FAIL): RefundState.FAILED,
    # A provider could not, so that somebody sends the money by hand; a large one that nobody approved, because late and
    # doubled money goes back by itself, is approved first.
    (RefundState.FAILED, RefundEvent.APPROVE): RefundState.FAILED,
    (RefundState.FAILED, RefundEvent.PAY): RefundState.PAID,
    # The provider said that it was sent, and later that the money is back.
    (RefundState.PAID, RefundEvent.RETURN): RefundState.FAILED,
}
"""Every allowed move; what is declined stays so, and what was paid unless the money came back."""

OPEN = frozenset({RefundState.REQUESTED, RefundState.APPROVED, RefundState.FAILED})
"""The states in which somebody still has something to do."""


def find_transition(state: RefundState, event: RefundEvent) -> RefundState | None:
    """Where `event` leads from `state`, or None when it leads nowhere."""
    return TRANSITIONS.get((state, event))


def is_owed(state: RefundState, cause: RefundCause) -> bool:
    """Whether the ledger counts the money as due back: a wish that nobody approved is none."""
    return state in OPEN and (state is not RefundState.REQUESTED or cause is not RefundCause.ASKED)
