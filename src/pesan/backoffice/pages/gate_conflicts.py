"""What gates did and a person has to look at: every scan of it side by side, settled with a note."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, Room, go
from pesan.backoffice.forms.review import read_note
from pesan.backoffice.queries.events import get_event
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.gate_conflicts import ConflictsPage, Frame, conflict_card
from pesan.errors import PesanError
from pesan.gates import conflicts
from pesan.gates.board import count_open_conflicts
from pesan.gates.conflicts import Found, Settlement
from pesan.gates.errors import ConflictNoteMissing
from pesan.gates.topics import topic_of
from pesan.identity.policies import may_manage_events
from pesan.kit.pagination import BadCursor, Page
from pesan.realtime import Hub
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.errors import BadRequest

Cursor = Annotated[str | None, Query(max_length=400)]
router = APIRouter(
    prefix="/organizer/{merchant}/events/{short_id}/gates/conflicts", dependencies=[allow(Who.STAFF)]
)


@dataclass(frozen=True, slots=True)
class Refused:
    """What stood against the last wish, with what was typed."""

    refusal: PesanError
    conflict_id: str
    note: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far down either list somebody went."""

    open: str | None = None
    settled: str | None = None


def read_place(after: Cursor = None, settled_after: Cursor = None) -> Place:
    """The same, from the address."""
    return Place(after, settled_after)


@router.get("")
async def show_conflicts(
    desk: DeskOf,
    merchant: str,
    short_id: str,
    place: Annotated[Place, Depends(read_place)],
    *,
    done: Annotated[bool, Query()] = False,
) -> Response:
    """What waits, the oldest first, and what was settled, the latest first."""
    async with desk.reading("events", merchant) as room:
        page = await _page(desk, room, short_id, place, done=done)
        return desk.page(room.chrome, "gate_conflicts", {"page": page})


@router.post("/{conflict_id}/settle", dependencies=[require_csrf])
async def submit_note(desk: DeskOf, merchant: str, short_id: str, conflict_id: UUID) -> Response:
    """Settle a conflict; whoever looked at other scans than there are now is asked to look again."""
    form = await desk.request.form()
    note, seen = read_note(form), str(form.get("seen", ""))
    try:
        async with desk.writing(merchant) as room:
            event = (await get_event(room.session, room.shop.id, short_id)).event
            if not note:
                raise ConflictNoteMissing
            told = Settlement(seen, note)
            await conflicts.settle(room.session, conflict_id, event=event, told=told, actor=desk.actor)
    except PesanError as refusal:
        if refusal.status not in {409, 422}:
            raise
        return await _refused(desk, merchant, short_id, Refused(refusal, str(conflict_id), note))
    desk.registry[Hub].hint(topic_of(event.id))
    return go(f"/organizer/{merchant}/events/{short_id}/gates/conflicts?done=true")


async def _refused(desk: Desk, merchant: str, short_id: str, refused: Refused) -> Response:
    async with desk.reading("events", merchant) as room:
        page = await _page(desk, room, short_id, Place(), refused=refused)
        return desk.page(room.chrome, "gate_conflicts", {"page": page}, status=refused.refusal.status)


async def _page(
    desk: Desk,
    room: Room,
    short_id: str,
    place: Place,
    *,
    done: bool = False,
    refused: Refused | None = None,
) -> ConflictsPage:
    shop, session = room.shop, room.session
    event = (await get_event(session, shop.id, short_id)).event
    frame = Frame(shop.zone, desk.locale, Naming(shop.path, may_manage_events(desk.person, shop.id)))
    try:
        waiting = await conflicts.list_conflicts(session, event, is_open=True, cursor=place.open)
        settled = await conflicts.list_conflicts(session, event, is_open=False, cursor=place.settled)
    except BadCursor as error:
        raise BadRequest from error
    path = f"{shop.path}/events/{event.short_id}/gates"
    address = f"{path}/conflicts"
    return ConflictsPage(
        event_title=event.title,
        path=path,
        open=[conflict_card(found, frame) for found in waiting.items],
        settled=[conflict_card(found, frame) for found in settled.items],
        waiting=await count_open_conflicts(session, event),
        next_open_url=_further(address, Place(waiting.next_cursor, place.settled), waiting),
        next_settled_url=_further(address, Place(place.open, settled.next_cursor), settled),
        first_url=address if place != Place() else "",
        problem=refused.refusal.text(desk.locale) if refused else "",
        done=done,
        typed_id=refused.conflict_id if refused else "",
        typed=refused.note if refused else "",
    )


def _further(address: str, place: Place, page: Page[Found]) -> str:
    """Where the rest of a list is; nowhere at its end. The other list stays where it was."""
    if page.next_cursor is None:
        return ""
    steps = {"after": place.open, "settled_after": place.settled}
    return f"{address}?{urlencode({name: step for name, step in steps.items() if step})}"
