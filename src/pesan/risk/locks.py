"""The only place that locks for risk: a review changes under its order's lock."""

from uuid import UUID

from pesan.db import WriteSession
from pesan.orders.locks import lock_orders
from pesan.orders.models import Order


async def lock_order(session: WriteSession, order_id: UUID) -> Order | None:
    """The order, locked and read after the lock; None where it is not there to be seen."""
    await lock_orders(session, [order_id])
    return await session.get(Order, order_id, populate_existing=True)
