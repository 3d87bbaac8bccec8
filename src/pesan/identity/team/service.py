"""Changing who works for a merchant. Runs in `Database.identity(actor)`; the policies bound what an actor reaches."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update

from pesan.audit.service import record
from pesan.db import Actor, Database, WriteSession
from pesan.errors import Forbidden
from pesan.identity.emails import clean_email, fold_email
from pesan.identity.errors import (
    InTeamAlready,
    LastOrganizer,
    LinkOver,
    OtherAddressInvited,
    OwnRole,
    UnknownInvitation,
    UnknownUser,
)
from pesan.identity.models import Membership, User
from pesan.identity.passwords import check_new_password, hash_password
from pesan.identity.queries import find_user_by_email
from pesan.identity.service.registering import note_verified
from pesan.identity.service.users import add_user, set_membership
from pesan.identity.states import MerchantRole
from pesan.identity.team.links import InvitationLinks
from pesan.identity.team.locks import lock_invitation, lock_sent_invitations, lock_team
from pesan.identity.team.models import INVITED_FOR, Invitation
from pesan.identity.team.queries import Invited, get_invited, may_still_invite
from pesan.jobs import enqueue
from pesan.kit.i18n import Locale
from pesan.kit.ids import new_id

INVITATION_TASK = "notifications.send_invitation"


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody may do at a merchant: a role, for some events or, with None, for all."""

    role: MerchantRole
    event_ids: frozenset[UUID] | None = None

    @property
    def ids(self) -> list[UUID] | None:
        """The events as a row keeps them."""
        return None if self.event_ids is None else sorted(self.event_ids)


async def invite(
    session: WriteSession, *, merchant_id: UUID, email: str, place: Place, locale: Locale, actor: Actor
) -> Invitation:
    """Offer an address a place in the team; an open invitation of the same address ends.

    Whether anybody has an account with the address changes nothing. **Locks** the team. **Raises** InvalidInput
    (e-mail), InTeamAlready, Forbidden. **Enqueues** the letter.
    """
    address = clean_email(email)
    team = await lock_team(session, merchant_id)
    _require_organizer(team, actor)
    known = await find_user_by_email(session, address)
    if known is not None and known.id in team:
        raise InTeamAlready
    await session.execute(
        update(Invitation)
        .where(Invitation.merchant_id == merchant_id, Invitation.email == address)
        .where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
        .values(withdrawn_at=func.clock_timestamp())
    )
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    invitation = Invitation(
        id=new_id(),
        merchant_id=merchant_id,
        email=address,
        role=place.role,
        event_ids=place.ids,
        locale=locale,
        invited_by=actor.user_id,
        expires_at=now + INVITED_FOR,
    )
    session.add(invitation)
    await session.flush()
    await _record(session, invitation, "sent", actor)
    await enqueue(session, INVITATION_TASK, invitation_id=invitation.id)
    return invitation


async def withdraw_invitation(
    session: WriteSession, invitation_id: UUID, *, merchant_id: UUID, actor: Actor
) -> None:
    """Make the link of an invitation useless. **Locks** the team, then it. **Raises** UnknownInvitation, Forbidden."""
    _require_organizer(await lock_team(session, merchant_id), actor)
    invitation = await lock_invitation(session, invitation_id)
    if invitation is None or invitation.merchant_id != merchant_id:
        raise UnknownInvitation
    invitation.withdrawn_at = func.clock_timestamp()
    await session.flush()
    await _record(session, invitation, "withdrawn", actor)


async def change_member(
    session: WriteSession, user_id: UUID, *, merchant_id: UUID, place: Place, actor: Actor
) -> None:
    """Give somebody of the team another role or other events; their sessions end.

    What they sent while they organized it all is withdrawn, unless they still do. **Locks** the team, then these
    invitations, then the user. **Raises** OwnRole, UnknownUser, Forbidden.
    """
    team = await lock_team(session, merchant_id)
    _require_organizer(team, actor)
    if user_id == actor.user_id:
        raise OwnRole
    if user_id not in team:
        raise UnknownUser
    if not _organizes(place):
        await _withdraw_sent(session, user_id, merchant_id, actor)
    await set_membership(
        session,
        user_id=user_id,
        merchant_id=merchant_id,
        role=place.role,
        event_ids=place.event_ids,
        actor=actor,
    )


async def remove_member(session: WriteSession, user_id: UUID, *, merchant_id: UUID, actor: Actor) -> None:
    """Take somebody off the team; their sessions end at once, and the invitations that they sent.

    **Locks** the team, then these invitations, then the user. **Raises** LastOrganizer, UnknownUser, Forbidden.
    """
    team = await lock_team(session, merchant_id)
    _require_organizer(team, actor)
    if user_id not in team:
        raise UnknownUser
    others = [person for person, row in team.items() if _organizes(row) and person != user_id]
    if user_id == actor.user_id and not others:
        raise LastOrganizer
    await _withdraw_sent(session, user_id, merchant_id, actor)
    await set_membership(session, user_id=user_id, merchant_id=merchant_id, role=None, actor=actor)


async def read_invitation(database: Database, links: InvitationLinks, token: str) -> Invited:
    """What a link offers; raises LinkOver."""
    async with database.identity() as session:
        now = (await session.scalars(select(func.extract("epoch", func.clock_timestamp())))).one()
        return await get_invited(session, links.read(token, float(now)))


async def accept(database: Database, invited: Invited, *, actor: Actor) -> None:
    """Take up an invitation as whoever is signed in, whose sessions end: they sign in with their new role.

    **Locks** the invitation, then the user. **Raises** LinkOver, OtherAddressInvited, InTeamAlready.
    """
    async with database.identity(actor) as session:
        user = await session.get_one(User, actor.user_id)
        if fold_email(user.email) != invited.invitation.email:
            raise OtherAddressInvited
        await _join(session, invited.invitation.id, user, actor)


async def accept_newly(
    database: Database, invited: Invited, *, name: str, password: str, locale: Locale, ip_digest: str | None
) -> None:
    """Make an account for an invited address and take up the invitation with it.

    Whoever has the link reads the address's mail, so the address is verified. **Raises** LinkOver, WeakPassword,
    EmailTaken. **Enqueues** that earlier bookings with this address join the account.
    """
    address = invited.invitation.email
    check_new_password(password, address, name)
    hashed = await hash_password(password)
    user = User(id=new_id(), email=address, name=name.strip(), password_hash=hashed, locale=locale)
    actor = Actor.user(user.id, ip_digest=ip_digest)
    async with database.identity(actor) as session:
        await add_user(session, user, actor=actor)
        await note_verified(session, user)
        await _join(session, invited.invitation.id, user, actor)


async def _join(session: WriteSession, invitation_id: UUID, user: User, actor: Actor) -> None:
    invitation = await lock_invitation(session, invitation_id)
    # Roles change elsewhere too, where nothing is withdrawn: by the command line, or with the whole account.
    if invitation is None or not await may_still_invite(session, invitation):
        raise LinkOver
    if await session.get(Membership, (user.id, invitation.merchant_id)) is not None:
        raise InTeamAlready
    await set_membership(
        session,
        user_id=user.id,
        merchant_id=invitation.merchant_id,
        role=MerchantRole(invitation.role),
        event_ids=invitation.event_ids,
        actor=actor,
    )
    invitation.accepted_at = func.clock_timestamp()
    await session.flush()
    await _record(session, invitation, "accepted", actor)


async def _withdraw_sent(session: WriteSession, user_id: UUID, merchant_id: UUID, actor: Actor) -> None:
    """Or somebody could come back by a link that they once sent to another address of theirs."""
    sent = await lock_sent_invitations(session, user_id, merchant_id)
    for invitation in sent:
        invitation.withdrawn_at = func.clock_timestamp()
    await session.flush()
    for invitation in sent:
        await _record(session, invitation, "withdrawn", actor)


def _require_organizer(team: Mapping[UUID, Membership], actor: Actor) -> None:
    """Asked again under the lock: a role that was taken away a moment ago opens nothing. Raises Forbidden."""
    mine = team.get(actor.user_id) if actor.user_id else None
    if not actor.is_platform_admin and (mine is None or not _organizes(mine)):
        raise Forbidden


def _organizes(row: Membership | Place) -> bool:
    return row.role == MerchantRole.ORGANIZER and row.event_ids is None


async def _record(session: WriteSession, invitation: Invitation, what: str, actor: Actor) -> None:
    await record(
        session,
        invitation,
        action=f"invitation:letter:{what}",
        actor=actor,
        merchant_id=invitation.merchant_id,
        data={"role": invitation.role, "is_limited": invitation.event_ids is not None},
    )
