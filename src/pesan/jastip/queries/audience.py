"""Who of a trip would hear something, and whose window is open."""

from uuid import UUID

from sqlalchemy import text

from pesan.chats.prices import Audience
from pesan.db import ReadSession

_COUNT = text("SELECT open_count, closed_count FROM trip_audience(:trip_id, :is_marketing)")


async def count_audience(session: ReadSession, trip_id: UUID, *, is_marketing: bool) -> Audience:
    """Whoever joined and has not stopped, by whether they wrote within a day; nobody for who does not run the trip."""
    asked = {"trip_id": trip_id, "is_marketing": is_marketing}
    return Audience(*(await session.execute(_COUNT, asked)).one())
