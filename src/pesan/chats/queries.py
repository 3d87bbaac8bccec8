"""Reads of what is said in chats: messages by their ids, and for whoever looks after them what waits and what failed.

The latter show neither whom a message is for nor what it says.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text

from pesan.chats.models import ChatMessage
from pesan.chats.states import PRIORITIES, Line
from pesan.chats.verdicts import AWAY_ERRORS
from pesan.db import ReadSession


@dataclass(frozen=True, slots=True)
class LineLevel:
    """One line right now; `oldest_seconds` is how long the message waits that has been due the longest.

    `failed` and `unknown` are those of the last day, `left` those that WhatsApp took within the last minute.
    """

    line: Line
    waiting: int
    scheduled: int
    sending: int
    unknown: int
    failed: int
    left: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Pause:
    """A line that waits, or all of them (`line` is None); without `paused_by` WhatsApp itself stopped the number."""

    line: Line | None
    paused_at: datetime
    paused_by: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class FailedMessage:
    """A message that failed and is kept, for somebody to look at."""

    id: UUID
    line: Line
    merchant_id: UUID | None
    event_id: UUID | None
    attempts: int
    error_code: str
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class FailureCount:
    """How many messages of a line failed for one reason within the last day."""

    line: Line
    error_code: str
    count: int


# One part for each partial index, so that what left long ago is never read.
_LEVELS = text(
    """
    SELECT line, count(*) FILTER (WHERE kind = 'waiting') AS waiting,
        count(*) FILTER (WHERE kind = 'scheduled') AS scheduled,
        count(*) FILTER (WHERE kind = 'sending') AS sending, count(*) FILTER (WHERE kind = 'unknown') AS unknown,
        count(*) FILTER (WHERE kind = 'failed') AS failed, count(*) FILTER (WHERE kind = 'left') AS left,
        coalesce(extract(epoch FROM clock_timestamp() - min(at) FILTER (WHERE kind = 'waiting')), 0)::float
            AS oldest_seconds
    FROM (
        -- While WhatsApp is away a message's next try is later and later, and how long it has waited is not.
        SELECT line, CASE WHEN error_code = ANY (:away) THEN created_at ELSE due_at END AS at,
            CASE WHEN due_at <= clock_timestamp() OR error_code = ANY (:away) THEN 'waiting' ELSE 'scheduled' END
                AS kind
        FROM chat_messages WHERE state = 'queued'
        UNION ALL SELECT line, NULL, 'sending' FROM chat_messages WHERE state = 'sending'
        UNION ALL SELECT line, NULL, 'unknown' FROM chat_messages
        WHERE state = 'unknown' AND due_at > clock_timestamp() - interval '1 day'
        UNION ALL SELECT line, NULL, 'failed' FROM chat_messages
        WHERE state = 'failed' AND failed_at > clock_timestamp() - interval '1 day'
        UNION ALL SELECT line, NULL, 'left' FROM chat_messages
        WHERE accepted_at > clock_timestamp() - interval '1 minute'
    ) AS found GROUP BY line
    """
)
_PAUSES = text(
    "SELECT name, paused_at, paused_by, coalesce(reason, '') AS reason FROM chat_lines"
    " WHERE paused_at IS NOT NULL ORDER BY name"
)
_FAILED = text(
    "SELECT id, line, merchant_id, event_id, attempts, coalesce(error_code, '') AS error_code, failed_at"
    " FROM chat_messages WHERE state = 'failed' AND (CAST(:before AS uuid) IS NULL OR (failed_at, id)"
    " < (SELECT failed_at, id FROM chat_messages WHERE id = CAST(:before AS uuid)))"
    " ORDER BY failed_at DESC, id DESC LIMIT :size"
)
_REASONS = text(
    "SELECT line, coalesce(error_code, '') AS error_code, count(*) AS count FROM chat_messages"
    " WHERE state = 'failed' AND failed_at > clock_timestamp() - interval '1 day'"
    " GROUP BY 1, 2 ORDER BY count DESC, 1, 2 LIMIT :most"
)


async def list_line_levels(session: ReadSession) -> Sequence[LineLevel]:
    """Every line, also an empty one, in the order in which they leave."""
    rows = {row["line"]: row for row in (await session.execute(_LEVELS, {"away": AWAY_ERRORS})).mappings()}
    return [
        LineLevel(**{**rows[line], "line": line}) if line in rows else LineLevel(line, 0, 0, 0, 0, 0, 0, 0.0)
        for line in PRIORITIES
    ]


async def list_pauses(session: ReadSession) -> Sequence[Pause]:
    """Which lines wait, since when, because of whom and why; the pause of all lines first."""
    rows = await session.execute(_PAUSES)
    return [
        Pause(Line(row.name) if row.name else None, row.paused_at, row.paused_by, row.reason) for row in rows
    ]


async def list_failed(
    session: ReadSession, *, before: UUID | None = None, size: int = 50
) -> Sequence[FailedMessage]:
    """Failed messages, the newest first; the next page is `before` the last id."""
    rows = (await session.execute(_FAILED, {"before": before, "size": size})).mappings()
    return [FailedMessage(**{**row, "line": Line(row["line"])}) for row in rows]


async def list_failure_counts(session: ReadSession, *, most: int = 50) -> Sequence[FailureCount]:
    """Why messages failed within the last day, the most frequent reasons first."""
    rows = (await session.execute(_REASONS, {"most": most})).mappings()
    return [FailureCount(**{**row, "line": Line(row["line"])}) for row in rows]


async def map_messages(session: ReadSession, message_ids: Collection[UUID]) -> Mapping[UUID, ChatMessage]:
    """The messages of these ids that the session's actor may see, by their id."""
    if not message_ids:
        return {}
    found = await session.scalars(select(ChatMessage).where(ChatMessage.id.in_(message_ids)))
    return {message.id: message for message in found}
