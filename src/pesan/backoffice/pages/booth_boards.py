"""The boards of the booth desk: all outlets, and every booth of one with what is to be done there."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.pages.booth_room import (
    SECTION,
    OutletRoom,
    booths_path,
    frame_of,
    reading_outlet,
    show_outlet,
)
from pesan.backoffice.pages.booth_sessions import submit_move
from pesan.backoffice.queries.booth_boards import get_board, list_tallies
from pesan.backoffice.views.booth_board import BoardPage, outlet_row, tile_view
from pesan.backoffice.views.booth_words import said
from pesan.booths.policies import may_run_booths
from pesan.booths.states import SessionEvent, SessionState
from pesan.errors import PesanError
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/backoffice/booths/{merchant}", dependencies=[allow(Who.STAFF)])
Done = Annotated[str, Query(pattern="^(late|booked|waiting)?$")]
_OUTLET = "/outlets/{outlet_id}"


@router.get("")
async def show_outlets(desk: DeskOf, merchant: str) -> Response:
    """The outlets at which the person works, with how many customers are where."""
    async with desk.reading(SECTION, merchant) as room:
        tallies = await list_tallies(room.session, room.shop.id)
        may_run = may_run_booths(desk.person, room.shop.id)
        rows = [outlet_row(tally, frame_of(desk, room.shop, tally.view)) for tally in tallies]
        context = {
            "rows": [row for row in rows if not row.outlet.is_archived],
            "archived": [row for row in rows if row.outlet.is_archived] if may_run else [],
            "path": booths_path(room.shop),
            "may_run": may_run,
        }
        return desk.page(room.chrome, "booth_outlets", context)


@router.get(_OUTLET)
async def show_board(desk: DeskOf, merchant: str, outlet_id: UUID, done: Done = "") -> Response:
    """Every booth of the outlet as it is now; the page follows what happens there."""
    async with reading_outlet(desk, merchant, outlet_id) as room:
        return show_outlet(desk, room, "booth_board", {"page": await _page(room, done=done)})


@router.get(_OUTLET + "/tiles")
async def show_tiles(desk: DeskOf, merchant: str, outlet_id: UUID) -> Response:
    """The booths alone, for the page that follows."""
    async with reading_outlet(desk, merchant, outlet_id) as room:
        return show_outlet(desk, room, "booth_tiles", {"page": await _page(room)})


@router.post(_OUTLET + "/sessions/{session_id}/arrive", dependencies=[require_csrf])
async def submit_arrival(desk: DeskOf, merchant: str, outlet_id: UUID, session_id: UUID) -> Response:
    """The customer is there; whoever is too late is told so."""
    return await _move(desk, merchant, outlet_id, session_id, SessionEvent.ARRIVE)


@router.post(_OUTLET + "/sessions/{session_id}/start", dependencies=[require_csrf])
async def submit_start(desk: DeskOf, merchant: str, outlet_id: UUID, session_id: UUID) -> Response:
    """The session begins, and is over by itself."""
    return await _move(desk, merchant, outlet_id, session_id, SessionEvent.START)


@router.post(_OUTLET + "/sessions/{session_id}/finish", dependencies=[require_csrf])
async def submit_finish(desk: DeskOf, merchant: str, outlet_id: UUID, session_id: UUID) -> Response:
    """The session is over before its time."""
    return await _move(desk, merchant, outlet_id, session_id, SessionEvent.FINISH)


async def _move(
    desk: Desk, merchant: str, outlet_id: UUID, session_id: UUID, event: SessionEvent
) -> Response:
    try:
        state = await submit_move(desk, merchant, outlet_id, session_id, event)
    except PesanError as refusal:
        if refusal.status != 409:
            raise
        return await _refused(desk, merchant, outlet_id, refusal)
    is_late = event is SessionEvent.ARRIVE and state is SessionState.EXPIRED
    return go(f"/backoffice/booths/{merchant}/outlets/{outlet_id}{'?done=late' if is_late else ''}")


async def _refused(desk: Desk, merchant: str, outlet_id: UUID, refusal: PesanError) -> Response:
    async with reading_outlet(desk, merchant, outlet_id) as room:
        context: dict[str, Any] = {"page": await _page(room, problem=said(refusal, desk.locale))}
        return show_outlet(desk, room, "booth_board", context, status=refusal.status)


async def _page(room: OutletRoom, *, done: str = "", problem: str = "") -> BoardPage:
    board = await get_board(room.session, room.view.outlet.event_id)
    return BoardPage(
        outlet=room.frame,
        now=board.now,
        seq=board.seq,
        socket=f"/ws?outlet={room.view.outlet.event_id}",
        tiles=[tile_view(tile, board, room.frame.path) for tile in board.tiles],
        done=done,
        problem=problem,
    )
