"""Who may let money go: above an amount, two people have a hand in it."""

from uuid import UUID

from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.states import RefundCause, RefundEvent, RefundState, find_transition, is_owed


def is_one_enough(amount: int, *, four_eyes_amount: int) -> bool:
    """Whether one person may give back this much."""
    return amount <= four_eyes_amount


def may_approve(refund: Refund, user_id: UUID | None, *, four_eyes_amount: int) -> bool:
    """Whether this person is the second one that a large refund needs; whoever asked for it is not."""
    return (
        is_one_enough(refund.weighed_amount, four_eyes_amount=four_eyes_amount)
        or user_id is None
        or user_id != refund.requested_by
    )


def may_pay(refund: Refund, user_id: UUID | None, *, four_eyes_amount: int) -> bool:
    """Whether this person may record that the money went.

    Where nobody asked for it, as when an event was cancelled, whoever approved a large one is the first of the two.
    """
    if (
        is_one_enough(refund.weighed_amount, four_eyes_amount=four_eyes_amount)
        or refund.requested_by is not None
    ):
        return True
    return user_id is None or user_id != refund.approved_by


def is_approvable(refund: Refund) -> bool:
    """Whether it still waits for a person who approves it; where a provider failed, nobody may have been asked."""
    state = RefundState(refund.state)
    is_approved = state is RefundState.FAILED and refund.approved_by is not None
    return find_transition(state, RefundEvent.APPROVE) is not None and not is_approved


def needs_approval(refund: Refund, *, four_eyes_amount: int) -> bool:
    """Whether somebody has to approve before the money can go; what is owed and small is simply sent.

    Money of another amount than was asked for is looked at by somebody first, however small it is.
    """
    state, cause = RefundState(refund.state), RefundCause(refund.cause)
    if not is_approvable(refund):
        return False
    if cause is RefundCause.OTHER_AMOUNT or not is_owed(state, cause):
        return True
    return not is_one_enough(refund.weighed_amount, four_eyes_amount=four_eyes_amount)
