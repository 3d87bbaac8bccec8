"""What the clock has done by itself and nobody has written down yet."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select

from pesan.booths.models import BoothSession
from pesan.booths.states import EXPECTED, LEFT_AFTER, LIVE, SessionEvent, SessionState
from pesan.db import ReadSession
from pesan.orders.models import Order
from pesan.orders.states import OrderState

_LEFT_AT = func.greatest(BoothSession.ends_at, BoothSession.arrived_at) + LEFT_AFTER
# Each by an index of its own.
_DUE = {
    SessionEvent.EXPIRE: (
        (SessionState.AWAITING_CUSTOMER, BoothSession.arrive_until),
        (SessionState.ARRIVED, _LEFT_AT),
    ),
    SessionEvent.FINISH: ((SessionState.ONGOING, BoothSession.due_at),),
}


async def list_due(session: ReadSession, event: SessionEvent, *, limit: int) -> Sequence[UUID]:
    """Sessions whose customer came too late or left, or whose time is over; those that waited longest first."""
    found: list[UUID] = []
    for state, until in _DUE[event]:
        query = (
            select(BoothSession.id)
            .where(BoothSession.state == state, until < func.clock_timestamp())
            .order_by(until, BoothSession.id)
            .limit(limit - len(found))
        )
        found += await session.scalars(query)
    return found


async def list_in_the_way(
    session: ReadSession, resource: int, starts_at: datetime, ends_at: datetime
) -> Sequence[UUID]:
    """Sessions whose money went back and which still keep this time of a booth, also one that goes on."""
    query = _refunded(LIVE).where(
        BoothSession.resource == resource, BoothSession.starts_at < ends_at, BoothSession.ends_at > starts_at
    )
    return (await session.scalars(query)).all()


async def list_refunded(session: ReadSession, *, limit: int) -> Sequence[UUID]:
    """Sessions whose customer is waited for although their money went back."""
    return (await session.scalars(_refunded(EXPECTED).limit(limit))).all()


def _refunded(states: frozenset[SessionState]) -> Select[UUID]:
    return (
        select(BoothSession.id)
        .join(Order, Order.id == BoothSession.id)
        .where(BoothSession.state.in_(states), Order.state == OrderState.REFUNDED)
        .order_by(BoothSession.id)
    )
