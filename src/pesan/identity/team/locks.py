"""The rows that a change of a team locks: the merchant's memberships, then invitations, then the user."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from pesan.db import WriteSession
from pesan.identity.models import Membership
from pesan.identity.team.models import Invitation
from pesan.identity.team.queries import OPEN


async def lock_team(session: WriteSession, merchant_id: UUID) -> Mapping[UUID, Membership]:
    """The roles at a merchant, by person, as they are now that nobody else changes them.

    Two organizers who remove each other would otherwise leave nobody who can invite.
    """
    rows = await session.scalars(
        select(Membership)
        .where(Membership.merchant_id == merchant_id)
        .order_by(Membership.user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.user_id: row for row in rows}


async def lock_invitation(session: WriteSession, invitation_id: UUID) -> Invitation | None:
    """An invitation that can still be taken up, which nobody else takes up or withdraws meanwhile."""
    return await session.scalar(
        select(Invitation)
        .where(Invitation.id == invitation_id, *OPEN)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


async def lock_sent_invitations(
    session: WriteSession, user_id: UUID, merchant_id: UUID
) -> Sequence[Invitation]:
    """What somebody sent for a merchant and nobody has taken up yet; the team is locked before."""
    rows = await session.scalars(
        select(Invitation)
        .where(Invitation.merchant_id == merchant_id, Invitation.invited_by == user_id, *OPEN)
        .order_by(Invitation.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return rows.all()
