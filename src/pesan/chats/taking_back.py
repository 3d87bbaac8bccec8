"""Messages of which nobody heard: their process died, or their answer was lost (protocols §6.6).

No key makes WhatsApp take a message once. So advertising is rather lost than sent twice, and what somebody waits for is
sent once more, when no status with its id came in the meantime.
"""

from sqlalchemy import text

from pesan.chats.states import UNHEARD, UNKNOWN_SECONDS
from pesan.db import WriteSession

_CHUNK = 500
_LOST = text(
    """
    UPDATE chat_messages SET state = 'unknown', lease_until = NULL, error_code = :code,
        due_at = clock_timestamp() + make_interval(secs => :seconds)
    WHERE id IN (
        SELECT id FROM chat_messages WHERE state = 'sending' AND lease_until < clock_timestamp()
        LIMIT :chunk FOR UPDATE SKIP LOCKED
    ) RETURNING id
    """
)
_AGAIN = text(
    """
    UPDATE chat_messages SET state = 'queued', as_template = NULL, resent_at = clock_timestamp()
    WHERE id IN (
        SELECT id FROM chat_messages WHERE state = 'unknown' AND resent_at IS NULL AND category <> 'marketing'
        AND due_at <= clock_timestamp() AND (to_wa IS NOT NULL OR to_user_id IS NOT NULL)
        LIMIT :chunk FOR UPDATE SKIP LOCKED
    ) RETURNING id
    """
)


async def take_back(session: WriteSession) -> int:
    """Take messages from processes that died with them; how many. **Locks** them, skipping those in use."""
    asked = {"code": UNHEARD, "seconds": UNKNOWN_SECONDS, "chunk": _CHUNK}
    return len((await session.execute(_LOST, asked)).all())


async def queue_again(session: WriteSession) -> int:
    """Queue once more what nobody heard of for two minutes and may be sent twice; how many.

    What was for somebody who is erased stays unknown.
    """
    return len((await session.execute(_AGAIN, {"chunk": _CHUNK})).all())
