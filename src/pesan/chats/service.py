"""What people who look after the chats do by hand: stop a line, try a message again, let one go."""

from uuid import UUID

from sqlalchemy import text

from pesan.chats import lines
from pesan.chats.states import CANCELLED_BY_HAND, Line
from pesan.db import WriteSession

# All its tries again, and the form that its recipient's window asks for by then.
_RETRY = text(
    "UPDATE chat_messages SET state = 'queued', attempts = 0, due_at = clock_timestamp(), error_code = NULL,"
    " failed_at = NULL, resent_at = NULL, as_template = NULL WHERE id = :id AND state = 'failed' RETURNING id"
)
_CANCEL_WAITING = text(
    "UPDATE chat_messages SET state = 'cancelled', error_code = :code WHERE line = :line AND state = 'queued'"
    " RETURNING id"
)
_CANCEL = text(
    "UPDATE chat_messages SET state = 'cancelled', error_code = :code WHERE id = :id AND state = 'queued'"
    " RETURNING id"
)


async def cancel_waiting(session: WriteSession, line: Line) -> int:
    """Let everything that waits in a line go unsaid; how many messages that were."""
    asked = {"line": line.value, "code": CANCELLED_BY_HAND}
    return len((await session.scalars(_CANCEL_WAITING, asked)).all())


async def pause_line(session: WriteSession, line: Line | None, *, by: UUID, reason: str) -> bool:
    """Have a line wait, or all of them (None); False when it does already. What is handed over now still leaves."""
    return await lines.pause(session, line or lines.ALL_LINES, reason=reason, by=by)


async def resume_line(session: WriteSession, line: Line | None, *, by: UUID) -> bool:
    """Let a line go on, or what stopped all of them; False when it does not wait."""
    return await lines.resume(session, line or lines.ALL_LINES, by=by)


async def retry_message(session: WriteSession, message_id: UUID) -> bool:
    """Give a failed message all its tries again; False when it did not fail, or is not the actor's to see."""
    return (await session.scalar(_RETRY, {"id": message_id})) is not None


async def cancel_message(session: WriteSession, message_id: UUID) -> bool:
    """Let a message that waits go unsaid; False when it does not wait (any more), or is not the actor's to see."""
    asked = {"id": message_id, "code": CANCELLED_BY_HAND}
    return (await session.scalar(_CANCEL, asked)) is not None
