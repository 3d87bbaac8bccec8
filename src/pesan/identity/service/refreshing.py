"""Keeping a program signed in: each refresh token is used once, and one that comes back ends the whole session."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from pesan.audit.service import record
from pesan.db import Actor, Database, WriteSession
from pesan.identity.errors import RefreshOver
from pesan.identity.locks import lock_session
from pesan.identity.models import Session, User
from pesan.identity.queries import token_digest
from pesan.identity.service.sessions import NewSession, new_refresh_token
from pesan.identity.states import API_LIFE, API_LONGEST, REFRESH_OVERLAP


async def refresh(database: Database, token: str, *, ip_digest: str | None = None) -> NewSession:
    """Exchange a refresh token for the next one.

    A token of ours that was exchanged before is in two hands, and nobody can tell whose are the right ones: its session
    ends. Only the one exchanged last may come back within `REFRESH_OVERLAP`, to nobody's gain; what we never gave out
    is refused and changes nothing. Takes the database, because that end must stand although the request is refused.
    **Locks** the user, then the session. **Raises** RefreshOver.
    """
    given = _read(token)
    opened: NewSession | None = None
    async with database.identity() as session:
        found = await lock_session(session, given.session_id)
        if found and found[1].token_digest == token_digest(token):
            opened = await _rotate(session, found[1], given.family)
        elif (
            found
            and found[1].family_digest == token_digest(given.family)
            and not await _was_current(session, found[1], token)
        ):
            await _end_family(session, *found, ip_digest=ip_digest)
    if opened is None:
        raise RefreshOver
    return opened


async def _rotate(session: WriteSession, row: Session, family: str) -> NewSession:
    token, clock = new_refresh_token(row.id, family), func.clock_timestamp()
    row.previous_digest, row.token_digest = row.token_digest, token_digest(token)
    row.last_seen_at = row.rotated_at = clock
    row.expires_at = func.least(Session.created_at + API_LONGEST, clock + API_LIFE)
    await session.flush()
    return NewSession(token, row.id, row.user_id)


async def _was_current(session: WriteSession, row: Session, token: str) -> bool:
    """Whether the token is the one that was replaced last, a moment ago."""
    if row.previous_digest != token_digest(token):
        return False
    is_recent = Session.rotated_at > func.clock_timestamp() - REFRESH_OVERLAP
    return bool(await session.scalar(select(is_recent).where(Session.id == row.id)))


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


class _Given(NamedTuple):
    session_id: UUID
    family: str


def _read(token: str) -> _Given:
    try:
        session_id, family, _ = token.split(".")
        return _Given(UUID(hex=session_id), family)
    except ValueError as error:
        raise RefreshOver from error
