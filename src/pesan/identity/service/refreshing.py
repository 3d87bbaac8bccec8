"""Keeping a program signed in: each refresh token is used once, and one that comes back ends the whole session."""

from uuid import UUID

from sqlalchemy import func

from pesan.audit.service import record
from pesan.db import Actor, Database, WriteSession
from pesan.identity.errors import RefreshOver
from pesan.identity.locks import lock_session
from pesan.identity.models import Session, User
from pesan.identity.queries import token_digest
from pesan.identity.service.sessions import NewSession, new_token
from pesan.identity.states import API_LIFE, API_LONGEST, SessionKind


async def refresh(database: Database, token: str, *, ip_digest: str | None = None) -> NewSession:
    """Exchange a refresh token for the next one.

    A token that was exchanged before is in two hands, and nobody can tell whose are the right ones: its session ends.
    Takes the database, because that end must stand although the request is refused. **Locks** the user, then the
    session. **Raises** RefreshOver.
    """
    session_id = _session_of(token)
    opened: NewSession | None = None
    async with database.identity() as session:
        found = await lock_session(session, session_id)
        if found and found[1].token_digest == token_digest(token):
            opened = await _rotate(session, found[1])
        elif found:
            await _end_family(session, *found, ip_digest=ip_digest)
    if opened is None:
        raise RefreshOver
    return opened


async def _rotate(session: WriteSession, row: Session) -> NewSession:
    token, clock = new_token(SessionKind.API, row.id), func.clock_timestamp()
    row.token_digest = token_digest(token)
    row.last_seen_at = clock
    row.expires_at = func.least(Session.created_at + API_LONGEST, clock + API_LIFE)
    await session.flush()
    return NewSession(token, row.id, row.user_id)


async def _end_family(session: WriteSession, user: User, row: Session, *, ip_digest: str | None) -> None:
    row.revoked_at = func.clock_timestamp()
    await session.flush()
    await record(
        session,
        user,
        action="user:session:reused",
        actor=Actor.guest(ip_digest=ip_digest),
        data={"session_id": str(row.id)},
    )


def _session_of(token: str) -> UUID:
    try:
        return UUID(hex=token.partition(".")[0])
    except ValueError as error:
        raise RefreshOver from error
