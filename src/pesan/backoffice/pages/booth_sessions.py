"""One session of an outlet: where it stands, put elsewhere by hand and back, and what happened to it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import select
from starlette.responses import Response

from pesan.audit.queries import list_entries
from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.booths import OverrideForm
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.pages.bookings import naming_of
from pesan.backoffice.pages.booth_room import OutletRoom, reading_outlet, show_outlet
from pesan.backoffice.views.bookings import TrailEntry
from pesan.backoffice.views.booth_sessions import session_page
from pesan.backoffice.views.booth_words import SESSION_ACTIONS, said
from pesan.backoffice.views.detail import trail_entry
from pesan.backoffice.words import ACTORS
from pesan.booths.desk import BoothDesk
from pesan.booths.errors import SessionNotFound
from pesan.booths.moves import SessionMove
from pesan.booths.queries.sessions import Booked, get_booked
from pesan.booths.states import SessionEvent, SessionState
from pesan.db import ReadSession
from pesan.errors import PesanError
from pesan.identity.models import User
from pesan.orders.moves import Replayed
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(
    prefix="/backoffice/booths/{merchant}/outlets/{outlet_id}/sessions/{session_id}",
    dependencies=[allow(Who.STAFF)],
)
Done = Annotated[str, Query(pattern="^(overridden|undone)?$")]


@router.get("")
async def show_session(
    desk: DeskOf, merchant: str, outlet_id: UUID, session_id: UUID, done: Done = ""
) -> Response:
    """The session, the form that puts it elsewhere, and its history."""
    return await _page(desk, merchant, outlet_id, session_id, done=done)


@router.post("/override", dependencies=[require_csrf])
async def submit_override(desk: DeskOf, merchant: str, outlet_id: UUID, session_id: UUID) -> Response:
    """Put the session where it belongs, and say why; a booking that is not paid is called off."""
    form = read_form(OverrideForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _page(desk, merchant, outlet_id, session_id, form=form.state, status=422)
    wish = form.valid
    try:
        await submit_move(
            desk,
            merchant,
            outlet_id,
            session_id,
            SessionEvent.OVERRIDE,
            target=wish.target,
            reason=wish.reason,
        )
    except PesanError as refusal:
        return await _refused(desk, merchant, outlet_id, session_id, refusal=refusal, form=form.state)
    return go(f"{_address(merchant, outlet_id, session_id)}?done=overridden")


@router.post("/undo", dependencies=[require_csrf])
async def submit_undo(desk: DeskOf, merchant: str, outlet_id: UUID, session_id: UUID) -> Response:
    """Put the session back to where it stood, while nothing followed."""
    try:
        await submit_move(desk, merchant, outlet_id, session_id, SessionEvent.UNDO)
    except PesanError as refusal:
        return await _refused(desk, merchant, outlet_id, session_id, refusal=refusal)
    return go(f"{_address(merchant, outlet_id, session_id)}?done=undone")


async def submit_move(
    desk: Desk,
    merchant: str,
    outlet_id: UUID,
    session_id: UUID,
    event: SessionEvent,
    *,
    target: SessionState | None = None,
    reason: str | None = None,
) -> SessionState | None:
    """Hand in a move of this outlet's session: where it stands then; raises what the booth desk refuses."""
    async with reading_outlet(desk, merchant, outlet_id) as room:
        booked = await _booked(room.session, outlet_id, session_id)
    move = SessionMove(event, booked.order.id, desk.actor, target=target, reason=reason)
    moved = await desk.registry[BoothDesk].submit(move)
    return None if isinstance(moved, Replayed) else moved.state


async def _refused(
    desk: Desk,
    merchant: str,
    outlet_id: UUID,
    session_id: UUID,
    *,
    refusal: PesanError,
    form: FormState | None = None,
) -> Response:
    if refusal.status != 409:
        raise refusal
    problem = said(refusal, desk.locale)
    return await _page(desk, merchant, outlet_id, session_id, form=form, problem=problem, status=409)


async def _page(
    desk: Desk,
    merchant: str,
    outlet_id: UUID,
    session_id: UUID,
    *,
    form: FormState | None = None,
    done: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    async with reading_outlet(desk, merchant, outlet_id) as room:
        booked = await _booked(room.session, outlet_id, session_id)
        page = session_page(
            booked,
            room.frame,
            naming_of(desk, room.room.shop),
            await _trail(room, booked.order.id),
            form=form,
            done=done,
            problem=problem,
        )
        context = {"page": page, "schema": OverrideForm, "actions": SESSION_ACTIONS, "actors": ACTORS}
        return show_outlet(desk, room, "booth_session", context, status=status)


async def _trail(room: OutletRoom, order_id: UUID) -> list[TrailEntry]:
    """What happened, the newest first, with the names of whoever did it."""
    records = await list_entries(room.session, order_id)
    actors = {record.entry.actor_id for record in records} - {None}
    rows = await room.session.execute(select(User.id, User.name).where(User.id.in_(actors)))
    names = {user_id: name for user_id, name in rows}  # noqa: C416  a row is a tuple, which mypy cannot see
    return [trail_entry(record, names) for record in reversed(records)]


async def _booked(session: ReadSession, outlet_id: UUID, session_id: UUID) -> Booked:
    booked = await get_booked(session, str(session_id))
    if booked.order.event_id != outlet_id:
        raise SessionNotFound
    return booked


def _address(merchant: str, outlet_id: UUID, session_id: UUID) -> str:
    return f"/backoffice/booths/{merchant}/outlets/{outlet_id}/sessions/{session_id}"
