"""Sessions: opened by a right password, ended by the person, by a new password, or by a change of roles."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, update

from pesan.audit.service import record
from pesan.db import Actor, WriteSession
from pesan.identity.errors import UnknownSession
from pesan.identity.locks import lock_user
from pesan.identity.models import Session
from pesan.identity.queries import token_digest
from pesan.identity.states import SESSION_LIFE, STEP_LIFE, TOUCH_AFTER, SessionKind
from pesan.kit.ids import new_id

_TOKEN_BYTES = 32
_FAMILY_BYTES = 16
_USER_AGENT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that was just opened; the token exists here and in the browser's cookie only."""

    token: str
    session_id: UUID
    user_id: UUID
    is_waiting: bool = False


def open_session(
    session: WriteSession,
    user_id: UUID,
    *,
    kind: SessionKind = SessionKind.BROWSER,
    is_strong: bool = False,
    ip_digest: str | None,
    user_agent: str | None,
) -> NewSession:
    """Open a session under a token nobody has seen before: one set in advance by somebody else is never taken up."""
    session_id, is_waiting = new_id(), kind is SessionKind.WAITING
    family = secrets.token_urlsafe(_FAMILY_BYTES) if kind is SessionKind.API else None
    token = new_refresh_token(session_id, family) if family else secrets.token_urlsafe(_TOKEN_BYTES)
    row = Session(
        id=session_id,
        kind=kind,
        is_strong=is_strong,
        token_digest=token_digest(token),
        family_digest=token_digest(family) if family else None,
        user_id=user_id,
        expires_at=func.clock_timestamp() + (STEP_LIFE if is_waiting else SESSION_LIFE),
        ip_digest=ip_digest,
        user_agent=(user_agent or "")[:_USER_AGENT_LIMIT] or None,
    )
    session.add(row)
    return NewSession(token, session_id, user_id, is_waiting)


async def end_session(session: WriteSession, *, user_id: UUID, session_id: UUID, actor: Actor) -> None:
    """End one session of a person on the server, whatever its cookie does.

    **Locks** the user. **Raises** UnknownSession when it is somebody else's, or over.
    """
    user = await lock_user(session, user_id)
    mine = (Session.id == session_id, Session.user_id == user_id, Session.revoked_at.is_(None))
    ending = update(Session).where(*mine).values(revoked_at=func.clock_timestamp()).returning(Session.id)
    if user is None or await session.scalar(ending) is None:
        raise UnknownSession
    await record(
        session, user, action="user:session:closed", actor=actor, data={"session_id": str(session_id)}
    )


async def log_out_everywhere(session: WriteSession, *, user_id: UUID, actor: Actor) -> None:
    """End every session of a person, this one too. **Locks** the user."""
    user = await lock_user(session, user_id)
    if user is not None:
        await revoke_sessions(session, user_id)
        await record(session, user, action="user:sessions:closed", actor=actor)


async def revoke_sessions(session: WriteSession, user_id: UUID, *, keep: UUID | None = None) -> None:
    """End every session of a user, except the one to `keep`."""
    ending = update(Session).where(Session.user_id == user_id, Session.revoked_at.is_(None))
    if keep:
        ending = ending.where(Session.id != keep)
    await session.execute(ending.values(revoked_at=func.clock_timestamp()))


async def touch(session: WriteSession, session_id: UUID) -> None:
    """Note that the session is in use; writes at most once per `TOUCH_AFTER`, whoever else is noting it."""
    clock = func.clock_timestamp()
    await session.execute(
        update(Session)
        .where(Session.id == session_id, Session.last_seen_at < clock - TOUCH_AFTER)
        .values(last_seen_at=clock)
    )


def new_refresh_token(session_id: UUID, family: str) -> str:
    """A token nobody has seen before, which keeps a program's session alive once.

    It names its session and its family, so that one that was used before is recognised as such, and a made-up one too:
    the session's id stands in every access token, the family in refresh tokens only.
    """
    return f"{session_id.hex}.{family}.{secrets.token_urlsafe(_TOKEN_BYTES)}"
