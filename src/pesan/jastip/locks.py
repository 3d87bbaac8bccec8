"""The only place that locks profiles, trips, products and participants.

A profile is locked by its merchant's row, a trip by its event's, a product by its type's.
"""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from pesan.capacity.locks import lock_pools
from pesan.catalog.models import Event, TicketType
from pesan.db import WriteSession
from pesan.db.pipeline import pipelined
from pesan.jastip.errors import BroadcastNotFound, ParticipantNotFound, ProductNotFound, TripNotFound
from pesan.jastip.models import Broadcast, BroadcastRecipient, Participant, Product, Profile, Trip
from pesan.jastip.states import RecipientState
from pesan.tenancy.errors import MerchantNotFound
from pesan.tenancy.models import Merchant

Row = TypeVar("Row")


async def lock_profile(session: WriteSession, merchant_id: UUID) -> tuple[Profile, Merchant]:
    """The profile with its merchant, whose row stands for both, with nobody else changing them; empty if it is new.

    Raises MerchantNotFound.
    """
    merchant = await _lock(session, select(Merchant).where(Merchant.id == merchant_id))
    if merchant is None:
        raise MerchantNotFound
    profile = await session.get(Profile, merchant_id, populate_existing=True)
    if profile is None:
        profile = Profile(merchant_id=merchant_id)
        session.add(profile)
        await session.flush()
        await session.refresh(profile)
    return profile, merchant


async def lock_trip(session: WriteSession, trip_id: UUID) -> tuple[Trip, Event]:
    """The trip with its event, whose row stands for both, with nobody else changing them; raises TripNotFound."""
    event = await _lock(session, select(Event).where(Event.id == trip_id))
    trip = await session.get(Trip, trip_id, populate_existing=True)
    if event is None or trip is None:
        raise TripNotFound
    return trip, event


async def lock_product(session: WriteSession, product_id: UUID) -> tuple[Product, TicketType]:
    """The product with its type, whose row stands for both, with nobody else changing them; raises ProductNotFound."""
    kind = await _lock(session, select(TicketType).where(TicketType.id == product_id))
    product = await session.get(Product, product_id, populate_existing=True)
    if kind is None or product is None:
        raise ProductNotFound
    return product, kind


async def lock_participant(session: WriteSession, participant_id: UUID) -> Participant:
    """Somebody who takes part, with nobody else writing their history; raises ParticipantNotFound."""
    found = await _lock(session, select(Participant).where(Participant.id == participant_id))
    if found is None:
        raise ParticipantNotFound
    return found


async def lock_broadcast(session: WriteSession, broadcast_id: UUID) -> Broadcast:
    """A broadcast, with nobody else handing it on or cancelling it; raises BroadcastNotFound."""
    found = await _lock(session, select(Broadcast).where(Broadcast.id == broadcast_id))
    if found is None:
        raise BroadcastNotFound
    return found


async def lock_next_recipients(
    session: WriteSession, broadcast_id: UUID, *, limit: int
) -> list[BroadcastRecipient]:
    """The next who are to be told, whom nobody else tells meanwhile; after their broadcast."""
    waiting = BroadcastRecipient.state == RecipientState.WAITING
    query = (
        select(BroadcastRecipient)
        .where(BroadcastRecipient.broadcast_id == broadcast_id, waiting)
        .order_by(BroadcastRecipient.id)
        .limit(limit)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(await session.scalars(query))


async def lock_sale(session: WriteSession, *pool_ids: UUID) -> None:
    """Let nobody order from these pools until the transaction ends; after trips and products."""
    async with pipelined(session) as pipe:
        await lock_pools(pipe, list(pool_ids))


async def _lock(session: WriteSession, query: Select[Row]) -> Row | None:
    """The one row of `query` as it is now, locked; what refers to it waits for nothing."""
    return await session.scalar(
        query.with_for_update(key_share=True).execution_options(populate_existing=True)
    )
