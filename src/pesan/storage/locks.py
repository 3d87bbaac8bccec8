"""The only place that locks for storage: kept objects, which are taken to be moved and waited for by nobody."""

from dataclasses import dataclass

from sqlalchemy import text

from pesan.db import WriteSession

LEASE_SECONDS = 120
"""Longer than every call to the store that a move makes, so that nobody takes what somebody still hands over."""

_CLAIM = text(
    """
    UPDATE kept_objects SET attempts = attempts + 1,
        lease_until = clock_timestamp() + make_interval(secs => :lease)
    WHERE key = (
        SELECT key FROM kept_objects WHERE next_at <= statement_timestamp()
        AND (lease_until IS NULL OR lease_until <= statement_timestamp())
        ORDER BY next_at, key LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING key, content, mime, sha256, attempts, removed_at IS NOT NULL AS is_removed
    """
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A kept object that is the caller's to move for a while; `attempt` is what they know it by."""

    key: str
    content: bytes
    mime: str
    sha256: bytes
    attempt: int
    is_removed: bool


async def claim_next(session: WriteSession) -> Claimed | None:
    """Take the object that has waited longest since it was due, unless somebody has it; None when nothing is due."""
    row = (await session.execute(_CLAIM, {"lease": LEASE_SECONDS})).one_or_none()
    if row is None:
        return None
    return Claimed(row.key, bytes(row.content), row.mime, bytes(row.sha256), row.attempts, row.is_removed)
