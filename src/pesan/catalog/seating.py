"""Which seats an order has."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from pesan.capacity.models import Claim
from pesan.capacity.states import Bucket
from pesan.catalog.models import Seat
from pesan.db import ReadSession


async def list_seats_by_line(session: ReadSession, order_id: UUID) -> Mapping[UUID, Sequence[Seat]]:
    """The seats that an order holds or has, by its lines, in the order of the map; given back ones are not its own."""
    query = (
        select(Claim.line_id, Seat)
        .join(Seat, Seat.pool_id == Claim.pool_id)
        .where(Claim.order_id == order_id, Claim.bucket != Bucket.RELEASED.value)
        .order_by(Seat.ordinal)
    )
    found: defaultdict[UUID, list[Seat]] = defaultdict(list)
    for line_id, seat in await session.execute(query):
        found[line_id].append(seat)
    return found


async def list_seats_by_id(session: ReadSession, seat_ids: Iterable[UUID | None]) -> Mapping[UUID, Seat]:
    """These seats by their ids; asks nothing when there are none."""
    wanted = {seat_id for seat_id in seat_ids if seat_id is not None}
    if not wanted:
        return {}
    return {seat.id: seat for seat in await session.scalars(select(Seat).where(Seat.id.in_(wanted)))}


async def list_seat_rows(session: ReadSession, event_id: UUID) -> Sequence[tuple[Any, ...]]:
    """Every seat as (id, ticket type, section, row, number, x, y, accessible), by its bit; objects would be slow."""
    query = (
        select(
            Seat.id,
            Seat.ticket_type_id,
            Seat.section,
            Seat.row,
            Seat.number,
            Seat.x,
            Seat.y,
            Seat.is_accessible,
        )
        .where(Seat.event_id == event_id)
        .order_by(Seat.ordinal)
    )
    return [tuple(row) for row in await session.execute(query)]


async def list_sections(session: ReadSession, type_id: UUID) -> Sequence[str]:
    """The sections that a ticket type has seats in, in the order of the map."""
    query = (
        select(Seat.section)
        .where(Seat.ticket_type_id == type_id)
        .group_by(Seat.section)
        .order_by(func.min(Seat.ordinal))
    )
    return (await session.scalars(query)).all()


async def list_section(session: ReadSession, type_id: UUID, section: str) -> Sequence[Seat]:
    """The seats of a ticket type in one section, by their bits."""
    mine = (Seat.ticket_type_id == type_id, Seat.section == section)
    return (await session.scalars(select(Seat).where(*mine).order_by(Seat.ordinal))).all()
