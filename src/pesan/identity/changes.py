"""What protects an account changed: that is on record, and its owner hears of it, whoever did it."""

from collections.abc import Mapping

from pesan.audit.service import record
from pesan.db import Actor, WriteSession
from pesan.identity.models import User
from pesan.identity.states import SECURITY_LETTER_TASK
from pesan.jobs import enqueue
from pesan.kit.ids import new_id

PASSWORD_CHANGED = "user:password:changed"  # noqa: S105  no password
PASSWORD_RESET = "user:password:reset"  # noqa: S105  no password
FACTOR_ADDED = "user:factor:added"
FACTOR_REMOVED = "user:factor:removed"
FACTORS_CLEARED = "user:factors:cleared"
PASSKEY_ADDED = "user:passkey:added"
PASSKEY_REMOVED = "user:passkey:removed"
PROVIDER_JOINED = "user:provider:joined"
PROVIDER_LEFT = "user:provider:left"


async def note_change(
    session: WriteSession, user: User, change: str, *, actor: Actor, data: Mapping[str, str] | None = None
) -> None:
    """Write a change of the locked user's down. **Enqueues** the letter about it."""
    await record(session, user, action=change, actor=actor, data=data)
    await enqueue(session, SECURITY_LETTER_TASK, user_id=user.id, change=change, letter_id=new_id())
