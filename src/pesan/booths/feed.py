"""An outlet's feed: what happened there, written in the transaction in which it happened."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Interval, bindparam, select, text

from pesan.booths.kinds import FeedKind
from pesan.booths.models.feeds import BoothEvent, BoothFeed
from pesan.db import ReadSession, WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset

KEPT = timedelta(days=7)
"""How long an event can be heard again; whoever was away for longer reads everything anew."""
PURGE_CHUNK = 5_000

_COLUMNS = {
    "event_id": "uuid",
    "merchant_id": "uuid",
    "place": "bigint",
    "kind": "text",
    "session_id": "uuid",
    "booth_id": "uuid",
    "payload": "jsonb",
}
# The time is taken when the feeds' rows are locked already, so that it follows the numbers.
_TELL = text(
    "WITH given AS (SELECT *, max(place) OVER (PARTITION BY event_id) AS total"  # noqa: S608
    f" FROM {recordset(_COLUMNS)}), feed AS (INSERT INTO booth_feeds AS f (event_id, merchant_id, seq)"
    " SELECT event_id, merchant_id, total FROM given WHERE place = 1 ORDER BY event_id"
    " ON CONFLICT (event_id) DO UPDATE SET seq = f.seq + excluded.seq RETURNING f.event_id, f.seq)"
    " INSERT INTO booth_events (event_id, seq, merchant_id, kind, session_id, booth_id, payload, at)"
    " SELECT g.event_id, feed.seq - g.total + g.place, g.merchant_id, g.kind, g.session_id, g.booth_id, g.payload,"
    " clock_timestamp() FROM given g JOIN feed USING (event_id)"
)
_PURGE = text(
    "DELETE FROM booth_events WHERE (event_id, seq) IN (SELECT event_id, seq FROM booth_events"
    " WHERE at < clock_timestamp() - CAST(:kept AS interval) ORDER BY at LIMIT :chunk)"
).bindparams(bindparam("kept", type_=Interval()))


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """Something to tell everybody who looks at an outlet; `payload` holds nothing that they may not all read."""

    event_id: UUID
    merchant_id: UUID
    kind: FeedKind
    payload: Mapping[str, Any]
    session_id: UUID | None = None
    booth_id: UUID | None = None


async def tell_many(executor: Executor, events: Sequence[FeedEvent]) -> None:
    """Write `events` into their outlets' feeds, in this order, by one statement.

    After the commit, hint at `topics.topic_of` each outlet. **Locks** the feeds by event id: call it when the
    transaction wants no other lock any more. Their rows stay locked until it ends, so whoever reads number n has seen
    or can see every number below it.
    """
    if events:
        await executor.execute(_TELL, pack(_rows(events)))


async def get_seq(session: ReadSession, event_id: UUID) -> int:
    """The number of the last event that the outlet's feed told; 0 when it told none yet."""
    return await session.scalar(select(BoothFeed.seq).where(BoothFeed.event_id == event_id)) or 0


async def list_after(session: ReadSession, event_id: UUID, after: int, *, limit: int) -> Sequence[BoothEvent]:
    """What the outlet's feed told after number `after`, in order."""
    query = select(BoothEvent).where(BoothEvent.event_id == event_id, BoothEvent.seq > after)
    return (await session.scalars(query.order_by(BoothEvent.seq).limit(limit))).all()


async def purge(session: WriteSession, *, chunk: int = PURGE_CHUNK) -> int:
    """Forget at most one chunk of what was told longer ago than KEPT, the oldest first; returns how many."""
    result = await session.execute(_PURGE, {"kept": KEPT, "chunk": chunk})
    return result.rowcount if isinstance(result, CursorResult) else 0


def _rows(events: Sequence[FeedEvent]) -> Iterator[Mapping[str, Any]]:
    places: Counter[UUID] = Counter()
    for event in events:
        places[event.event_id] += 1
        yield {
            "event_id": event.event_id,
            "merchant_id": event.merchant_id,
            "place": places[event.event_id],
            "kind": event.kind.value,
            "session_id": event.session_id,
            "booth_id": event.booth_id,
            "payload": event.payload,
        }
