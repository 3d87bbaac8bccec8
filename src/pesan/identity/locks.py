"""The rows that identity locks: the guard of an e-mail address, then the user."""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from pesan.db import WriteSession
from pesan.identity.emails import fold_email
from pesan.identity.models import LogInGuard, Session, User
from pesan.identity.states import FORGET_ATTEMPTS_AFTER, SessionKind


@dataclass(frozen=True, slots=True)
class Guard:
    """The attempts on one e-mail address, as they are now that nobody else can count."""

    email_digest: bytes
    failed_count: int
    seconds_locked: float


async def lock_guard(session: WriteSession, email: str, *, on_known_browser: bool) -> Guard:
    """Make attempts on one address queue up, so that a hundred parallel guesses count as a hundred."""
    clock = func.clock_timestamp()
    digest = _digests(email)[on_known_browser]
    fresh = insert(LogInGuard).values(email_digest=digest, failed_count=0, failed_at=clock)
    row = await session.execute(
        fresh.on_conflict_do_update(
            index_elements=[LogInGuard.email_digest], set_={"email_digest": fresh.excluded.email_digest}
        ).returning(
            LogInGuard.failed_count,
            LogInGuard.failed_at < clock - FORGET_ATTEMPTS_AFTER,
            func.coalesce(func.extract("epoch", LogInGuard.locked_until - clock), 0),
        )
    )
    count, is_forgotten, seconds = row.one()
    return Guard(digest, 0 if is_forgotten else count, float(seconds))


async def drop_guards(session: WriteSession, user_id: UUID) -> None:
    """Let a person sign in again, whatever strangers tried; taken before the user, as log-in does."""
    email = await session.scalar(select(User.email).where(User.id == user_id))
    if email is not None:
        await session.execute(delete(LogInGuard).where(LogInGuard.email_digest.in_(_digests(email))))


async def lock_user(session: WriteSession, user_id: UUID) -> User | None:
    """The user, with nobody else changing their roles or writing their audit chain."""
    return await session.scalar(
        select(User)
        .where(User.id == user_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


async def lock_session(session: WriteSession, session_id: UUID) -> tuple[User, Session] | None:
    """A program's live session and its person; the person first, as everybody else locks them."""
    is_live = (
        Session.id == session_id,
        Session.kind == SessionKind.API,
        Session.revoked_at.is_(None),
        Session.expires_at > func.clock_timestamp(),
    )
    owner = await session.scalar(select(Session.user_id).where(*is_live))
    user = await lock_user(session, owner) if owner else None
    row = await session.scalar(select(Session).where(*is_live).with_for_update())
    return (user, row) if user and user.is_active and row else None


def _digests(email: str) -> tuple[bytes, bytes]:
    """The keys of the guards against strangers and for known browsers; no typed text makes the second."""
    strangers = sha256(fold_email(email).encode()).digest()
    return strangers, sha256(b"known:" + strangers).digest()
