"""What people who look after the chats do by hand: stop a line, try a message again, let one go; each is kept."""

from uuid import UUID

from sqlalchemy import text

from pesan.audit import record
from pesan.audit.entries import Values
from pesan.chats import lines
from pesan.chats.locks import lock_line
from pesan.chats.states import CANCELLED_BY_HAND, Line
from pesan.db import Actor, WriteSession

# All its tries again, and the form that its recipient's window asks for by then.
_RETRY = text(
    "UPDATE chat_messages SET state = 'queued', attempts = 0, away_tries = 0, due_at = clock_timestamp(),"
    " error_code = NULL, failed_at = NULL, resent_at = NULL, as_template = NULL"
    " WHERE id = :id AND state = 'failed' AND (to_wa IS NOT NULL OR to_user_id IS NOT NULL) RETURNING line"
)
_CANCEL_WAITING = text(
    "UPDATE chat_messages SET state = 'cancelled', error_code = :code WHERE line = :line AND state = 'queued'"
    " RETURNING id"
)
_CANCEL = text(
    "UPDATE chat_messages SET state = 'cancelled', error_code = :code WHERE id = :id AND state = 'queued'"
    " RETURNING line"
)


async def cancel_waiting(session: WriteSession, line: Line, *, actor: Actor) -> int:
    """Let everything that waits in a line go unsaid; how many messages that were. **Locks** them, then the line."""
    asked = {"line": line.value, "code": CANCELLED_BY_HAND}
    count = len((await session.scalars(_CANCEL_WAITING, asked)).all())
    if count:
        await _note(session, line.value, "chat_line:messages:cancelled", actor, data={"count": count})
    return count


async def pause_line(session: WriteSession, line: Line | None, *, actor: Actor, reason: str) -> bool:
    """Have a line wait, or all of them (None); False when it does already. What is handed over now still leaves."""
    name = line or lines.ALL_LINES
    is_new = await lines.pause(session, name, reason=reason, by=actor.user_id)
    if is_new:
        await _note(session, name, "chat_line:line:paused", actor, reason=reason)
    return is_new


async def resume_line(session: WriteSession, line: Line | None, *, actor: Actor) -> bool:
    """Let a line go on, or what stopped all of them; False when it does not wait."""
    name = line or lines.ALL_LINES
    did_wait = await lines.resume(session, name, by=actor.user_id)
    if did_wait:
        await _note(session, name, "chat_line:line:resumed", actor)
    return did_wait


async def retry_message(session: WriteSession, message_id: UUID, *, actor: Actor) -> bool:
    """Give a failed message all its tries again; False when it did not fail, or is not the actor's to see.

    False as well when its recipient is erased.
    """
    line = await session.scalar(_RETRY, {"id": message_id})
    if line is not None:
        await _note(session, line, "chat_line:message:retried", actor, data={"message_id": str(message_id)})
    return line is not None


async def cancel_message(session: WriteSession, message_id: UUID, *, actor: Actor) -> bool:
    """Let a message that waits go unsaid; False when it does not wait (any more), or is not the actor's to see."""
    line = await session.scalar(_CANCEL, {"id": message_id, "code": CANCELLED_BY_HAND})
    if line is not None:
        await _note(session, line, "chat_line:message:cancelled", actor, data={"message_id": str(message_id)})
    return line is not None


async def _note(
    session: WriteSession,
    name: str,
    action: str,
    actor: Actor,
    *,
    reason: str | None = None,
    data: Values | None = None,
) -> None:
    line = await lock_line(session, name)
    await record(session, line, action=action, actor=actor, reason=reason, data=data)
    await session.flush()
