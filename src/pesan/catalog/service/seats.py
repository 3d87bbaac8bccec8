"""Writes to seats, many at a time."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from pesan.audit import record
from pesan.capacity.models import CapacityPool
from pesan.catalog.errors import SeatsTwice
from pesan.catalog.models import Event, Seat, TicketType
from pesan.db import Actor, WriteSession
from pesan.db.waits import violates
from pesan.kit.ids import new_id

_CHUNK = 5_000
_PLACE_TWICE = "uq_seats_event_id_section_row_number"


@dataclass(frozen=True, slots=True)
class SeatDraft:
    """One seat as an organizer names it; `x` and `y` place it on the drawing, in steps of one seat."""

    section: str
    row: str
    number: str
    x: int
    y: int
    is_accessible: bool = False


async def add_seats(
    session: WriteSession, *, event: Event, offer: TicketType, drafts: Sequence[SeatDraft], actor: Actor
) -> int:
    """Add seats of a seated ticket type, each with a pool of one place; returns how many there are now.

    The caller holds the event's lock, so that two imports number their seats one after the other. Raises SeatsTwice
    when a seat of this name is there already, and then adds none.
    """
    taken = select(func.coalesce(func.max(Seat.ordinal) + 1, 0)).where(Seat.event_id == event.id)
    first = (await session.scalars(taken)).one()
    for start in range(0, len(drafts), _CHUNK):
        await _insert(session, event, offer, first + start, drafts[start : start + _CHUNK])
    data = {"event_id": str(event.id), "seats": len(drafts)}
    await record(session, offer, action="ticket_type:seats:added", actor=actor, data=data)
    counted = select(func.count()).select_from(Seat).where(Seat.event_id == event.id)
    return (await session.scalars(counted)).one()


async def block_seats(
    session: WriteSession, *, offer: TicketType, seat_ids: Collection[UUID], is_blocked: bool, actor: Actor
) -> None:
    """Take seats out of the sale, or give them back; who has one keeps it."""
    mine = (Seat.ticket_type_id == offer.id, Seat.id.in_(seat_ids))
    await session.execute(update(Seat).where(*mine).values(is_blocked=is_blocked))
    data = {"seat_ids": sorted(map(str, seat_ids)), "is_blocked": is_blocked}
    await record(session, offer, action="ticket_type:seats:blocked", actor=actor, data=data)


async def _insert(
    session: WriteSession, event: Event, offer: TicketType, first: int, drafts: Sequence[SeatDraft]
) -> None:
    pools = [
        {"id": new_id(), "merchant_id": event.merchant_id, "capacity": 1, "hold_ratio": Decimal(1)}
        for _ in drafts
    ]
    seats = [
        {
            **asdict(draft),
            "id": new_id(),
            "merchant_id": event.merchant_id,
            "event_id": event.id,
            "ticket_type_id": offer.id,
            "pool_id": pool["id"],
            "ordinal": ordinal,
        }
        for ordinal, (draft, pool) in enumerate(zip(drafts, pools, strict=True), start=first)
    ]
    await session.execute(insert(CapacityPool), pools)
    try:
        async with session.begin_nested():
            await session.execute(insert(Seat), seats)
    except IntegrityError as error:
        if violates(error, _PLACE_TWICE):
            raise SeatsTwice from error
        raise
