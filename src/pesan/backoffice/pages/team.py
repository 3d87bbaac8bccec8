"""The people of a merchant: invited, given roles and events, taken off the team."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.state import FormState, M, Submitted, read_form
from pesan.backoffice.forms.team import InvitationForm, PlaceForm
from pesan.backoffice.queries.events import list_event_choices
from pesan.backoffice.views.team import EventChoice, TeamPage, invitation_row, member_row
from pesan.backoffice.words import ROLES
from pesan.catalog.states import TICKETS
from pesan.errors import InvalidInput, PesanError
from pesan.identity.policies import may_manage
from pesan.identity.team.queries import list_invitations, list_team
from pesan.identity.team.service import (
    Place,
    change_member,
    invite,
    remove_member,
    withdraw_invitation,
)
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.errors import BadRequest
from pesan.web.limits import limit

router = APIRouter(prefix="/organizer/{merchant}/team", dependencies=[allow(Who.ORGANIZER)])
_NEW = FormState({"role": "staff", "reach": "all"})


@router.get("")
async def show_team(desk: DeskOf, merchant: str, done: str = "") -> Response:
    """Who works here, who is invited, and the form to invite."""
    return await _page(desk, merchant, done=done)


@router.post("/invitations", dependencies=[limit("invitations", 30, 3600), require_csrf])
async def submit_invitation(desk: DeskOf, merchant: str) -> Response:
    """Send somebody a link that takes them in; the answer does not tell whether they have an account."""
    form = await _read(desk, InvitationForm)
    if form.valid is None:
        return await _page(desk, merchant, form=form.state, status=422)
    merchant_id, place = await _place(desk, merchant, form.valid)
    try:
        async with desk.database.identity(desk.actor) as session:
            await invite(
                session,
                merchant_id=merchant_id,
                email=form.valid.email,
                place=place,
                locale=desk.locale,
                actor=desk.actor,
            )
    except InvalidInput as refusal:
        state = FormState(form.state.values, {refusal.field: refusal.field_message})
        return await _page(desk, merchant, form=state, status=refusal.status)
    except PesanError as refusal:
        return await _page(desk, merchant, form=form.state, refusal=refusal)
    return go(f"/organizer/{merchant}/team?done=invited")


@router.post("/invitations/{invitation_id}/withdraw", dependencies=[require_csrf])
async def submit_withdrawal(desk: DeskOf, merchant: str, invitation_id: UUID) -> Response:
    """Make the link of an invitation useless."""
    merchant_id = await _merchant_id(desk, merchant)
    async with desk.database.identity(desk.actor) as session:
        await withdraw_invitation(session, invitation_id, merchant_id=merchant_id, actor=desk.actor)
    return go(f"/organizer/{merchant}/team?done=withdrawn")


@router.post("/{user_id}", dependencies=[require_csrf])
async def submit_place(desk: DeskOf, merchant: str, user_id: UUID) -> Response:
    """Change somebody's role or events; they sign in again."""
    form = await _read(desk, PlaceForm)
    if form.valid is None:
        mend = next(iter(form.state.errors.values()))
        return await _page(desk, merchant, problem=desk.text(mend), status=422)
    merchant_id, place = await _place(desk, merchant, form.valid)
    try:
        async with desk.database.identity(desk.actor) as session:
            await change_member(session, user_id, merchant_id=merchant_id, place=place, actor=desk.actor)
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal)
    return go(f"/organizer/{merchant}/team?done=changed")


@router.post("/{user_id}/remove", dependencies=[require_csrf])
async def submit_removal(desk: DeskOf, merchant: str, user_id: UUID) -> Response:
    """Take somebody off the team; what they have open ends at once."""
    merchant_id = await _merchant_id(desk, merchant)
    try:
        async with desk.database.identity(desk.actor) as session:
            await remove_member(session, user_id, merchant_id=merchant_id, actor=desk.actor)
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal)
    return go(f"/organizer/{merchant}/team?done=removed")


async def _read(desk: Desk, schema: type[M]) -> Submitted[M]:
    typed = await desk.request.form()
    return read_form(schema, {**dict(typed), "event_ids": typed.getlist("event_ids")})


async def _merchant_id(desk: Desk, merchant: str) -> UUID:
    async with desk.reading("team", merchant, may_manage) as room:
        return room.shop.id


async def _place(desk: Desk, merchant: str, form: PlaceForm) -> tuple[UUID, Place]:
    """The merchant and the wanted place; raises BadRequest for another merchant's event."""
    async with desk.reading("team", merchant, may_manage) as room:
        own = {event.id for event in await list_event_choices(room.session, room.shop.id)}
    place = form.to_place(own)
    if place is None:
        raise BadRequest
    return room.shop.id, place


async def _page(
    desk: Desk,
    merchant: str,
    *,
    form: FormState = _NEW,
    refusal: PesanError | None = None,
    problem: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    async with desk.reading("team", merchant, may_manage) as room:
        events = await list_event_choices(room.session, room.shop.id)
    async with desk.database.identity() as session:
        members = await list_team(session, room.shop.id)
        invitations = await list_invitations(session, room.shop.id)
    titles = {event.id: event.title for event in events}
    path, me = f"{room.shop.path}/team", desk.person.user_id
    page = TeamPage(
        members=[member_row(one, titles, path=path, is_self=one.user_id == me) for one in members],
        invitations=[invitation_row(one, titles, path=path) for one in invitations],
        events=[
            EventChoice(str(event.id), event.title, event.starts_at if event.fulfilment == TICKETS else None)
            for event in events
        ],
        form=form,
        problem=refusal.text(desk.locale) if refusal else problem,
        done=done,
    )
    context: dict[str, Any] = {"page": page, "schema": InvitationForm, "roles": ROLES}
    return desk.page(room.chrome, "team", context, status=refusal.status if refusal else status)
