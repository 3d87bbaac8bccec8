"""Signing in: the same work and the same words whether the e-mail is known or not."""

import math
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, update

from pesan.audit.service import record
from pesan.db import Actor, Database, WriteSession
from pesan.errors import PesanError
from pesan.identity.errors import LogInLocked, WrongCredentials
from pesan.identity.factors.queries import has_factor
from pesan.identity.known_browsers import KnownBrowser
from pesan.identity.locks import Guard, lock_guard, lock_user
from pesan.identity.models import LogInGuard
from pesan.identity.passwords import verify_password
from pesan.identity.queries import Credentials, find_credentials
from pesan.identity.service.sessions import NewSession, open_session
from pesan.identity.states import SessionKind, lock_after


async def log_in(
    database: Database,
    *,
    email: str,
    password: str,
    kind: SessionKind = SessionKind.BROWSER,
    browser: KnownBrowser | None = None,
    ip_digest: str | None = None,
    user_agent: str | None = None,
) -> NewSession:
    """Check a password and open a new session.

    Takes the database and not a session: a wrong attempt must stay counted although it is refused, and the hash
    is checked while no connection is held. The verdict counts only once the address's guard is locked, so guesses
    made at the same moment cannot slip past the limit. On a `browser` where this person signed in before, only wrong
    passwords from there count.

    **Locks** the guard of the e-mail address, then the user. **Raises** WrongCredentials, LogInLocked.
    """
    async with database.identity() as session:
        known = await find_credentials(session, email)
    fits, upgraded = await verify_password(password, known.password_hash if known else None)
    accepted = bool(known and fits and known.is_active)
    opened: NewSession | None = None
    async with database.identity() as session:
        is_theirs = bool(known and browser and browser.is_of(known))
        guard = await lock_guard(session, email, on_known_browser=is_theirs)
        refusal = await _settle(session, guard, known, accepted=accepted, ip_digest=ip_digest)
        if known and accepted and not refusal:
            opened = await _open(
                session, known, upgraded, kind=kind, ip_digest=ip_digest, user_agent=user_agent
            )
    if opened:
        return opened
    raise refusal or WrongCredentials()


async def _settle(
    session: WriteSession, guard: Guard, known: Credentials | None, *, accepted: bool, ip_digest: str | None
) -> PesanError | None:
    if guard.seconds_locked > 0:
        return _locked(guard.seconds_locked)
    if accepted:
        await session.execute(delete(LogInGuard).where(LogInGuard.email_digest == guard.email_digest))
        return None
    count = guard.failed_count + 1
    lock = lock_after(count)
    await _count_failure(session, guard.email_digest, count, lock)
    if lock and known:
        await _note_lock(session, known.user_id, count, ip_digest)
    return _locked(lock / timedelta(seconds=1)) if lock else WrongCredentials()


async def _count_failure(session: WriteSession, digest: bytes, count: int, lock: timedelta | None) -> None:
    clock = func.clock_timestamp()
    await session.execute(
        update(LogInGuard)
        .where(LogInGuard.email_digest == digest)
        .values(failed_count=count, failed_at=clock, locked_until=clock + lock if lock else None)
    )


async def _note_lock(session: WriteSession, user_id: UUID, count: int, ip_digest: str | None) -> None:
    user = await lock_user(session, user_id)
    if user:
        actor = Actor.guest(ip_digest=ip_digest)
        await record(session, user, action="user:session:locked", actor=actor, data={"attempts": count})


async def _open(
    session: WriteSession,
    known: Credentials,
    upgraded: str | None,
    *,
    kind: SessionKind,
    ip_digest: str | None,
    user_agent: str | None,
) -> NewSession | None:
    user = await lock_user(session, known.user_id)
    # The password may have been changed, or the person disabled, while the hash was being checked.
    if user is None or not user.is_active or user.password_hash != known.password_hash:
        return None
    if upgraded:
        user.password_hash = upgraded
    # A right password alone opens nothing for whoever has a second factor.
    kind = SessionKind.WAITING if await has_factor(session, user.id) else kind
    opened = open_session(session, user.id, kind=kind, ip_digest=ip_digest, user_agent=user_agent)
    actor = Actor.staff(user.id, frozenset(), ip_digest=ip_digest)
    await record(
        session,
        user,
        action="user:session:waiting" if opened.is_waiting else "user:session:opened",
        actor=actor,
        data={"session_id": str(opened.session_id)},
    )
    return opened


def _locked(seconds: float) -> LogInLocked:
    return LogInLocked(retry_after=math.ceil(seconds), minutes=math.ceil(seconds / 60))
