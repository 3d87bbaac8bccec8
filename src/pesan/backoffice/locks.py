"""The rows that the back office locks before it writes their audit."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from pesan.catalog.errors import EventNotFound, TicketTypeNotFound
from pesan.catalog.models import Event, PromoCode, TicketType
from pesan.db import WriteSession
from pesan.errors import NotFound
from pesan.orders.states import SLOTTED
from pesan.tenancy.errors import MerchantNotFound
from pesan.tenancy.models import Merchant

Row = TypeVar("Row")


async def lock_merchant(session: WriteSession, merchant_id: UUID) -> Merchant:
    """The merchant, with nobody else writing its audit chain; raises MerchantNotFound."""
    query = select(Merchant).where(Merchant.id == merchant_id)
    merchant = await _lock(session, query)
    if merchant is None:
        raise MerchantNotFound
    return merchant


async def lock_event(session: WriteSession, merchant_id: UUID, short_id: str) -> Event:
    """An event of this merchant, with nobody else changing it; raises EventNotFound, also for an outlet."""
    query = select(Event).where(Event.merchant_id == merchant_id, Event.short_id == short_id)
    event = await _lock(session, query.where(Event.fulfilment.not_in(SLOTTED)))
    if event is None:
        raise EventNotFound
    return event


async def lock_offer(session: WriteSession, event_id: UUID, type_id: UUID) -> TicketType:
    """A ticket type of this event, with nobody else changing it; raises TicketTypeNotFound."""
    query = select(TicketType).where(TicketType.event_id == event_id, TicketType.id == type_id)
    found = await _lock(session, query)
    if found is None:
        raise TicketTypeNotFound
    return found


async def lock_promo(session: WriteSession, event_id: UUID, promo_id: UUID) -> PromoCode:
    """A promo code of this event, with nobody else changing it; raises NotFound."""
    query = select(PromoCode).where(PromoCode.event_id == event_id, PromoCode.id == promo_id)
    found = await _lock(session, query)
    if found is None:
        raise NotFound
    return found


async def _lock(session: WriteSession, query: Select[Row]) -> Row | None:
    """The one row of `query` as it is now, locked; claims and orders that refer to it wait for nothing."""
    return await session.scalar(
        query.with_for_update(key_share=True).execution_options(populate_existing=True)
    )
