"""Money of another amount than was asked for: it came, so it is in the ledger, and it buys nothing, so it is due back.

It is not sent by itself: staff who look at it may know better, and approve its refund or settle it with the buyer.
"""

from uuid import UUID

from sqlalchemy import func, select

from pesan.db import Database, ReadSession
from pesan.kit.ids import new_id
from pesan.payments.gateways.base import RemotePayment
from pesan.payments.gateways.companions import GatewayRefundDue, owe_back
from pesan.payments.gateways.locks import lock_chosen
from pesan.payments.models import Payment
from pesan.payments.refunds.states import RefundCause
from pesan.payments.states import PaymentState


async def book_other_amount(database: Database, attempt: Payment, remote: RemotePayment) -> None:
    """Write down what came for an attempt, once for each capture; the attempt is over, and the next has another page.

    **Locks** the order.
    """
    key = remote.payment_key or remote.provider_ref
    if remote.amount <= 0:
        return
    async with database.sale() as session:
        order = await lock_chosen(session, attempt.order_id)
        asked = await session.get_one(Payment, attempt.id, populate_existing=True)
        # What the attempt itself was settled with is in the books, whatever its provider says of it later.
        if asked.payment_key == key or await find_other_amount(session, asked, key) is not None:
            return
        now = (await session.scalars(select(func.clock_timestamp()))).one()
        if asked.state != PaymentState.PAID:
            asked.state, asked.closed_at = PaymentState.FAILED.value, asked.closed_at or now
        came = Payment(
            id=new_id(),
            merchant_id=asked.merchant_id,
            order_id=order.id,
            base_amount=remote.amount,
            amount=remote.amount,
            currency=asked.currency,
            state=PaymentState.SUPERSEDED.value,
            gateway_account_id=asked.gateway_account_id,
            reference=asked.reference,
            provider_ref=remote.provider_ref,
            payment_key=key,
            closed_at=now,
        )
        session.add(came)
        await session.flush()
        due = GatewayRefundDue(order_id=order.id, payment_id=came.id, cause=RefundCause.OTHER_AMOUNT)
        await owe_back(session, [due])


async def find_other_amount(session: ReadSession, attempt: Payment, key: str) -> UUID | None:
    """The payment by which this money is booked already, beside the attempt that it came for."""
    booked = Payment.gateway_account_id == attempt.gateway_account_id, Payment.payment_key == key
    found: UUID | None = await session.scalar(select(Payment.id).where(*booked, Payment.id != attempt.id))
    return found
