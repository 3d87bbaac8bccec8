"""Taking a scan back: looked at once more, with a reason, by whoever organizes the event."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.review import read_note
from pesan.backoffice.queries.events import get_event
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.gate_board import UndoPage, scan_row
from pesan.errors import PesanError
from pesan.gates.board import get_scan
from pesan.gates.desk import GateDesk
from pesan.gates.errors import NothingToUndo, UndoReasonMissing
from pesan.gates.undoing import undo
from pesan.identity.policies import may_manage_events
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.deps import ip_digest

router = APIRouter(
    prefix="/organizer/{merchant}/events/{short_id}/gates/scans/{scan_id}/undo",
    dependencies=[allow(Who.ORGANIZER)],
)


@router.get("")
async def show_undo(desk: DeskOf, merchant: str, short_id: str, scan_id: UUID) -> Response:
    """The scan, and what taking it back does."""
    return await _page(desk, merchant, short_id, scan_id)


@router.post("", dependencies=[require_csrf])
async def submit_undo(desk: DeskOf, merchant: str, short_id: str, scan_id: UUID) -> Response:
    """Take it back."""
    reason = read_note(await desk.request.form())
    async with desk.reading("events", merchant, may_manage_events) as room:
        event = (await get_event(room.session, room.shop.id, short_id)).event
        await get_scan(room.session, event, scan_id)
    try:
        if not reason:
            raise UndoReasonMissing
        gates, told = desk.registry[GateDesk], {"reason": reason, "ip_digest": ip_digest(desk.request)}
        await undo(desk.database, gates, scan_id, person=desk.person, **told)
    except (NothingToUndo, UndoReasonMissing) as refusal:
        return await _page(desk, merchant, short_id, scan_id, refusal=refusal)
    return go(f"/organizer/{merchant}/events/{short_id}/gates/board?undone=true#scans")


async def _page(
    desk: Desk, merchant: str, short_id: str, scan_id: UUID, *, refusal: PesanError | None = None
) -> Response:
    async with desk.reading("events", merchant, may_manage_events) as room:
        event = (await get_event(room.session, room.shop.id, short_id)).event
        gates = f"{room.shop.path}/events/{event.short_id}/gates"
        found = await get_scan(room.session, event, scan_id)
        page = UndoPage(
            event_title=event.title,
            board_path=f"{gates}/board",
            row=scan_row(
                found, Naming(room.shop.path, is_open=True), desk.locale, undo_path=f"{gates}/scans"
            ),
            problem=refusal.text(desk.locale) if refusal else "",
        )
        return desk.page(room.chrome, "gate_undo", {"page": page}, status=refusal.status if refusal else 200)
