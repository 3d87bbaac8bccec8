"""Every read of notifications."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from pesan.db import ReadSession
from pesan.kit.i18n import Locale
from pesan.notifications.models import Delivery, LetterTemplate, Notification
from pesan.notifications.states import Kind
from pesan.notifications.wording import OwnWords


async def list_deliveries(session: ReadSession, order_id: UUID) -> Sequence[tuple[Notification, Delivery]]:
    """What an order's buyer was told and how it left, in the order it was written."""
    query = (
        select(Notification, Delivery)
        .join(Delivery, Delivery.notification_id == Notification.id)
        .where(Notification.order_id == order_id)
        .order_by(Notification.created_at, Delivery.channel)
    )
    return [(notification, delivery) for notification, delivery in await session.execute(query)]


async def find_own_words(
    session: ReadSession, merchant_id: UUID, kind: Kind, locale: Locale
) -> OwnWords | None:
    """What a merchant says in this letter in words of their own; None when they say what the house says."""
    row = await session.get(LetterTemplate, (merchant_id, kind.value, locale))
    return OwnWords(row.subject, row.heading, row.body) if row else None


async def list_own_letters(session: ReadSession, merchant_id: UUID) -> set[tuple[str, str]]:
    """The kinds and languages in which a merchant has words of their own."""
    query = select(LetterTemplate.kind, LetterTemplate.locale).where(
        LetterTemplate.merchant_id == merchant_id
    )
    return {(kind, locale) for kind, locale in await session.execute(query)}
