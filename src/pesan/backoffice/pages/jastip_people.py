"""Those who take part in a trip: found, added by hand, and told no more."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.jastip import MemberForm
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.pages.jastip_room import TripRoom, reading_trip, show_trip, writing_trip
from pesan.backoffice.pages.listing import address_of, next_address
from pesan.backoffice.queries.jastip_people import Member, list_members
from pesan.backoffice.views.jastip import MemberFilters, MemberRow, MembersPage, phone_of
from pesan.db import ReadSession
from pesan.errors import PesanError
from pesan.jastip.errors import ParticipantNotFound
from pesan.jastip.queries.trips import get_trip
from pesan.jastip.service.orders import get_participant
from pesan.jastip.service.participants import Joiner, add_participant, unsubscribe
from pesan.jastip.states import JoinState
from pesan.kit.pagination import BadCursor
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.errors import BadRequest

router = APIRouter(prefix="/jastip/{merchant}/trips/{trip_id}/people", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[str, Query(pattern="^(added|unsubscribed)?$")]
State = Annotated[str, Query(pattern="^(pending|joined|left)?$")]
Search = Annotated[str, Query(max_length=100)]


@router.get("")
async def show_people(
    desk: DeskOf,
    merchant: str,
    trip_id: UUID,
    *,
    q: Search = "",
    state: State = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
    done: Done = "",
) -> Response:
    """Those who take part, the newest first."""
    return await _page(
        desk, merchant, trip_id, filters=MemberFilters(q.strip(), state), after=after, done=done
    )


@router.post("", dependencies=[require_csrf])
async def submit_person(desk: DeskOf, merchant: str, trip_id: UUID) -> Response:
    """Add somebody whose number the jastiper knows to be theirs."""
    form = read_form(MemberForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _page(desk, merchant, trip_id, form=form.state, status=422)
    joiner = Joiner(form.valid.name, form.valid.wa)
    try:
        async with writing_trip(desk, merchant, trip_id) as work:
            trip = await get_trip(work.session, trip_id)
            await add_participant(work.session, trip, joiner, state=JoinState.JOINED, actor=desk.actor)
    except PesanError as refusal:
        if refusal.status != 409:
            raise
        problem = refusal.text(desk.locale)
        return await _page(desk, merchant, trip_id, form=form.state, problem=problem, status=409)
    return go(f"/jastip/{merchant}/trips/{trip_id}/people?done=added")


@router.post("/{participant_id}/unsubscribe", dependencies=[require_csrf])
async def submit_unsubscription(desk: DeskOf, merchant: str, trip_id: UUID, participant_id: UUID) -> Response:
    """Tell somebody nothing more of the trip but what they ask and what becomes of their orders."""
    async with writing_trip(desk, merchant, trip_id) as work:
        await _own_person(work.session, trip_id, participant_id)
        await unsubscribe(work.session, participant_id, actor=desk.actor)
    return go(f"/jastip/{merchant}/trips/{trip_id}/people?done=unsubscribed")


async def _own_person(session: ReadSession, trip_id: UUID, participant_id: UUID) -> None:
    if (await get_participant(session, participant_id)).event_id != trip_id:
        raise ParticipantNotFound


async def _page(
    desk: Desk,
    merchant: str,
    trip_id: UUID,
    *,
    form: FormState | None = None,
    filters: MemberFilters | None = None,
    after: str | None = None,
    status: int = 200,
    **notes: str,
) -> Response:
    filters = filters or MemberFilters()
    async with reading_trip(desk, merchant, trip_id) as room:
        try:
            found = await list_members(
                room.session, trip_id, search=filters.q, state=filters.state, cursor=after
            )
        except BadCursor as error:
            raise BadRequest from error
        path = f"{room.frame.path}/people"
        page = MembersPage(
            [_row(room, member) for member in found.rows],
            found.total,
            path,
            form or FormState(),
            filters,
            next_url=next_address(path, filters, found.next_cursor),
            first_url=address_of(path, filters) if after else None,
            **notes,
        )
        return show_trip(desk, room, "jastip_people", {"page": page, "schema": MemberForm}, status=status)


def _row(room: TripRoom, member: Member) -> MemberRow:
    person = member.person
    return MemberRow(
        id=str(person.id),
        name=person.name,
        phone=phone_of(person.wa),
        state="left" if person.unsubscribed_at else person.state,
        orders=member.orders,
        amount=member.amount,
        inviter=member.inviter or "",
        since=person.joined_at or person.created_at,
        path=f"{room.frame.path}/people/{person.id}",
        orders_path=f"{room.frame.path}?{urlencode({'q': person.wa or person.name})}",
    )
