"""What the pages read beyond one module's own queries."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from pesan.catalog.models import Event
from pesan.db import ReadSession
from pesan.orders.models import Order
from pesan.tenancy.models import Merchant

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
