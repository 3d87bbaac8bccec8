"""Every read of orders."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, or_, select

from pesan.db import ReadSession
from pesan.orders.errors import OrderNotFound
from pesan.orders.models import Order, OrderLine
from pesan.orders.states import OrderState


async def get_order(session: ReadSession, order_id: UUID) -> Order:
    """The order, if the session's actor may see it; raises OrderNotFound."""
    order = await session.get(Order, order_id)
    if order is None:
        raise OrderNotFound
    return order


async def get_order_by_code(session: ReadSession, code: str) -> Order:
    """The order with this code, if the session's actor holds it; raises OrderNotFound."""
    order = await session.scalar(select(Order).where(Order.code == code))
    if order is None:
        raise OrderNotFound
    return order


async def is_hold_over(session: ReadSession, order_id: UUID) -> bool:
    """Whether the time of this hold is over, by the database's clock."""
    over = select(Order.hold_expires_at <= func.clock_timestamp()).where(Order.id == order_id)
    return bool(await session.scalar(over))


async def list_lines(session: ReadSession, order_id: UUID) -> Sequence[OrderLine]:
    """The lines of one order, in the order they were made."""
    return (
        await session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.id))
    ).all()


async def list_due_holds(
    session: ReadSession, *, sale_id: UUID | None = None, limit: int
) -> list[tuple[UUID, UUID]]:
    """(order, event) of holds whose time is over and that no open payment keeps, the oldest first."""
    query = (
        select(Order.id, Order.event_id)
        .where(
            Order.state == OrderState.HOLD,
            Order.hold_expires_at <= func.clock_timestamp(),
            or_(Order.payment_open_until.is_(None), Order.payment_open_until <= func.clock_timestamp()),
        )
        .order_by(Order.hold_expires_at)
        .limit(limit)
    )
    if sale_id is not None:
        query = query.where(Order.event_id == sale_id)
    return [(order_id, event_id) for order_id, event_id in await session.execute(query)]
