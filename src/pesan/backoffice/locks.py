"""The rows that the back office locks before it writes their audit."""

from uuid import UUID

from sqlalchemy import select

from pesan.catalog.errors import EventNotFound
from pesan.catalog.models import Event
from pesan.db import WriteSession
from pesan.tenancy.errors import MerchantNotFound
from pesan.tenancy.models import Merchant


async def lock_merchant(session: WriteSession, merchant_id: UUID) -> Merchant:
    """The merchant, with nobody else writing its audit chain; raises MerchantNotFound."""
    query = select(Merchant).where(Merchant.id == merchant_id)
    merchant = await session.scalar(
        query.with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    if merchant is None:
        raise MerchantNotFound
    return merchant


async def lock_event(session: WriteSession, merchant_id: UUID, short_id: str) -> Event:
    """An event of this merchant, with nobody else changing it; raises EventNotFound."""
    query = select(Event).where(Event.merchant_id == merchant_id, Event.short_id == short_id)
    event = await session.scalar(
        query.with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    if event is None:
        raise EventNotFound
    return event
