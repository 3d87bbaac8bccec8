"""Money at a provider that settles nothing until somebody has looked: too little, of the wrong kind, taken back."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from pesan.audit import record
from pesan.db import Actor, Database, ReadSession
from pesan.orders.errors import ReasonMissing
from pesan.orders.models import Order
from pesan.payments.errors import PaymentNotFound
from pesan.payments.gateways.locks import lock_chosen
from pesan.payments.gateways.settle import Flag
from pesan.payments.models import Payment

_MOST = 100


async def list_flagged(session: ReadSession, merchant_id: UUID) -> Sequence[tuple[Payment, Order]]:
    """A merchant's payments that need a person, the oldest first."""
    query = (
        select(Payment, Order)
        .join(Order, Order.id == Payment.order_id)
        .where(
            Payment.merchant_id == merchant_id, Payment.flag.is_not(None), Payment.flag != Flag.HANDLED.value
        )
        .order_by(Payment.created_at, Payment.id)
        .limit(_MOST)
    )
    return [(payment, order) for payment, order in await session.execute(query)]


async def mark_handled(
    database: Database, payment_id: UUID, *, merchant_id: UUID, reason: str, actor: Actor
) -> None:
    """Note what somebody did about such money, at the provider or with the buyer; it is asked about no more.

    **Locks** the order. Raises PaymentNotFound, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    async with database.read(actor) as seeing:
        payment = await seeing.get(Payment, payment_id)
    if payment is None or payment.merchant_id != merchant_id or payment.flag is None:
        raise PaymentNotFound
    async with database.sale() as session:
        known = await session.get_one(Payment, payment_id)
        order = await lock_chosen(session, known.order_id)
        await session.refresh(known)
        if known.flag == Flag.HANDLED:
            return
        data = {"payment_id": str(known.id), "flag": known.flag}
        known.flag = Flag.HANDLED.value
        await record(
            session, order, action="order:payment:looked_at", actor=actor, reason=reason.strip(), data=data
        )
        await session.flush()
