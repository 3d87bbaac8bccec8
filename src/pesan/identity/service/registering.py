"""Making an account of one's own, and proving that the e-mail address is one's own too."""

from uuid import UUID

from sqlalchemy import func, select

from pesan.audit.service import record
from pesan.db import Actor, Database, WriteSession
from pesan.errors import InvalidInput
from pesan.identity.changes import PASSWORD_RESET, note_change
from pesan.identity.emails import clean_email
from pesan.identity.errors import LinkOver, SignInToVerify
from pesan.identity.factors.clearing import clear_factors
from pesan.identity.links import AccountLinks, stamp_of
from pesan.identity.locks import drop_guards, lock_user
from pesan.identity.models import Membership, User
from pesan.identity.passwords import check_new_password, hash_password
from pesan.identity.queries import find_user_by_email
from pesan.identity.service.sessions import NewSession, open_session
from pesan.identity.service.users import add_user, store_password
from pesan.identity.states import (
    ACCOUNT_LETTER_TASK,
    JOIN_ORDERS_TASK,
    LinkPurpose,
    SessionKind,
)
from pesan.jobs import enqueue
from pesan.kit.i18n import Locale, Text
from pesan.kit.ids import new_id
from pesan.kit.names import clean_name

_NAME_MEND = Text(
    id="Tulis sedikitnya 3 huruf: huruf, spasi, titik, petik atau tanda hubung.",
    en="Write at least 3 letters: letters, spaces, dots, apostrophes or hyphens.",
)


async def register(
    database: Database,
    *,
    email: str,
    name: str,
    password: str,
    locale: Locale,
    kind: SessionKind = SessionKind.BROWSER,
    ip_digest: str | None = None,
    user_agent: str | None = None,
) -> NewSession:
    """Make an account without any role and sign it in; the address still has to be verified.

    Takes the database, so that no connection is held while the hash is made. **Raises** InvalidInput (e-mail, name),
    WeakPassword, EmailTaken. **Enqueues** the letter with the link that verifies.
    """
    address, called = clean_email(email), _called(name)
    check_new_password(password, address, called)
    hashed = await hash_password(password)
    async with database.identity() as session:
        user = User(id=new_id(), email=address, name=called, password_hash=hashed, locale=locale)
        actor = Actor.user(user.id, ip_digest=ip_digest)
        await add_user(session, user, actor=actor)
        opened = open_session(session, user.id, kind=kind, ip_digest=ip_digest, user_agent=user_agent)
        await record(
            session,
            user,
            action="user:session:opened",
            actor=actor,
            data={"session_id": str(opened.session_id)},
        )
        await ask_verification(session, user)
    return opened


async def ask_verification(session: WriteSession, user: User) -> None:
    """Send the link that verifies somebody's address, unless it is verified. **Enqueues** the letter."""
    if user.email_verified_at is None:
        await _send(session, user, LinkPurpose.VERIFY_EMAIL)


async def ask_reset(database: Database, email: str) -> None:
    """Send the link for a new password, if somebody has this address; does the same work when nobody has.

    **Enqueues** the letter.
    """
    async with database.identity() as session:
        known = await find_user_by_email(session, email)
        # A letter to nobody is enqueued too, so that the time this takes tells nothing.
        await _send(session, known or User(id=new_id()), LinkPurpose.RESET_PASSWORD)


async def verify_email(database: Database, links: AccountLinks, token: str, *, by: UUID | None) -> None:
    """Take an address as its owner's; following the link again changes nothing.

    `by` is who is signed in. It has to be the account itself, or somebody could register another's address, wait until
    its owner presses the button, and read the owner's bookings. **Locks** the user. **Raises** LinkOver,
    SignInToVerify. **Enqueues** that earlier bookings with this address join the account.
    """
    async with database.identity() as session:
        user = await _claimed(session, links, LinkPurpose.VERIFY_EMAIL, token)
        if user.id != by:
            raise SignInToVerify
        await note_verified(session, user)


async def reset_password(database: Database, links: AccountLinks, *, token: str, password: str) -> None:
    """Set a new password by a link that was mailed, which ends every session and signs nobody in.

    Whoever follows the link reads the address's mail, so the address is verified too, and second factors from before
    anybody had proven that end. Whoever was locked out by wrong passwords is let in again. **Locks** the guards of the
    address, the user. **Raises** LinkOver, WeakPassword.
    """
    async with database.identity() as session:
        user = await _claimed(session, links, LinkPurpose.RESET_PASSWORD, token)
    check_new_password(password, user.email, user.name)
    hashed = await hash_password(password)
    async with database.identity() as session:
        await drop_guards(session, user.id)
        user = await _claimed(session, links, LinkPurpose.RESET_PASSWORD, token)
        await store_password(session, user, hashed, keep=None)
        await note_change(session, user, PASSWORD_RESET, actor=Actor.user(user.id))
        await clear_unproven_factors(session, user)
        await note_verified(session, user)


async def _claimed(session: WriteSession, links: AccountLinks, purpose: LinkPurpose, token: str) -> User:
    now = (await session.scalars(select(func.extract("epoch", func.clock_timestamp())))).one()
    claim = links.read(purpose, token, float(now))
    user = await lock_user(session, claim.user_id)
    if user is None or not user.is_active or stamp_of(purpose, user) != claim.stamp:
        raise LinkOver
    return user


async def note_verified(session: WriteSession, user: User) -> None:
    """Write down that the address is theirs, once; the user is locked. **Enqueues** that earlier bookings join."""
    if user.email_verified_at is not None:
        return
    user.email_verified_at = func.clock_timestamp()
    await session.flush()
    await record(session, user, action="user:email:verified", actor=Actor.user(user.id))
    await enqueue(session, JOIN_ORDERS_TASK, user_id=user.id)


async def clear_unproven_factors(session: WriteSession, user: User) -> None:
    """Take away the second factors of an account that anybody could have made with this address; the user is locked.

    Whoever made it may have turned them on to keep the address's owner out. An account with a role was made or raised
    by somebody who answers for it: there a mail never goes past the second factor.
    """
    if user.email_verified_at is not None or user.platform_role is not None:
        return
    if await session.scalar(select(Membership.user_id).where(Membership.user_id == user.id).limit(1)):
        return
    if await clear_factors(session, user.id):
        await record(session, user, action="user:factors:cleared", actor=Actor.user(user.id))


async def _send(session: WriteSession, user: User, purpose: LinkPurpose) -> None:
    await enqueue(session, ACCOUNT_LETTER_TASK, user_id=user.id, purpose=purpose.value, letter_id=new_id())


def _called(name: str) -> str:
    try:
        return clean_name(name)
    except ValueError as error:
        raise InvalidInput("name", _NAME_MEND) from error
