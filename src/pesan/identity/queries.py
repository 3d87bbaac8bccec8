"""Reading who somebody is. Runs in `Database.identity()`; other roles do not see credentials or sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select

from pesan.db import ReadSession
from pesan.identity.emails import fold_email
from pesan.identity.models import Membership, Session, User
from pesan.identity.policies import SignedIn
from pesan.identity.states import SESSION_IDLE, TOUCH_AFTER, MerchantRole, PlatformRole


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is needed to check a password."""

    user_id: UUID
    password_hash: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a merchant's team."""

    user_id: UUID
    name: str
    email: str
    role: MerchantRole


async def find_session(session: ReadSession, token: str) -> SignedIn | None:
    """The person whose live session `token` opens, with the roles of this moment.

    One statement, judged by the database's clock.
    """
    roles = func.jsonb_object_agg(Membership.merchant_id, Membership.role).filter(
        Membership.merchant_id.is_not(None)
    )
    clock = func.clock_timestamp()
    found = await session.execute(
        select(Session.id, Session.last_seen_at < clock - TOUCH_AFTER)
        .add_columns(
            User.id,
            User.name,
            User.email,
            User.platform_role,
            func.coalesce(roles, func.jsonb_build_object()),
        )
        .join(User, User.id == Session.user_id)
        .outerjoin(Membership, Membership.user_id == User.id)
        .where(Session.token_digest == token_digest(token), Session.revoked_at.is_(None), User.is_active)
        .where(Session.expires_at > clock, Session.last_seen_at > clock - SESSION_IDLE)
        .group_by(Session.id, User.id)
    )
    row = found.one_or_none()
    if row is None:
        return None
    session_id, is_due, user_id, name, email, platform_role, merchant_roles = row
    return SignedIn(
        session_id=session_id,
        user_id=user_id,
        name=name,
        email=email,
        platform_role=PlatformRole(platform_role) if platform_role else None,
        roles={UUID(merchant_id): MerchantRole(role) for merchant_id, role in merchant_roles.items()},
        is_due_for_touch=is_due,
    )


async def find_credentials(session: ReadSession, email: str) -> Credentials | None:
    """The stored hash for an address, whatever its letter case."""
    found = await session.execute(
        select(User.id, User.password_hash, User.is_active).where(func.lower(User.email) == fold_email(email))
    )
    row = found.one_or_none()
    return Credentials(*row) if row else None


async def find_user_by_email(session: ReadSession, email: str) -> User | None:
    """The user with this address, whatever its letter case."""
    return await session.scalar(select(User).where(func.lower(User.email) == fold_email(email)))


async def list_members(session: ReadSession, merchant_id: UUID) -> Sequence[Member]:
    """The merchant's team, organizers first."""
    rows = await session.execute(
        select(User.id, User.name, User.email, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.merchant_id == merchant_id, User.is_active)
        .order_by(Membership.role, User.name, User.id)
    )
    return [Member(user_id, name, email, MerchantRole(role)) for user_id, name, email, role in rows]


def token_digest(token: str) -> bytes:
    """What is stored of a session token; 256 random bits need neither salt nor stretching."""
    return sha256(token.encode()).digest()
