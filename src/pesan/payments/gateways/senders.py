"""Which of an order's payments a refund goes back by: a provider gives back what it took itself, and no more."""

from sqlalchemy import and_, select

from pesan.db import ReadSession
from pesan.payments.models import Payment
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.states import RefundMethod, RefundState
from pesan.payments.states import PaymentState


async def find_payment_of(session: ReadSession, refund: Refund) -> Payment | None:
    """The payment that the money came by: the one that bought nothing, or the largest that bought the order.

    The same each time that it is asked for, so that nothing is sent by two payments.
    """
    bought_nothing = select(Refund.id).where(Refund.payment_id == Payment.id).exists()
    if refund.payment_id:
        mine = Payment.id == refund.payment_id
    else:
        mine = and_(~bought_nothing, Payment.settled_at <= refund.requested_at)
    found: Payment | None = await session.scalar(
        select(Payment)
        .where(
            Payment.order_id == refund.order_id,
            Payment.state == PaymentState.PAID,
            Payment.gateway_account_id.is_not(None),
            Payment.payment_key.is_not(None),
            Payment.amount >= refund.amount,
            mine,
        )
        .order_by(Payment.amount.desc(), Payment.settled_at, Payment.id)
        .limit(1)
    )
    return found


async def sum_sent_by(session: ReadSession, payment: Payment) -> int:
    """How much its provider was given to send back by this payment, and by none of the order's others."""
    refunds = await session.scalars(
        select(Refund).where(
            Refund.order_id == payment.order_id,
            Refund.method == RefundMethod.GATEWAY,
            Refund.paid_by.is_(None),  # what a person sent, the provider did not
            Refund.state.in_((RefundState.APPROVED, RefundState.PAID)),
        )
    )
    sent = 0
    for refund in refunds.all():
        sender = await find_payment_of(session, refund)
        if sender is not None and sender.id == payment.id:
            sent += refund.amount
    return sent
