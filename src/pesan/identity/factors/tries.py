"""Trying a code of an app or a recovery code: judged once, used up, and counted when it is wrong."""

import math
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, update

from pesan.audit.service import record
from pesan.db import Actor, WriteSession
from pesan.errors import PesanError
from pesan.identity.errors import FactorLocked, NoFactor, WrongCode
from pesan.identity.factors.codes import CodeSecrets, find_step, recovery_digest
from pesan.identity.factors.locks import Tried, lock_generator
from pesan.identity.factors.models import RecoveryCode
from pesan.identity.factors.queries import has_factor
from pesan.identity.models import User
from pesan.identity.states import LONGEST_FACTOR_LOCK, lock_after


async def try_code(session: WriteSession, user: User, secrets: CodeSecrets, code: str) -> PesanError | None:
    """Judge a code of the app or a recovery code, and use it up; the refusal, if there is one.

    Whoever has passkeys only has recovery codes too; nobody guesses their 80 random bits, so those tries are left to
    the limits of the address. **Locks** the generator; the user is locked.
    """
    tried = await lock_generator(session, user.id)
    if not await has_factor(session, user.id):
        return NoFactor()
    step = fitting_step(tried, secrets, user, code) if tried and tried.row.confirmed_at else None
    is_locked = tried is not None and tried.seconds_locked > 0
    spent = None if step is not None or is_locked else await _spend(session, user.id, code)
    refusal = await settle(session, user, tried, fits=step is not None or spent is not None)
    if refusal is None and tried is not None and step is not None:
        tried.row.last_step = step
    if refusal is None and spent is not None:
        await record(session, user, action="user:recovery_code:used", actor=Actor.user(user.id))
    return refusal


def fitting_step(tried: Tried, secrets: CodeSecrets, user: User, code: str) -> int | None:
    """The time step whose code this is, later than the one that was used last."""
    secret = secrets.find(tried.row.secret_sealed, user.id)
    return find_step(secret, code, tried.now, after=tried.row.last_step)


async def settle(session: WriteSession, user: User, tried: Tried | None, *, fits: bool) -> PesanError | None:
    """Count a try. While the factor is locked, a right code is refused like a wrong one."""
    if tried is None:
        return None if fits else WrongCode()
    if tried.seconds_locked > 0:
        return _locked(tried.seconds_locked)
    if fits:
        tried.row.failed_count, tried.row.locked_until = 0, None
        return None
    tried.row.failed_count += 1
    lock = lock_after(tried.row.failed_count, LONGEST_FACTOR_LOCK)
    if lock is None:
        return WrongCode()
    tried.row.locked_until = func.clock_timestamp() + lock
    await session.flush()
    await record(session, user, action="user:factor:locked", actor=Actor.user(user.id))
    return _locked(lock / timedelta(seconds=1))


async def _spend(session: WriteSession, user_id: UUID, code: str) -> UUID | None:
    """Use a recovery code up; None when there is none like it that is unused."""
    return await session.scalar(
        update(RecoveryCode)
        .where(RecoveryCode.code_digest == recovery_digest(user_id, code))
        .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        .values(used_at=func.clock_timestamp())
        .returning(RecoveryCode.id)
    )


def _locked(seconds: float) -> FactorLocked:
    return FactorLocked(retry_after=math.ceil(seconds), minutes=math.ceil(seconds / 60))
