"""Turning an app on and off, passing the second step with a code, and taking lost factors away."""

from uuid import UUID

from sqlalchemy import func

from pesan.audit.service import record
from pesan.db import Actor, Database, WriteSession
from pesan.identity.changes import FACTOR_ADDED, FACTOR_REMOVED, FACTORS_CLEARED, note_change
from pesan.identity.errors import FactorOn, NoFactor, StepOver, UnknownUser, WrongCode
from pesan.identity.factors.clearing import clear_factors
from pesan.identity.factors.codes import CodeSecrets
from pesan.identity.factors.locks import lock_generator
from pesan.identity.factors.models import CodeGenerator
from pesan.identity.factors.queries import find_pending, has_factor
from pesan.identity.factors.tries import fitting_step, settle, try_code
from pesan.identity.factors.turning_on import TurnedOn, settle_removal, start_anew
from pesan.identity.locks import lock_user
from pesan.identity.policies import SignedIn
from pesan.identity.queries import Waiting, find_waiting
from pesan.identity.service.sessions import NewSession, end_session, open_session, revoke_sessions
from pesan.identity.states import SessionKind


async def start_generator(session: WriteSession, person: SignedIn, secrets: CodeSecrets) -> str:
    """Make a secret for an app, which does nothing until this session has typed a code of it; the secret.

    It is another one each time: an earlier one may be in somebody else's app.

    **Locks** the user. **Raises** FactorOn.
    """
    await lock_user(session, person.user_id)
    row = await session.get(CodeGenerator, person.user_id)
    if row is not None and row.confirmed_at is not None:
        raise FactorOn
    secret = secrets.new()
    row = row or CodeGenerator(user_id=person.user_id)
    row.secret_sealed = secrets.seal(secret, person.user_id)
    row.started_by, row.started_at = person.session_id, func.clock_timestamp()
    session.add(row)
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

    Every other session of the person ends. **Locks** the user, the generator. **Raises** NoFactor, FactorOn,
    WrongCode, FactorLocked.
    """
    turned_on: TurnedOn | None = None
    async with database.identity() as session:
        user = await lock_user(session, person.user_id)
        tried = await lock_generator(session, person.user_id)
        if user is None or tried is None:
            raise NoFactor
        if tried.row.confirmed_at is not None:
            raise FactorOn
        if await find_pending(session, person) is None:
            raise NoFactor
        step = fitting_step(tried, secrets, user, code)
        refusal = await settle(session, user, tried, fits=step is not None)
        if refusal is None and step is not None:
            tried.row.last_step, tried.row.confirmed_at = step, func.clock_timestamp()
            turned_on = await start_anew(session, person, ip_digest=ip_digest, user_agent=user_agent)
            await note_change(session, user, FACTOR_ADDED, actor=person.to_actor())
    if turned_on is None:
        raise refusal or WrongCode()
    return turned_on


async def remove_generator(database: Database, person: SignedIn, secrets: CodeSecrets, *, code: str) -> None:
    """Turn the app off, by a code of it or a recovery code. **Locks** the user, the generator.

    **Raises** NoFactor, WrongCode, FactorLocked.
    """
    async with database.identity() as session:
        user = await lock_user(session, person.user_id)
        row = await session.get(CodeGenerator, person.user_id)
        if user is None or row is None or row.confirmed_at is None:
            raise NoFactor
        refusal = await try_code(session, user, secrets, code)
        if refusal is None:
            await session.delete(row)
            await settle_removal(session, person)
            await note_change(session, user, FACTOR_REMOVED, actor=person.to_actor())
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
    generator. **Raises** StepOver, NoFactor, WrongCode, FactorLocked.
    """
    opened: NewSession | None = None
    async with database.identity() as session:
        waiting = await find_waiting(session, token)
        if waiting is None:
            raise StepOver
        user = await lock_user(session, waiting.user_id)
        if user is None:
            raise NoFactor
        refusal = await try_code(session, user, secrets, code)
        if refusal is None:
            opened = await finish_log_in(
                session, waiting, kind=kind, ip_digest=ip_digest, user_agent=user_agent
            )
    if opened is None:
        raise refusal or WrongCode()
    return opened


async def finish_log_in(
    session: WriteSession,
    waiting: Waiting,
    *,
    kind: SessionKind = SessionKind.BROWSER,
    passkey_id: UUID | None = None,
    ip_digest: str | None,
    user_agent: str | None,
) -> NewSession:
    """Put a strong session in the place of the one that waited. **Locks** the user."""
    actor = Actor.user(waiting.user_id, ip_digest=ip_digest)
    await end_session(session, user_id=waiting.user_id, session_id=waiting.session_id, actor=actor)
    return await open_strong(
        session,
        waiting.user_id,
        kind=kind,
        passkey_id=passkey_id,
        ip_digest=ip_digest,
        user_agent=user_agent,
    )


async def open_strong(
    session: WriteSession,
    user_id: UUID,
    *,
    kind: SessionKind = SessionKind.BROWSER,
    passkey_id: UUID | None = None,
    ip_digest: str | None,
    user_agent: str | None,
) -> NewSession:
    """Open a session for somebody who passed a second factor, and write it down. **Locks** the user."""
    user = await lock_user(session, user_id)
    if user is None:
        raise UnknownUser
    opened = open_session(
        session, user_id, kind=kind, is_strong=True, ip_digest=ip_digest, user_agent=user_agent
    )
    data: dict[str, str | bool] = {"session_id": str(opened.session_id), "second_factor": True}
    if passkey_id:
        data["passkey_id"] = str(passkey_id)
    actor = Actor.user(user_id, ip_digest=ip_digest)
    await record(session, user, action="user:session:opened", actor=actor, data=data)
    return opened


async def remove_lost_factors(session: WriteSession, *, user_id: UUID, actor: Actor) -> None:
    """Take away every second factor of a person who lost them, on somebody else's word; ends all their sessions.

    **Locks** the user. **Raises** UnknownUser, NoFactor.
    """
    user = await lock_user(session, user_id)
    if user is None:
        raise UnknownUser
    if not await has_factor(session, user_id):
        raise NoFactor
    await clear_factors(session, user_id)
    await revoke_sessions(session, user_id)
    await note_change(session, user, FACTORS_CLEARED, actor=actor)
