"""Signing in whoever a provider vouches for: into the account they have, or into a new one."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, delete, select

from pesan.audit.service import record
from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.identity.changes import PROVIDER_JOINED, PROVIDER_LEFT, note_change
from pesan.identity.emails import clean_email
from pesan.identity.errors import UnknownUser
from pesan.identity.factors.queries import has_factor
from pesan.identity.locks import lock_user
from pesan.identity.models import User
from pesan.identity.openid.client import Client
from pesan.identity.openid.errors import ProviderNotJoined, ProviderRefused, ProviderTaken, ProviderUnverified
from pesan.identity.openid.models import ProviderIdentity
from pesan.identity.openid.tokens import Claims
from pesan.identity.passwords import hash_password
from pesan.identity.policies import SignedIn
from pesan.identity.queries import find_user_by_email
from pesan.identity.service.registering import clear_unproven_factors, note_verified
from pesan.identity.service.sessions import NewSession, open_session
from pesan.identity.service.users import add_user, check_own_password, store_password
from pesan.identity.states import SessionKind
from pesan.kit.i18n import Locale
from pesan.kit.ids import new_id
from pesan.kit.names import clean_name


@dataclass(frozen=True, slots=True)
class _Newcomer:
    """What an account of somebody new is made with; the password is one that nobody knows."""

    email: str
    name: str
    password_hash: str
    locale: Locale


async def log_in_with_provider(
    database: Database,
    client: Client,
    claims: Claims,
    *,
    locale: Locale,
    ip_digest: str | None = None,
    user_agent: str | None = None,
) -> NewSession:
    """Open a session for whoever the provider says has signed in; who has a second factor passes that too.

    The first time, an address that the provider has verified leads to the account of that address, or to a new one.
    Takes the database, so that no connection is held while a hash is made. **Locks** the user.
    **Raises** ProviderUnverified, ProviderTaken, ProviderRefused.
    """
    async with database.identity() as session:
        known = await _find_identity(session, claims)
    newcomer = None if known else await _newcomer(client, claims, locale)
    async with database.identity() as session:
        user = await _find_or_join(session, client, claims, newcomer)
        if not user.is_active:
            raise ProviderRefused(provider=client.name)
        kind = SessionKind.WAITING if await has_factor(session, user.id) else SessionKind.BROWSER
        opened = open_session(session, user.id, kind=kind, ip_digest=ip_digest, user_agent=user_agent)
        action = "user:session:waiting" if opened.is_waiting else "user:session:opened"
        data = {"session_id": str(opened.session_id), "issuer": claims.issuer}
        await record(session, user, action=action, actor=Actor.user(user.id, ip_digest=ip_digest), data=data)
    return opened


async def is_joined(session: ReadSession, client: Client, user_id: UUID) -> bool:
    """Whether somebody signs in to this account at the provider."""
    return client.is_on and await session.scalar(_joining(client, user_id)) is not None


async def leave_provider(database: Database, client: Client, person: SignedIn, *, password: str) -> None:
    """Take the provider off one's own account; the password stays as the way in.

    Takes the database, so that no connection is held while the hash is checked. Sessions stay. **Locks** the user.
    **Raises** WrongCredentials, ProviderNotJoined. **Enqueues** the letter about it.
    """
    await check_own_password(database, person, password)
    async with database.identity() as session:
        user = await lock_user(session, person.user_id)
        if user is None or not await is_joined(session, client, user.id):
            raise ProviderNotJoined(provider=client.name)
        mine = (ProviderIdentity.issuer == client.issuer, ProviderIdentity.user_id == user.id)
        await session.execute(delete(ProviderIdentity).where(*mine))
        data = {"issuer": client.issuer}
        await note_change(session, user, PROVIDER_LEFT, actor=person.to_actor(), data=data)


def _joining(client: Client, user_id: UUID) -> Select[str]:
    return select(ProviderIdentity.subject).where(
        ProviderIdentity.issuer == client.issuer, ProviderIdentity.user_id == user_id
    )


async def _newcomer(client: Client, claims: Claims, locale: Locale) -> _Newcomer:
    if not (claims.is_verified and claims.email):
        raise ProviderUnverified(provider=client.name)
    email = clean_email(claims.email)
    return _Newcomer(
        email, _called(claims.name, email), await hash_password(secrets.token_urlsafe(32)), locale
    )


async def _find_or_join(
    session: WriteSession, client: Client, claims: Claims, newcomer: _Newcomer | None
) -> User:
    known = await _find_identity(session, claims)
    if known is not None:
        return await _locked(session, known)
    if newcomer is None:
        raise ProviderRefused(provider=client.name)  # its account went a moment ago
    found = await find_user_by_email(session, newcomer.email)
    user = await _take_over(session, found, newcomer) if found else await _make(session, newcomer)
    await _join(session, client, claims, user, is_new=found is None)
    return user


async def _take_over(session: WriteSession, found: User, newcomer: _Newcomer) -> User:
    """The account of an address that is now proven to be theirs.

    Where it never was, somebody else may have made it and wait for its owner: their password, sessions and second
    factors end.
    """
    user = await _locked(session, found)
    if user.email_verified_at is None:
        await store_password(session, user, newcomer.password_hash, keep=None)
        await clear_unproven_factors(session, user)
        await note_verified(session, user)
    return user


async def _make(session: WriteSession, newcomer: _Newcomer) -> User:
    user = User(
        id=new_id(),
        email=newcomer.email,
        name=newcomer.name,
        password_hash=newcomer.password_hash,
        locale=newcomer.locale,
    )
    await add_user(session, user, actor=Actor.user(user.id))
    await note_verified(session, user)
    return user


async def _join(session: WriteSession, client: Client, claims: Claims, user: User, *, is_new: bool) -> None:
    mine = select(ProviderIdentity.subject).where(
        ProviderIdentity.issuer == claims.issuer, ProviderIdentity.user_id == user.id
    )
    subject = await session.scalar(mine)
    if subject == claims.subject:
        return  # joined on another device a moment ago
    if subject is not None:
        raise ProviderTaken(provider=client.name)
    session.add(ProviderIdentity(issuer=claims.issuer, subject=claims.subject, user_id=user.id))
    await session.flush()
    data = {"issuer": claims.issuer}
    if is_new:  # it is the way in that they just chose
        await record(session, user, action=PROVIDER_JOINED, actor=Actor.user(user.id), data=data)
    else:
        await note_change(session, user, PROVIDER_JOINED, actor=Actor.user(user.id), data=data)


async def _find_identity(session: ReadSession, claims: Claims) -> User | None:
    return await session.scalar(
        select(User)
        .join(ProviderIdentity, ProviderIdentity.user_id == User.id)
        .where(ProviderIdentity.issuer == claims.issuer, ProviderIdentity.subject == claims.subject)
    )


async def _locked(session: WriteSession, user: User) -> User:
    locked = await lock_user(session, user.id)
    if locked is None:
        raise UnknownUser
    return locked


def _called(name: str, email: str) -> str:
    """Their name, or what their address says where the provider has no usable one."""
    try:
        return clean_name(name)
    except ValueError:
        return email.partition("@")[0]
