"""The only place of checkout that locks: orders, by id, before anything else."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from pesan.db import WriteSession
from pesan.orders.models import Order
from pesan.orders.states import OrderState

LIVE = (OrderState.HOLD, OrderState.REVIEW, OrderState.PAID, OrderState.COMPLETED)
"""The states in which an order has places."""


async def lock_live_orders(
    session: WriteSession, event_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[Order]:
    """The next orders of an event that have places, by id from `after` on, locked until the transaction ends."""
    query = select(Order).where(Order.event_id == event_id, Order.state.in_(LIVE)).order_by(Order.id)
    if after is not None:
        query = query.where(Order.id > after)
    return (await session.scalars(query.limit(limit).with_for_update(key_share=True))).all()
