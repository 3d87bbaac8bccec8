"""What the pages read beyond one module's own queries."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from pesan.catalog.models import Event
from pesan.db import ReadSession
from pesan.orders.models import Order
from pesan.tenancy.models import Merchant

MOST_OWN = 100
Kept = tuple[Order, Event, Merchant, datetime]


async def list_kept_bookings(session: ReadSession, codes: Sequence[str]) -> list[Kept]:
    """The bookings of these codes, the newest first, with the database's time; unknown codes are left out."""
    query = (
        select(Order, Event, Merchant, func.clock_timestamp())
        .join(Event, Event.id == Order.event_id)
        .join(Merchant, Merchant.id == Order.merchant_id)
        .where(Order.code.in_(codes))
        .order_by(Order.placed_at.desc())
    )
    return [(order, event, merchant, now) for order, event, merchant, now in await session.execute(query)]


async def list_own_bookings(session: ReadSession, user_id: UUID, *, limit: int = MOST_OWN) -> list[Kept]:
    """The latest bookings of a person's account, the newest first, with the database's time."""
    query = (
        select(Order, Event, Merchant, func.clock_timestamp())
        .join(Event, Event.id == Order.event_id)
        .join(Merchant, Merchant.id == Order.merchant_id)
        .where(Order.user_id == user_id)
        .order_by(Order.placed_at.desc(), Order.id)
        .limit(limit)
    )
    return [(order, event, merchant, now) for order, event, merchant, now in await session.execute(query)]
