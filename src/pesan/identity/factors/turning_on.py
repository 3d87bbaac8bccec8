"""What the first second factor of a person brings, and what goes with the last one."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, update

from pesan.db import WriteSession
from pesan.identity.factors.codes import new_recovery_codes, recovery_digest
from pesan.identity.factors.models import RecoveryCode
from pesan.identity.factors.queries import has_factor
from pesan.identity.models import Session
from pesan.identity.policies import SignedIn
from pesan.identity.service.sessions import NewSession, open_session, revoke_sessions


@dataclass(frozen=True, slots=True)
class TurnedOn:
    """A second factor that works from now on, the codes to write down, and the session under its new token."""

    recovery_codes: list[str]
    opened: NewSession


async def start_anew(
    session: WriteSession, person: SignedIn, *, ip_digest: str | None, user_agent: str | None
) -> TurnedOn:
    """Give out new recovery codes and go on under a new token; the person is locked.

    Every other session of the person ends: they were opened with a password alone.
    """
    codes = await _give_codes(session, person.user_id)
    await revoke_sessions(session, person.user_id)
    opened = open_session(session, person.user_id, is_strong=True, ip_digest=ip_digest, user_agent=user_agent)
    return TurnedOn(codes, opened)


async def settle_removal(session: WriteSession, person: SignedIn) -> None:
    """With the last factor goes what stood in for it and what it had opened; the person is locked.

    Recovery codes and every other session end; this session counts as one that a password alone has opened.
    """
    await session.flush()
    if await has_factor(session, person.user_id):
        return
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == person.user_id))
    await revoke_sessions(session, person.user_id, keep=person.session_id)
    await session.execute(update(Session).where(Session.id == person.session_id).values(is_strong=False))


async def _give_codes(session: WriteSession, user_id: UUID) -> list[str]:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = new_recovery_codes()
    session.add_all(
        RecoveryCode(user_id=user_id, code_digest=recovery_digest(user_id, code)) for code in codes
    )
    await session.flush()
    return codes
