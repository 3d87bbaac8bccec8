"""Who works at outlets: a merchant's team, by the names of the booth desk's document."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from pesan.booths.api.desks import Desk, DeskOf
from pesan.booths.api.outlets import SIGNED_IN
from pesan.booths.api.schemas import (
    AdminAnswer,
    AdminChange,
    AdminInvitation,
    AdminRole,
    AdminsAnswer,
)
from pesan.booths.errors import OutletNotFound
from pesan.booths.queries.outlets import get_outlet
from pesan.errors import Forbidden
from pesan.identity.errors import InTeamAlready, OwnRole, UnknownUser
from pesan.identity.states import MerchantRole
from pesan.identity.team.models import Invitation
from pesan.identity.team.queries import Member, list_invitations, list_team
from pesan.identity.team.service import Place, change_member, invite
from pesan.web.access import Who, allow
from pesan.web.deps import get_locale
from pesan.web.errors import FactorNeeded, SignInNeeded, ValidationFailed
from pesan.web.json_bodies import read_json
from pesan.web.limits import limit
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

router = APIRouter(prefix="/admin-users", tags=["booths"], dependencies=[allow(Who.ORGANIZER)])
_REFUSALS = (SignInNeeded, FactorNeeded, Forbidden, ValidationFailed)
_ROLES = {AdminRole.ADMIN: MerchantRole.STAFF, AdminRole.SUPER_ADMIN: MerchantRole.ORGANIZER}
_NAMES = {role: name for name, role in _ROLES.items()}


@router.get("", responses=refusals(*_REFUSALS), openapi_extra=described(security=SIGNED_IN))
async def get_admins(desk: DeskOf, merchant_id: UUID | None = None) -> AdminsAnswer:
    """The merchant's people, super admins first, then whom it invited."""
    return await _list(desk, desk.merchant(merchant_id))


@router.post(
    "",
    status_code=201,
    response_model=AdminAnswer,
    dependencies=[limit("invitations", 30, 3600)],
    responses=refusals(*BODY_REFUSALS, *KEY_REFUSALS, *_REFUSALS, InTeamAlready, OutletNotFound),
    openapi_extra=described(KEY, body=json_of(AdminInvitation), security=SIGNED_IN),
)
async def post_admin(desk: DeskOf) -> Response:
    """Invite somebody by mail; the answer does not tell whether they have an account."""
    wish = await read_json(desk.request, AdminInvitation)
    chosen = desk.merchant(wish.merchant_id)
    place = await _place(desk, chosen, wish.role, wish.outlet_id)
    async with desk.database.identity(desk.actor) as session:

        async def make() -> AdminAnswer:
            invitation = await invite(
                session,
                merchant_id=chosen,
                email=wish.email,
                place=place,
                locale=get_locale(desk.request),
                actor=desk.actor,
            )
            return _invited(invitation)

        return await desk.once(session, make, status=201)


@router.patch(
    "/{user_id}",
    response_model=AdminAnswer,
    responses=refusals(*BODY_REFUSALS, *KEY_REFUSALS, *_REFUSALS, UnknownUser, OwnRole, OutletNotFound),
    openapi_extra=described(KEY, body=json_of(AdminChange), security=SIGNED_IN),
)
async def patch_admin(desk: DeskOf, user_id: UUID) -> Response:
    """Give somebody another role or outlet; they sign in again."""
    wish = await read_json(desk.request, AdminChange)
    chosen = desk.merchant(wish.merchant_id)
    place = await _place(desk, chosen, wish.role, wish.outlet_id)
    async with desk.database.identity(desk.actor) as session:

        async def make() -> AdminAnswer:
            await change_member(session, user_id, merchant_id=chosen, place=place, actor=desk.actor)
            changed = next(each for each in await list_team(session, chosen) if each.user_id == user_id)
            return _member(changed)

        return await desk.once(session, make)


async def _place(desk: Desk, merchant_id: UUID, role: AdminRole, outlet_id: UUID | None) -> Place:
    """What is offered; raises OutletNotFound for another merchant's outlet."""
    if outlet_id is None:
        return Place(_ROLES[role])
    async with desk.reading() as session:
        view = await get_outlet(session, outlet_id)
    if view.outlet.merchant_id != merchant_id:
        raise OutletNotFound
    return Place(_ROLES[role], frozenset({outlet_id}))


async def _list(desk: Desk, merchant_id: UUID) -> AdminsAnswer:
    async with desk.database.identity() as session:
        members = [_member(each) for each in await list_team(session, merchant_id)]
        invited = [_invited(each) for each in await list_invitations(session, merchant_id)]
    return AdminsAnswer(items=members + invited)


def _member(member: Member) -> AdminAnswer:
    return AdminAnswer(
        id=member.user_id,
        name=member.name,
        email=member.email,
        role=_NAMES[member.role],
        outlet_id=_only(member.event_ids),
        outlet_ids=list(member.event_ids) if member.event_ids is not None else None,
        is_invited=False,
    )


def _invited(invitation: Invitation) -> AdminAnswer:
    return AdminAnswer(
        id=invitation.id,
        name=None,
        email=invitation.email,
        role=_NAMES[MerchantRole(invitation.role)],
        outlet_id=_only(invitation.event_ids),
        outlet_ids=invitation.event_ids,
        is_invited=True,
    )


def _only(event_ids: Sequence[UUID] | None) -> UUID | None:
    return event_ids[0] if event_ids and len(event_ids) == 1 else None
