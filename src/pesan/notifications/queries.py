"""Every read of notifications."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from pesan.db import ReadSession
from pesan.notifications.models import Delivery, Notification


async def list_deliveries(session: ReadSession, order_id: UUID) -> Sequence[tuple[Notification, Delivery]]:
    """What an order's buyer was told and how it left, in the order it was written."""
    query = (
        select(Notification, Delivery)
        .join(Delivery, Delivery.notification_id == Notification.id)
        .where(Notification.order_id == order_id)
        .order_by(Notification.created_at, Delivery.channel)
    )
    return [(notification, delivery) for notification, delivery in await session.execute(query)]
