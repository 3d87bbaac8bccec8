"""Every read of those who take part in trips."""

from uuid import UUID

from sqlalchemy import select, tuple_

from pesan.db import ReadSession
from pesan.jastip.models import Participant
from pesan.kit.pagination import Page, decode_moment, encode_moment


async def list_participants(
    session: ReadSession, trip_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> Page[Participant]:
    """Those who take part in a trip, the first first; raises BadCursor."""
    query = select(Participant).where(Participant.event_id == trip_id)
    if cursor:
        query = query.where(tuple_(Participant.created_at, Participant.id) > tuple_(*decode_moment(cursor)))
    query = query.order_by(Participant.created_at, Participant.id).limit(limit + 1)
    rows = (await session.scalars(query)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], encode_moment(last.created_at, last.id) if last else None)
