"""Reading who somebody is. Runs in `Database.identity()`; other roles do not see credentials or sessions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import ColumnElement, any_, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from pesan.db import ReadSession
from pesan.identity.emails import fold_email
from pesan.identity.models import Membership, Session, User
from pesan.identity.policies import SignedIn
from pesan.identity.states import SESSION_IDLE, TOUCH_AFTER, MerchantRole, PlatformRole, SessionKind
from pesan.tenancy.models import Merchant

MOST_SESSIONS = 50


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is needed to check a password."""

    user_id: UUID
    password_hash: str
    is_active: bool
    password_changed_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One device or program on which a person is signed in."""

    id: UUID
    kind: SessionKind
    created_at: datetime
    last_seen_at: datetime
    user_agent: str | None


async def find_session(session: ReadSession, token: str) -> SignedIn | None:
    """The person whose live session a browser's `token` opens, with the roles of this moment."""
    seen_lately = Session.last_seen_at > func.clock_timestamp() - SESSION_IDLE
    return await _find_person(
        session,
        Session.token_digest == token_digest(token),
        Session.kind == SessionKind.BROWSER,
        seen_lately,
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A log-in whose password was right."""

    session_id: UUID
    user_id: UUID


async def find_waiting(session: ReadSession, token: str) -> Waiting | None:
    """The log-in that waits for its second factor under this token."""
    found = await session.execute(
        select(Session.id, Session.user_id).where(
            Session.token_digest == token_digest(token),
            Session.kind == SessionKind.WAITING,
            Session.revoked_at.is_(None),
            Session.expires_at > func.clock_timestamp(),
        )
    )
    row = found.one_or_none()
    return Waiting(*row) if row else None


async def find_program(session: ReadSession, session_id: UUID) -> SignedIn | None:
    """The person for whom a program has the live session of this id."""
    return await _find_person(session, Session.id == session_id, Session.kind == SessionKind.API)


async def find_own_slug(session: ReadSession, user_id: UUID) -> str | None:
    """The slug of the merchant that a person organizes; of the first one, if there are several."""
    return await session.scalar(
        select(Merchant.slug)
        .join(Membership, Membership.merchant_id == Merchant.id)
        .where(Membership.user_id == user_id, Membership.role == MerchantRole.ORGANIZER)
        .order_by(Membership.created_at, Merchant.id)
        .limit(1)
    )


async def list_sessions(session: ReadSession, user_id: UUID) -> Sequence[OpenSession]:
    """Where a person is signed in, the latest used first."""
    clock = func.clock_timestamp()
    seen_lately = Session.last_seen_at > clock - SESSION_IDLE
    is_live = or_(Session.kind == SessionKind.API, (Session.kind == SessionKind.BROWSER) & seen_lately)
    rows = await session.execute(
        select(Session.id, Session.kind, Session.created_at, Session.last_seen_at, Session.user_agent)
        .where(Session.user_id == user_id, Session.revoked_at.is_(None))
        .where(Session.expires_at > clock, is_live)
        .order_by(Session.last_seen_at.desc(), Session.id)
        .limit(MOST_SESSIONS)
    )
    return [OpenSession(row.id, SessionKind(row.kind), *row[2:]) for row in rows]


async def _find_person(session: ReadSession, *where: ColumnElement[bool]) -> SignedIn | None:
    """One statement, judged by the database's clock."""
    # A merchant that asks for a second factor gives no role to whoever signed in without one.
    counts = Session.is_strong | Merchant.needs_second_factor.is_(False)
    roles = func.jsonb_object_agg(Membership.merchant_id, Membership.role).filter(
        Membership.merchant_id.is_not(None), counts
    )
    limits = func.jsonb_object_agg(Membership.merchant_id, Membership.event_ids).filter(
        Membership.event_ids.is_not(None), counts
    )
    withheld = func.count(Membership.merchant_id).filter(~counts)
    platform_role = _counting_platform_role()
    clock = func.clock_timestamp()
    found = await session.execute(
        select(
            Session.id.label("session_id"),
            User.id.label("user_id"),
            User.name,
            User.email,
            platform_role.label("platform_role"),
            (Session.last_seen_at < clock - TOUCH_AFTER).label("is_due_for_touch"),
            User.email_verified_at.is_not(None).label("is_verified"),
            Session.is_strong,
            or_(withheld > 0, User.platform_role.is_distinct_from(platform_role)).label("lacks_factor"),
            func.coalesce(roles, func.jsonb_build_object()).label("roles"),
            func.coalesce(limits, func.jsonb_build_object()).label("limits"),
        )
        .join(User, User.id == Session.user_id)
        .outerjoin(Membership, Membership.user_id == User.id)
        .outerjoin(Merchant, Merchant.id == Membership.merchant_id)
        .where(*where, Session.revoked_at.is_(None), Session.expires_at > clock, User.is_active)
        .group_by(Session.id, User.id)
    )
    row = found.mappings().one_or_none()
    if row is None:
        return None
    facts = dict(row)
    facts["platform_role"] = PlatformRole(row["platform_role"]) if row["platform_role"] else None
    facts["roles"] = {UUID(merchant_id): MerchantRole(role) for merchant_id, role in row["roles"].items()}
    facts["limits"] = {
        UUID(merchant_id): frozenset(map(UUID, event_ids)) for merchant_id, event_ids in row["limits"].items()
    }
    return SignedIn(**facts)


def _counting_platform_role() -> ColumnElement[PlatformRole | None]:
    """It opens every merchant, so one that asks for a second factor asks it of administrators too."""
    asking = aliased(Merchant)
    is_asked = select(asking.id).where(asking.needs_second_factor).exists()
    # In this order, so that nobody else's request looks for one.
    return case((User.platform_role.is_(None), None), (Session.is_strong | ~is_asked, User.platform_role))


async def list_working(
    session: ReadSession, user_ids: Collection[UUID], *, merchant_id: UUID, event_id: UUID
) -> frozenset[UUID]:
    """Who of these people may still sign in and has a part in this event of the merchant's."""
    at_event = or_(Membership.event_ids.is_(None), literal(event_id) == any_(Membership.event_ids))
    is_member = exists().where(Membership.user_id == User.id, Membership.merchant_id == merchant_id, at_event)
    works = or_(User.platform_role.is_not(None), is_member)
    found = await session.scalars(select(User.id).where(User.id.in_(user_ids), User.is_active, works))
    return frozenset(found)


async def find_credentials(session: ReadSession, email: str) -> Credentials | None:
    """The stored hash for an address, whatever its letter case."""
    found = await session.execute(
        select(User.id, User.password_hash, User.is_active, User.password_changed_at).where(
            func.lower(User.email) == fold_email(email)
        )
    )
    row = found.one_or_none()
    return Credentials(*row) if row else None


async def find_user_by_email(session: ReadSession, email: str) -> User | None:
    """The user with this address, whatever its letter case."""
    return await session.scalar(select(User).where(func.lower(User.email) == fold_email(email)))


async def find_reachable(session: ReadSession, user_id: UUID) -> User | None:
    """The person, if a mail reaches them: they proved their address, or whoever gave them a role answers for it."""
    has_role = exists().where(Membership.user_id == User.id)
    proven = or_(User.email_verified_at.is_not(None), User.platform_role.is_not(None), has_role)
    return await session.scalar(select(User).where(User.id == user_id, User.is_active, proven))


def token_digest(token: str) -> bytes:
    """What is stored of a session token; 256 random bits need neither salt nor stretching."""
    return sha256(token.encode()).digest()
