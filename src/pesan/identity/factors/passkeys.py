"""Passkeys: added, renamed and removed on the account page, and signed in with."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from pesan.audit.service import record
from pesan.db import Actor, Database, WriteSession
from pesan.errors import PesanError
from pesan.identity.changes import PASSKEY_ADDED, PASSKEY_REMOVED, note_change
from pesan.identity.errors import NoPasskey, PasskeyRefused, StepOver, TooManyPasskeys, UnknownUser
from pesan.identity.factors.ceremonies import (
    NewKey,
    RelyingParty,
    count_of,
    creation_options,
    read_answer,
    read_new_key,
    request_options,
)
from pesan.identity.factors.challenges import Purpose, make_challenge, take_challenge
from pesan.identity.factors.codes import CodeSecrets
from pesan.identity.factors.models import Passkey
from pesan.identity.factors.queries import get_passkey, has_factor, list_passkeys
from pesan.identity.factors.service import finish_log_in, open_strong
from pesan.identity.factors.tries import try_code
from pesan.identity.factors.turning_on import TurnedOn, settle_removal, start_anew
from pesan.identity.locks import lock_user
from pesan.identity.models import User
from pesan.identity.policies import SignedIn
from pesan.identity.queries import find_waiting
from pesan.identity.service.sessions import NewSession
from pesan.kit.ids import new_id

MOST_PASSKEYS = 10


async def ask_to_add(session: WriteSession, relying: RelyingParty, person: SignedIn) -> str:
    """The question for a new passkey, for whoever has just given their password. **Raises** TooManyPasskeys."""
    known = await list_passkeys(session, person.user_id)
    if len(known) >= MOST_PASSKEYS:
        raise TooManyPasskeys(most=MOST_PASSKEYS)
    challenge = await make_challenge(session, Purpose.ADD, str(person.session_id))
    return creation_options(relying, person, challenge, [row.credential_id for row in known])


async def ask_to_confirm(session: WriteSession, relying: RelyingParty, person: SignedIn) -> str:
    """The question for one of one's passkeys, before something that matters. **Raises** NoPasskey."""
    attempt = str(person.session_id)
    return await _ask_owner(session, relying, person.user_id, Purpose.CONFIRM, attempt)


async def ask_at_step(session: WriteSession, relying: RelyingParty, token: str) -> str:
    """The question for a log-in that waits for its second factor. **Raises** StepOver, NoPasskey."""
    waiting = await find_waiting(session, token)
    if waiting is None:
        raise StepOver
    attempt = str(waiting.session_id)
    return await _ask_owner(session, relying, waiting.user_id, Purpose.STEP, attempt)


async def ask_to_log_in(session: WriteSession, relying: RelyingParty, visitor: str) -> str:
    """The question for whoever is there; it names nobody's keys."""
    return request_options(relying, await make_challenge(session, Purpose.LOG_IN, visitor))


async def add_passkey(
    database: Database,
    relying: RelyingParty,
    person: SignedIn,
    *,
    name: str,
    answer: str,
    ip_digest: str | None,
    user_agent: str | None,
) -> TurnedOn | None:
    """Keep a new passkey; a person's first factor brings recovery codes and a new session, otherwise None.

    Takes the database, because a question that was answered stays answered although the answer is refused.
    **Locks** the user. **Raises** PasskeyRefused, TooManyPasskeys.
    """
    refusal: PesanError | None = None
    turned_on: TurnedOn | None = None
    async with database.identity() as session:
        user = await _lock(session, person.user_id)
        challenge = await take_challenge(session, Purpose.ADD, str(person.session_id))
        key = read_new_key(relying, answer, challenge) if challenge else None
        is_first = not await has_factor(session, user.id)
        refusal = await _keep(session, user, key, name)
        if refusal is None:
            await note_change(session, user, PASSKEY_ADDED, actor=person.to_actor())
        if refusal is None and is_first:
            turned_on = await start_anew(session, person, ip_digest=ip_digest, user_agent=user_agent)
    if refusal:
        raise refusal
    return turned_on


async def rename_passkey(session: WriteSession, person: SignedIn, *, passkey_id: UUID, name: str) -> None:
    """Call a passkey something else. **Locks** the user. **Raises** UnknownPasskey."""
    user = await _lock(session, person.user_id)
    (await get_passkey(session, user.id, passkey_id)).name = name
    data = {"passkey_id": str(passkey_id)}
    await record(session, user, action="user:passkey:renamed", actor=person.to_actor(), data=data)


async def remove_passkey(
    database: Database,
    relying: RelyingParty,
    person: SignedIn,
    secrets: CodeSecrets,
    *,
    passkey_id: UUID,
    code: str = "",
    answer: str = "",
) -> None:
    """Take a passkey away, by a passkey, a code of one's app or a recovery code; it never signs in again.

    **Locks** the user, the generator. **Raises** UnknownPasskey, PasskeyRefused, WrongCode, FactorLocked.
    """
    async with database.identity() as session:
        user = await _lock(session, person.user_id)
        row = await get_passkey(session, user.id, passkey_id)
        if answer:
            challenge = await take_challenge(session, Purpose.CONFIRM, str(person.session_id))
            proven = await _judge(session, relying, user, answer, challenge)
            refusal: PesanError | None = None if proven else PasskeyRefused()
        else:
            refusal = await try_code(session, user, secrets, code)
        if refusal is None:
            await session.delete(row)
            await settle_removal(session, person)
            data = {"passkey_id": str(passkey_id)}
            await note_change(session, user, PASSKEY_REMOVED, actor=person.to_actor(), data=data)
    if refusal:
        raise refusal


async def pass_by_passkey(
    database: Database,
    relying: RelyingParty,
    *,
    token: str,
    answer: str,
    ip_digest: str | None = None,
    user_agent: str | None = None,
) -> NewSession:
    """Finish a log-in that waits for its second factor, with a passkey of that person.

    **Locks** the user. **Raises** StepOver, PasskeyRefused.
    """
    opened: NewSession | None = None
    async with database.identity() as session:
        waiting = await find_waiting(session, token)
        if waiting is None:
            raise StepOver
        user = await _lock(session, waiting.user_id)
        challenge = await take_challenge(session, Purpose.STEP, str(waiting.session_id))
        passkey = await _judge(session, relying, user, answer, challenge)
        if passkey:
            opened = await finish_log_in(
                session, waiting, passkey_id=passkey.id, ip_digest=ip_digest, user_agent=user_agent
            )
    return _opened(opened)


async def log_in_by_passkey(
    database: Database,
    relying: RelyingParty,
    *,
    visitor: str,
    answer: str,
    ip_digest: str | None = None,
    user_agent: str | None = None,
) -> NewSession:
    """Sign in with a passkey alone: what the person has, and what unlocks it, are two factors.

    Only with one that was made once the address was verified. An earlier one may be somebody's who registered another's
    address; it stays a second step, so that it opens nothing when the owner has set a new password.

    **Locks** the user. **Raises** PasskeyRefused.
    """
    opened: NewSession | None = None
    async with database.identity() as session:
        challenge = await take_challenge(session, Purpose.LOG_IN, visitor)
        user = await _lock_owner(session, answer)
        if user and user.is_active:
            passkey = await _judge(session, relying, user, answer, challenge)
            if passkey and user.email_verified_at and user.email_verified_at <= passkey.created_at:
                opened = await open_strong(
                    session, user.id, passkey_id=passkey.id, ip_digest=ip_digest, user_agent=user_agent
                )
    return _opened(opened)


async def _ask_owner(
    session: WriteSession, relying: RelyingParty, user_id: UUID, purpose: Purpose, attempt: str
) -> str:
    known = [row.credential_id for row in await list_passkeys(session, user_id)]
    if not known:
        raise NoPasskey
    return request_options(relying, await make_challenge(session, purpose, attempt), known)


async def _keep(session: WriteSession, user: User, key: NewKey | None, name: str) -> PesanError | None:
    """Write the key down; one that somebody has already is refused like a wrong answer."""
    if key is None:
        return PasskeyRefused()
    if len(await list_passkeys(session, user.id)) >= MOST_PASSKEYS:
        return TooManyPasskeys(most=MOST_PASSKEYS)
    wanted = insert(Passkey).values(
        id=new_id(),
        user_id=user.id,
        name=name,
        credential_id=key.credential_id,
        public_key=key.public_key,
        sign_count=key.sign_count,
    )
    kept = await session.scalar(wanted.on_conflict_do_nothing().returning(Passkey.id))
    return None if kept else PasskeyRefused()


async def _judge(
    session: WriteSession, relying: RelyingParty, user: User, answer: str, challenge: bytes | None
) -> Passkey | None:
    """Whether a passkey of this person answers the challenge; the person is locked.

    A count that does not grow means that the key may have been copied (Level 3, §6.1.1): refused, and on record.
    """
    given = read_answer(answer)
    if given is None or challenge is None or given.response.user_handle not in {None, user.id.bytes}:
        return None
    mine = select(Passkey).where(Passkey.credential_id == given.raw_id, Passkey.user_id == user.id)
    row = await session.scalar(mine)
    count = count_of(relying, given, challenge, row.public_key) if row else None
    if row is None or count is None:
        return None
    if (count or row.sign_count) and count <= row.sign_count:
        data = {"passkey_id": str(row.id), "count": count, "known": row.sign_count}
        await record(session, user, action="user:passkey:copied", actor=Actor.user(user.id), data=data)
        return None
    row.sign_count, row.last_used_at = count, func.clock_timestamp()
    await session.flush()
    return row


async def _lock(session: WriteSession, user_id: UUID) -> User:
    user = await lock_user(session, user_id)
    if user is None:
        raise UnknownUser
    return user


async def _lock_owner(session: WriteSession, answer: str) -> User | None:
    """Whose passkey this claims to be, by its own id; nothing is proven yet."""
    given = read_answer(answer)
    owner = select(Passkey.user_id).where(Passkey.credential_id == given.raw_id) if given else None
    user_id = await session.scalar(owner) if owner is not None else None
    return await lock_user(session, user_id) if user_id else None


def _opened(opened: NewSession | None) -> NewSession:
    if opened is None:
        raise PasskeyRefused
    return opened
