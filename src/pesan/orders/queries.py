"""Every read of orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlalchemy.sql import ColumnElement

from pesan.capacity.models import Claim
from pesan.capacity.states import Bucket
from pesan.db import ReadSession
from pesan.orders.errors import OrderNotFound
from pesan.orders.models import Order, OrderLine
from pesan.orders.states import SLOTTED, OrderState


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


class Period(NamedTuple):
    """A half-open time."""

    starts_at: datetime
    ends_at: datetime


async def find_period(session: ReadSession, order: Order) -> Period | None:
    """The time that an order has, or had last; none, and nothing is asked, where it is no time that was sold."""
    if order.fulfilment not in SLOTTED:
        return None
    query = select(func.lower(Claim.period), func.upper(Claim.period)).where(*_of_time(order.id))
    row = (await session.execute(query.order_by(*_LATEST).limit(1))).one_or_none()
    return Period(*row) if row else None


def starts_at_of_order() -> ColumnElement[Any]:
    """When the time begins that each order of a query has, or had last; null where it is no time that was sold."""
    return _of_each_order(func.lower(Claim.period))


def ends_at_of_order() -> ColumnElement[Any]:
    """When that time ends."""
    return _of_each_order(func.upper(Claim.period))


def resource_of_order() -> ColumnElement[Any]:
    """What it is a time of: the number of a booth."""
    return _of_each_order(Claim.resource)


def begins_within(since: datetime | None, before: datetime | None) -> ColumnElement[bool]:
    """Whether `starts_at_of_order` is in this half-open time; asked of all claims at once and not order by order."""
    other = aliased(Claim)
    of_same = (other.order_id == Claim.order_id) & other.resource.is_not(None)
    is_later = tuple_(other.bucket != Bucket.RELEASED.value, other.id) > tuple_(
        Claim.bucket != Bucket.RELEASED.value, Claim.id
    )
    begins = select(Claim.order_id).where(
        Claim.resource.is_not(None), ~exists().where(of_same, is_later).correlate(Claim)
    )
    if since is not None:
        begins = begins.where(Claim.begins_at >= since)
    if before is not None:
        begins = begins.where(Claim.begins_at < before)
    return Order.id.in_(begins)


def _of_each_order(column: ColumnElement[Any] | Any) -> ColumnElement[Any]:
    query = select(column).where(*_of_time(Order.id))
    return query.order_by(*_LATEST).limit(1).correlate(Order).scalar_subquery()


_LATEST = ((Claim.bucket == Bucket.RELEASED.value), Claim.id.desc())


def _of_time(order_id: object) -> tuple[ColumnElement[bool], ...]:
    return Claim.order_id == order_id, Claim.resource.is_not(None)


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
