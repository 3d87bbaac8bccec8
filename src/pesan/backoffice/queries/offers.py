"""What an event sells, with how much of it is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from pesan.capacity.models import CapacityPool
from pesan.capacity.states import Bucket
from pesan.catalog.errors import TicketTypeNotFound
from pesan.catalog.models import PromoCode, Seat
from pesan.catalog.offers import Offer, list_offers
from pesan.db import ReadSession
from pesan.orders.models import Order
from pesan.orders.states import BUCKETS


@dataclass(frozen=True, slots=True)
class OwnPromo:
    """A promo code, how often it is in use or was used, and how often it may be."""

    promo: PromoCode
    uses: int
    max_uses: int | None


async def get_own_offer(session: ReadSession, event_id: UUID, type_id: UUID) -> Offer:
    """One ticket type of this event, archived or not; raises TicketTypeNotFound."""
    for offer in await list_offers(session, event_id, with_archived=True):
        if offer.type.id == type_id:
            return offer
    raise TicketTypeNotFound


async def count_seats(session: ReadSession, event_id: UUID) -> dict[UUID, int]:
    """How many seats each ticket type of an event has."""
    counted = select(Seat.ticket_type_id, func.count()).where(Seat.event_id == event_id)
    rows = await session.execute(counted.group_by(Seat.ticket_type_id))
    return {row[0]: row[1] for row in rows}


async def list_promos(session: ReadSession, event_id: UUID) -> Sequence[OwnPromo]:
    """An event's promo codes, those in force first, with the orders that have their places by them."""
    taking = [state.value for state, bucket in BUCKETS.items() if bucket is not Bucket.RELEASED]
    uses = (
        select(func.count())
        .where(Order.promo_code_id == PromoCode.id, Order.event_id == event_id, Order.state.in_(taking))
        .scalar_subquery()
    )
    query = (
        select(PromoCode, uses, CapacityPool.capacity)
        .outerjoin(CapacityPool, CapacityPool.id == PromoCode.pool_id)
        .where(PromoCode.event_id == event_id)
        .order_by(PromoCode.is_active.desc(), PromoCode.code)
    )
    return [OwnPromo(*row) for row in await session.execute(query)]
