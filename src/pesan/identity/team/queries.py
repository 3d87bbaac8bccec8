"""Reading a merchant's team. Runs in `Database.identity()`: addresses and sessions are seen nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from pesan.db import ReadSession
from pesan.identity.errors import LinkOver
from pesan.identity.factors.queries import holds_factor
from pesan.identity.models import Membership, Session, User
from pesan.identity.states import MerchantRole, SessionKind
from pesan.identity.team.models import Invitation
from pesan.tenancy.models import Merchant

OPEN = (
    Invitation.accepted_at.is_(None),
    Invitation.withdrawn_at.is_(None),
    Invitation.expires_at > func.clock_timestamp(),
)
"""An invitation that can be taken up."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a merchant's team; `logged_in_at` is None when it is longer ago than sessions are kept."""

    user_id: UUID
    name: str
    email: str
    role: MerchantRole
    event_ids: Sequence[UUID] | None
    has_factor: bool
    logged_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invited:
    """What an invitation offers to whoever follows its link."""

    invitation: Invitation
    merchant_name: str


async def list_team(session: ReadSession, merchant_id: UUID) -> Sequence[Member]:
    """The merchant's people, organizers first."""
    logged_in = (
        select(func.max(Session.created_at))
        .where(Session.user_id == User.id, Session.kind != SessionKind.WAITING)
        .correlate(User)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(
            User.id,
            User.name,
            User.email,
            Membership.role,
            Membership.event_ids,
            holds_factor(User.id),
            logged_in,
        )
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.merchant_id == merchant_id, User.is_active)
        .order_by(Membership.role, func.lower(User.name), User.id)
    )
    return [Member(row[0], row[1], row[2], MerchantRole(row[3]), *row[4:]) for row in rows]


async def list_invitations(session: ReadSession, merchant_id: UUID) -> Sequence[Invitation]:
    """The merchant's invitations whose links still work, the latest first."""
    query = (
        select(Invitation)
        .where(Invitation.merchant_id == merchant_id, *OPEN)
        .order_by(Invitation.created_at.desc(), Invitation.id)
    )
    return (await session.scalars(query)).all()


async def get_invited(session: ReadSession, invitation_id: UUID) -> Invited:
    """An invitation whose link works, and whose it is; raises LinkOver."""
    query = select(Invitation, Merchant.name).join(Merchant, Merchant.id == Invitation.merchant_id)
    row = (await session.execute(query.where(Invitation.id == invitation_id, *OPEN))).one_or_none()
    if row is None:
        raise LinkOver
    return Invited(*row)


async def may_still_invite(session: ReadSession, invitation: Invitation) -> bool:
    """Whether who sent an invitation organizes the whole merchant today too, or administers the instance."""
    organizes = and_(
        Membership.user_id == User.id,
        Membership.merchant_id == invitation.merchant_id,
        Membership.role == MerchantRole.ORGANIZER,
        Membership.event_ids.is_(None),
    )
    sender = (
        select(User.id)
        .outerjoin(Membership, organizes)
        .where(User.id == invitation.invited_by, User.is_active)
        .where(or_(User.platform_role.is_not(None), Membership.user_id.is_not(None)))
    )
    return await session.scalar(sender) is not None
