"""People: made, given roles, disabled; and their passwords."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from pesan.audit import changed_values, record
from pesan.db import Actor, Database, WriteSession
from pesan.db.waits import violates
from pesan.identity.changes import PASSWORD_CHANGED, PASSWORD_RESET, note_change
from pesan.identity.emails import clean_email
from pesan.identity.errors import EmailTaken, UnknownUser, WrongCredentials
from pesan.identity.factors.clearing import drop_pending
from pesan.identity.locks import drop_guards, lock_user
from pesan.identity.models import Membership, User
from pesan.identity.passwords import check_new_password, hash_password, verify_password
from pesan.identity.policies import SignedIn
from pesan.identity.queries import find_credentials, find_user_by_email
from pesan.identity.service.sessions import revoke_sessions
from pesan.identity.states import MerchantRole, PlatformRole
from pesan.kit.ids import new_id


async def create_user(
    session: WriteSession,
    *,
    email: str,
    name: str,
    password: str,
    platform_role: PlatformRole | None = None,
    actor: Actor,
) -> User:
    """Add a person without a role at any merchant.

    **Raises** InvalidInput (e-mail), WeakPassword, EmailTaken.
    """
    address = clean_email(email)
    check_new_password(password, address, name)
    if await find_user_by_email(session, address):
        raise EmailTaken
    user = User(
        id=new_id(),
        email=address,
        name=name.strip(),
        password_hash=await hash_password(password),
        platform_role=platform_role,
    )
    await add_user(session, user, actor=actor)
    return user


async def add_user(session: WriteSession, user: User, *, actor: Actor) -> None:
    """Write a new person down, with their first audit entry; raises EmailTaken."""
    session.add(user)
    try:
        await session.flush()
    except IntegrityError as error:
        if violates(error, "uq_users_email"):  # the same address, added by somebody else a moment ago
            raise EmailTaken from error
        raise
    await record(
        session, user, action="user:account:created", actor=actor, data={"platform_role": user.platform_role}
    )


async def set_membership(
    session: WriteSession,
    *,
    user_id: UUID,
    merchant_id: UUID,
    role: MerchantRole | None,
    event_ids: Collection[UUID] | None = None,
    actor: Actor,
) -> None:
    """Give a person a role at a merchant, for all its events or for `event_ids`, or with None take it away.

    It counts at their next request; they sign in again, because a session never outlives a change of rights
    (V7.2.4). **Locks** the user. **Raises** UnknownUser.
    """
    user = await _locked_user(session, user_id)
    mine = (Membership.user_id == user_id, Membership.merchant_id == merchant_id)
    found = (await session.execute(select(Membership.role, Membership.event_ids).where(*mine))).one_or_none()
    terms = {"role": role, "event_ids": sorted(event_ids) if event_ids is not None else None}
    before, after = changed_values({} if found is None else found._asdict(), terms)
    if role is None:
        await session.execute(delete(Membership).where(*mine))
    elif found is None:
        session.add(Membership(user_id=user_id, merchant_id=merchant_id, **terms))
        await session.flush()
    else:
        await session.execute(update(Membership).where(*mine).values(**terms))
    await revoke_sessions(session, user_id)
    await record(
        session,
        user,
        action="user:membership:changed",
        actor=actor,
        merchant_id=merchant_id,
        data={"role": role},
        before=before,
        after=after,
    )


async def set_platform_role(
    session: WriteSession, *, user_id: UUID, role: PlatformRole | None, actor: Actor
) -> None:
    """Make a person an administrator of the instance, or with None an ordinary user again; ends their sessions."""
    user = await _locked_user(session, user_id)
    before, user.platform_role = user.platform_role, role
    await revoke_sessions(session, user_id)
    await record(
        session,
        user,
        action="user:platform_role:changed",
        actor=actor,
        data={"role": role},
        before={"role": before},
        after={"role": role},
    )


async def set_active(session: WriteSession, *, user_id: UUID, is_active: bool, actor: Actor) -> None:
    """Disable a person, which counts at once on every session they have, or let them back in."""
    user = await _locked_user(session, user_id)
    user.is_active = is_active
    if not is_active:
        await revoke_sessions(session, user_id)
    await record(
        session, user, action="user:account:enabled" if is_active else "user:account:disabled", actor=actor
    )


async def set_password(session: WriteSession, *, user_id: UUID, password: str, actor: Actor) -> None:
    """Set a password on somebody's behalf, end all their sessions, and let them sign in however many tries were wrong.

    **Locks** the guards of the address, the user. **Raises** UnknownUser, WeakPassword.
    """
    await drop_guards(session, user_id)
    user = await _locked_user(session, user_id)
    check_new_password(password, user.email, user.name)
    await store_password(session, user, await hash_password(password), keep=None)
    await note_change(session, user, PASSWORD_RESET, actor=actor)


async def change_password(database: Database, person: SignedIn, *, current: str, new: str) -> None:
    """Replace one's own password and end one's other sessions.

    Takes the database, so that no connection is held while hashes are made. **Locks** the user.
    **Raises** WrongCredentials, WeakPassword.
    """
    await check_own_password(database, person, current)
    check_new_password(new, person.email, person.name)
    hashed = await hash_password(new)
    async with database.identity() as session:
        user = await _locked_user(session, person.user_id)
        await store_password(session, user, hashed, keep=person.session_id)
        await note_change(session, user, PASSWORD_CHANGED, actor=person.to_actor())


async def check_own_password(database: Database, person: SignedIn, password: str) -> None:
    """Make sure that it is really them who asks for something that matters; raises WrongCredentials."""
    async with database.identity() as session:
        known = await find_credentials(session, person.email)
    fits, _ = await verify_password(password, known.password_hash if known else None)
    if not fits:
        raise WrongCredentials


async def store_password(session: WriteSession, user: User, hashed: str, *, keep: UUID | None) -> None:
    """Put a new hash in the place of the old one and end the person's sessions, except the one to `keep`.

    Whatever was begun with the old password ends with it: an app that waits for its first code, too.
    """
    user.password_hash = hashed
    user.password_changed_at = func.clock_timestamp()
    await session.flush()
    await drop_pending(session, user.id)
    await revoke_sessions(session, user.id, keep=keep)


async def _locked_user(session: WriteSession, user_id: UUID) -> User:
    user = await lock_user(session, user_id)
    if user is None:
        raise UnknownUser
    return user
