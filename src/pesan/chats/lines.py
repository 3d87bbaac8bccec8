"""Whether lines of messages wait: because somebody stopped them, or WhatsApp stopped the number."""

from uuid import UUID

from sqlalchemy import text

from pesan.db import WriteSession

ALL_LINES = ""
"""The name that stops every line."""
_LONGEST_REASON = 60
# Who stopped it first, and why, stays until somebody lets it go on.
_PAUSE = text(
    "INSERT INTO chat_lines (name, paused_at, paused_by, reason) VALUES (:name, clock_timestamp(), :by, :reason)"
    " ON CONFLICT (name) DO UPDATE SET paused_at = excluded.paused_at, paused_by = excluded.paused_by,"
    " reason = excluded.reason WHERE chat_lines.paused_at IS NULL RETURNING name"
)
_RESUME = text(
    "UPDATE chat_lines SET paused_at = NULL, paused_by = :by, reason = NULL"
    " WHERE name = :name AND paused_at IS NOT NULL RETURNING name"
)


async def pause(session: WriteSession, name: str, *, reason: str, by: UUID | None = None) -> bool:
    """Have a line wait, or all of them (`''`); False when it does already. What is being handed over still leaves."""
    asked = {"name": name, "by": by, "reason": reason[:_LONGEST_REASON]}
    return (await session.scalar(_PAUSE, asked)) is not None


async def pause_all(session: WriteSession, reason: str) -> bool:
    """WhatsApp lets the number send nothing until somebody looks."""
    return await pause(session, ALL_LINES, reason=reason)


async def resume(session: WriteSession, name: str, *, by: UUID | None = None) -> bool:
    """Let a line go on, or all of them; False when it does not wait. A line of its own pause still waits for that."""
    return (await session.scalar(_RESUME, {"name": name, "by": by})) is not None
