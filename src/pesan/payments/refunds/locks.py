"""The only place that locks for refunds: they are guarded by their order's lock, like payments."""

from uuid import UUID

from pesan.db import WriteSession
from pesan.orders.locks import lock_orders
from pesan.orders.models import Order
from pesan.orders.queries import get_order
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.queries import get_refund


async def lock_order(session: WriteSession, order_id: UUID) -> Order:
    """The order as it is under its lock; raises OrderNotFound."""
    await lock_orders(session, [order_id])
    order = await get_order(session, order_id)
    await session.refresh(order)  # the caller may have read it before the lock
    return order


async def lock_refund(session: WriteSession, refund_id: UUID) -> tuple[Refund, Order]:
    """The refund and its order as they are under the order's lock; raises RefundNotFound."""
    refund = await get_refund(session, refund_id)
    order = await lock_order(session, refund.order_id)
    await session.refresh(refund)
    return refund, order
