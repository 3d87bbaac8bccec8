"""Who of a trip would hear something, and whose window is open."""

from uuid import UUID

from sqlalchemy import text

from pesan.chats.prices import Audience
from pesan.db import ReadSession
from pesan.jastip.states import Audience as Whom

_COUNT = text(
    "SELECT open_count, closed_count, stopped_count FROM trip_audience(:trip_id, :is_marketing, :whom)"
)


async def count_audience(
    session: ReadSession, trip_id: UUID, *, is_marketing: bool, whom: Whom = Whom.ALL
) -> Audience:
    """Who of those that a broadcast would be for now is told and has not stopped, by whether they wrote within a day.

    Nobody for who does not run the trip.
    """
    asked = {"trip_id": trip_id, "is_marketing": is_marketing, "whom": whom.value}
    return Audience(*(await session.execute(_COUNT, asked)).one())
