"""Every read of what an event sells: ticket types, seats, promo codes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text

from pesan.capacity.models import CapacityPool
from pesan.catalog.errors import PromoNotValid, TicketTypeNotFound
from pesan.catalog.models import PromoCode, Seat, TicketType
from pesan.db import ReadSession


@dataclass(frozen=True, slots=True)
class Offer:
    """A ticket type with its places: how many there are, and how many are not sold or held."""

    type: TicketType
    inventory: int
    left: int


async def list_offers(
    session: ReadSession, event_id: UUID, *, access_code: str | None = None, with_archived: bool = False
) -> list[Offer]:
    """An event's ticket types as this actor may see them, in the organizer's order.

    Hidden ones are there for the merchant's staff, and for whoever gives their access code.
    """
    own = select(TicketType).where(TicketType.event_id == event_id)
    shown = await session.scalars(own if with_archived else own.where(~TicketType.is_archived))
    found = {offer.id: offer for offer in shown}
    if access_code:
        hidden = select(TicketType).from_statement(_HIDDEN)
        opened = await session.scalars(hidden, {"event_id": event_id, "code": access_code})
        found |= {offer.id: offer for offer in opened}
    in_order = sorted(found.values(), key=lambda offer: (offer.position, offer.id))
    return await _with_places(session, in_order)


async def sells_types(session: ReadSession, event_id: UUID) -> bool:
    """Whether an event sells ticket types at all, hidden ones included: then nobody buys a plain place of it."""
    return bool(await session.scalar(select(func.sells_ticket_types(event_id))))


async def get_ticket_type(session: ReadSession, type_id: UUID) -> TicketType:
    """The ticket type, if the session's actor may see it; raises TicketTypeNotFound."""
    found = await session.get(TicketType, type_id)
    if found is None:
        raise TicketTypeNotFound
    return found


async def list_seats(session: ReadSession, event_id: UUID) -> Sequence[Seat]:
    """Every seat of an event, by its bit."""
    return (await session.scalars(select(Seat).where(Seat.event_id == event_id).order_by(Seat.ordinal))).all()


async def list_chosen_seats(
    session: ReadSession, event_id: UUID, seat_ids: Collection[UUID]
) -> Sequence[Seat]:
    """The seats of this event with these ids; unknown ones are absent."""
    return (await session.scalars(select(Seat).where(Seat.event_id == event_id, Seat.id.in_(seat_ids)))).all()


async def find_free_seats(session: ReadSession, event_id: UUID) -> bytes:
    """The event's map of seats that can be had now: bit `ordinal` of a little-endian bitmap; 50,000 seats are 6 KB."""
    count, free = (await session.execute(_FREE.where(Seat.event_id == event_id))).one()
    bitmap = bytearray((count + 7) // 8)
    for ordinal in free or ():
        bitmap[ordinal >> 3] |= 1 << (ordinal & 7)
    return bytes(bitmap)


async def get_promo_code(session: ReadSession, event_id: UUID, code: str) -> PromoCode:
    """The active promo code that somebody typed; raises PromoNotValid."""
    typed = select(PromoCode).from_statement(_PROMO)
    found: PromoCode | None = await session.scalar(typed, {"event_id": event_id, "code": code})
    if found is None:
        raise PromoNotValid
    return found


_HIDDEN = text("SELECT * FROM hidden_ticket_types(:event_id, :code)")
_PROMO = text("SELECT * FROM find_promo_code(:event_id, :code)")
_IS_FREE = (~Seat.is_blocked) & (CapacityPool.held + CapacityPool.used == 0)
_FREE = select(
    func.coalesce(func.max(Seat.ordinal) + 1, 0), func.array_agg(Seat.ordinal).filter(_IS_FREE)
).join(CapacityPool, CapacityPool.id == Seat.pool_id)


async def _with_places(session: ReadSession, types: Sequence[TicketType]) -> list[Offer]:
    pools = select(CapacityPool.id, CapacityPool.capacity, CapacityPool.held, CapacityPool.used).where(
        CapacityPool.id.in_([offer.pool_id for offer in types])
    )
    counts = {row.id: row for row in await session.execute(pools)} if types else {}
    empty = await _without_seats(session, [offer.id for offer in types if offer.is_seated])
    return [
        Offer(offer, pool.capacity, 0 if offer.id in empty else pool.capacity - pool.held - pool.used)
        for offer in types
        if (pool := counts[offer.pool_id])
    ]


async def _without_seats(session: ReadSession, type_ids: Collection[UUID]) -> Collection[UUID]:
    """Those of these seated types that have no seat yet: whatever their number of tickets, nothing can be chosen."""
    if not type_ids:
        return ()
    has_seat = select(Seat.id).where(Seat.ticket_type_id == TicketType.id).exists()
    return (await session.scalars(select(TicketType.id).where(TicketType.id.in_(type_ids), ~has_seat))).all()
