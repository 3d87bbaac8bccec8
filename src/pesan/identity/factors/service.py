"""Turning a second factor on and off, and passing it when signing in."""

import math
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, update

from pesan.audit.service import record
from pesan.db import Actor, Database, WriteSession
from pesan.errors import PesanError
from pesan.identity.errors import FactorLocked, FactorOn, NoFactor, StepOver, WrongCode
from pesan.identity.factors.codes import CodeSecrets, find_step, new_recovery_codes, recovery_digest
from pesan.identity.factors.locks import Tried, lock_generator
from pesan.identity.factors.models import CodeGenerator, RecoveryCode
from pesan.identity.locks import lock_user
from pesan.identity.models import User
from pesan.identity.policies import SignedIn
from pesan.identity.queries import find_waiting
from pesan.identity.service.sessions import NewSession, end_session, open_session, revoke_sessions
from pesan.identity.states import SessionKind, lock_after


@dataclass(frozen=True, slots=True)
class TurnedOn:
    """A second factor that works from now on, the codes to write down, and the session under its new token."""

    recovery_codes: list[str]
    opened: NewSession


async def start_generator(session: WriteSession, person: SignedIn, secrets: CodeSecrets) -> str:
    """Make a secret for an app, which does nothing until a code of it was typed; the secret.

    **Locks** the user. **Raises** FactorOn.
    """
    await lock_user(session, person.user_id)
    row = await session.get(CodeGenerator, person.user_id)
    if row is not None and row.confirmed_at is not None:
        raise FactorOn
    known = secrets.find(row.secret_sealed, person.user_id) if row else None
    if known is not None:
        return known
    secret = secrets.new()
    sealed = secrets.seal(secret, person.user_id)
    if row is None:
        session.add(CodeGenerator(user_id=person.user_id, secret_sealed=sealed))
    else:
        row.secret_sealed = sealed
    return secret


async def confirm_generator(
    database: Database,
    person: SignedIn,
    secrets: CodeSecrets,
    *,
    code: str,
    ip_digest: str | None,
    user_agent: str | None,
) -> TurnedOn:
    """Turn the app on by a code of it, give out recovery codes, and go on under a new token.

    Every other session of the person ends: they were opened with a password alone. **Locks** the user, the generator.
    **Raises** NoFactor, FactorOn, WrongCode, FactorLocked.
    """
    turned_on: TurnedOn | None = None
    async with database.identity() as session:
        user, tried = await _lock(session, person.user_id)
        if tried.row.confirmed_at is not None:
            raise FactorOn
        step = find_step(
            secrets.find(tried.row.secret_sealed, user.id), code, tried.now, after=tried.row.last_step
        )
        refusal = await _settle(session, user, tried, fits=step is not None)
        if refusal is None and step is not None:
            tried.row.last_step, tried.row.confirmed_at = step, func.clock_timestamp()
            await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
            codes = await _give_codes(session, user.id)
            opened = await _reopen(session, person, ip_digest=ip_digest, user_agent=user_agent)
            turned_on = TurnedOn(codes, opened)
            await record(session, user, action="user:factor:added", actor=person.to_actor())
    if turned_on is None:
        raise refusal or WrongCode()
    return turned_on


async def remove_generator(database: Database, person: SignedIn, secrets: CodeSecrets, *, code: str) -> None:
    """Turn the second factor off, by a code of it. **Locks** the user, the generator.

    **Raises** NoFactor, WrongCode, FactorLocked.
    """
    async with database.identity() as session:
        user, tried = await _lock(session, person.user_id)
        refusal = await _try(session, user, tried, secrets, code)
        if refusal is None:
            await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
            await session.delete(tried.row)
            await record(session, user, action="user:factor:removed", actor=person.to_actor())
    if refusal:
        raise refusal


async def pass_second_step(
    database: Database,
    secrets: CodeSecrets,
    *,
    token: str,
    code: str,
    kind: SessionKind = SessionKind.BROWSER,
    ip_digest: str | None = None,
    user_agent: str | None = None,
) -> NewSession:
    """Finish a log-in that waits for its second factor; the session gets a token of its own.

    Takes the database, because a wrong try must stay counted although it is refused. **Locks** the user, the
    generator. **Raises** StepOver, WrongCode, FactorLocked.
    """
    opened: NewSession | None = None
    async with database.identity() as session:
        waiting = await find_waiting(session, token)
        if waiting is None:
            raise StepOver
        user, tried = await _lock(session, waiting.user_id)
        refusal = await _try(session, user, tried, secrets, code)
        if refusal is None:
            actor = Actor.user(user.id, ip_digest=ip_digest)
            await end_session(session, user_id=user.id, session_id=waiting.session_id, actor=actor)
            opened = open_session(
                session, user.id, kind=kind, is_strong=True, ip_digest=ip_digest, user_agent=user_agent
            )
            await record(
                session,
                user,
                action="user:session:opened",
                actor=actor,
                data={"session_id": str(opened.session_id), "second_factor": True},
            )
    if opened is None:
        raise refusal or WrongCode()
    return opened


async def _lock(session: WriteSession, user_id: UUID) -> tuple[User, Tried]:
    user = await lock_user(session, user_id)
    tried = await lock_generator(session, user_id)
    if user is None or tried is None:
        raise NoFactor
    return user, tried


async def _try(
    session: WriteSession, user: User, tried: Tried, secrets: CodeSecrets, code: str
) -> PesanError | None:
    """Judge a code of the app or a recovery code, and use it up."""
    if tried.row.confirmed_at is None:
        return NoFactor()
    step = find_step(
        secrets.find(tried.row.secret_sealed, user.id), code, tried.now, after=tried.row.last_step
    )
    spent = None if step is not None or tried.seconds_locked > 0 else await _spend(session, user.id, code)
    refusal = await _settle(session, user, tried, fits=step is not None or spent is not None)
    if refusal is None and step is not None:
        tried.row.last_step = step
    if refusal is None and spent is not None:
        await record(session, user, action="user:recovery_code:used", actor=Actor.user(user.id))
    return refusal


async def _spend(session: WriteSession, user_id: UUID, code: str) -> UUID | None:
    """Use a recovery code up; None when there is none like it that is unused."""
    return await session.scalar(
        update(RecoveryCode)
        .where(RecoveryCode.code_digest == recovery_digest(user_id, code))
        .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        .values(used_at=func.clock_timestamp())
        .returning(RecoveryCode.id)
    )


async def _settle(session: WriteSession, user: User, tried: Tried, *, fits: bool) -> PesanError | None:
    """Count a try. While the factor is locked, a right code is refused like a wrong one."""
    if tried.seconds_locked > 0:
        return _locked(tried.seconds_locked)
    if fits:
        tried.row.failed_count, tried.row.locked_until = 0, None
        return None
    tried.row.failed_count += 1
    lock = lock_after(tried.row.failed_count)
    if lock is None:
        return WrongCode()
    tried.row.locked_until = func.clock_timestamp() + lock
    await session.flush()
    await record(session, user, action="user:factor:locked", actor=Actor.user(user.id))
    return _locked(lock / timedelta(seconds=1))


async def _give_codes(session: WriteSession, user_id: UUID) -> list[str]:
    codes = new_recovery_codes()
    session.add_all(
        RecoveryCode(user_id=user_id, code_digest=recovery_digest(user_id, code)) for code in codes
    )
    await session.flush()
    return codes


async def _reopen(
    session: WriteSession, person: SignedIn, *, ip_digest: str | None, user_agent: str | None
) -> NewSession:
    await revoke_sessions(session, person.user_id)
    return open_session(session, person.user_id, is_strong=True, ip_digest=ip_digest, user_agent=user_agent)


def _locked(seconds: float) -> FactorLocked:
    return FactorLocked(retry_after=math.ceil(seconds), minutes=math.ceil(seconds / 60))
