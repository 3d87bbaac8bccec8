"""The only place that locks deliveries."""

from uuid import UUID

from sqlalchemy import select

from pesan.db import WriteSession
from pesan.notifications.models import Delivery, Notification


async def lock_delivery(session: WriteSession, delivery_id: UUID) -> tuple[Delivery, Notification] | None:
    """The delivery, locked, with its notification; None when there is none."""
    query = (
        select(Delivery, Notification)
        .join(Notification, Notification.id == Delivery.notification_id)
        .where(Delivery.id == delivery_id)
        .with_for_update(of=Delivery)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])
