"""What tests of an outlet's feed say and read."""

from uuid import UUID

from sqlalchemy import select

from pesan.booths.feed import FeedEvent
from pesan.booths.kinds import FeedKind
from pesan.booths.models.feeds import BoothEvent
from pesan.catalog.models import Event
from pesan.db import Database
from tests.support.factories import SYSTEM


def happening(outlet: Event, what: object = "", kind: FeedKind = FeedKind.SESSION_CHANGED) -> FeedEvent:
    """Something to tell, recognized by `what`."""
    return FeedEvent(outlet.id, outlet.merchant_id, kind, {"what": what})


async def told(database: Database, event_id: UUID, after: int = 0) -> list[tuple[int, object]]:
    """The numbers after `after` and what was said under each."""
    query = select(BoothEvent.seq, BoothEvent.payload).order_by(BoothEvent.seq)
    async with database.read(SYSTEM) as session:
        rows = await session.execute(query.where(BoothEvent.event_id == event_id, BoothEvent.seq > after))
        return [(seq, payload["what"]) for seq, payload in rows]
