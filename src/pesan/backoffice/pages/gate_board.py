"""The live board of an event's gates: who came in where, which devices are well, and every scan."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from pesan.backoffice.desk import Desk, DeskOf, Room
from pesan.backoffice.pages.exporting import Export, send_export
from pesan.backoffice.pages.listing import address_of, file_addresses, find_id, next_address
from pesan.backoffice.queries.events import OwnEvent, get_event
from pesan.backoffice.views import gate_board as views
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.gate_board import BoardFilters, BoardPage
from pesan.backoffice.views.gate_words import (
    GATE_DIRECTIONS,
    SCAN_EXPORT_HEADER,
    reason_word,
    result_words,
)
from pesan.catalog.models import Event
from pesan.gates import board
from pesan.gates.board import REFUSED, Logged, Wanted
from pesan.gates.states import Result
from pesan.gates.topics import topic_of
from pesan.identity.policies import SignedIn, may_export_masked, may_manage_events, may_review
from pesan.kit.export import Cell, ExportFormat
from pesan.kit.i18n import Locale
from pesan.kit.ids import shown_code
from pesan.kit.pagination import BadCursor
from pesan.kit.times import in_zone
from pesan.realtime import Hub
from pesan.realtime.gate import StreamGate
from pesan.realtime.sse import Pace, Snapshot, stream
from pesan.web.access import Who, allow
from pesan.web.cookies import session_token
from pesan.web.csrf import require_csrf
from pesan.web.deps import ip_digest
from pesan.web.errors import BadRequest
from pesan.web.limits import limit
from pesan.web.people import Sessions

router = APIRouter(
    prefix="/organizer/{merchant}/events/{short_id}/gates/board", dependencies=[allow(Who.STAFF)]
)
# At a busy gate something changes all the time, and nobody reads faster than this.
PACE = Pace(gap=2.0)


def read_filters(
    q: Annotated[str, Query(max_length=100)] = "",
    result: Annotated[str, Query(max_length=11)] = "",
    gate: Annotated[str, Query(max_length=40)] = "",
) -> BoardFilters:
    """What narrows the list, from the address; what makes no sense does not narrow."""
    known = result if result in {REFUSED, *Result} else ""
    return BoardFilters(q=q, result=known, gate=gate if find_id(gate) else "")


Filters = Annotated[BoardFilters, Depends(read_filters)]


@router.get("")
async def show_board(
    desk: DeskOf,
    merchant: str,
    short_id: str,
    filters: Filters,
    *,
    after: Annotated[str | None, Query(max_length=400)] = None,
    pause: bool = False,
    undone: bool = False,
) -> Response:
    """The event's gates as they are now; older scans and a paused board stand still."""
    async with desk.reading("events", merchant) as room:
        own = await get_event(room.session, room.shop.id, short_id)
        page = await _page(desk, room, own, filters, after)
        page = replace(page, is_paused=pause, has_undone=undone)
        return desk.page(room.chrome, "gate_board", {"page": page})


@router.get("/stream")
async def stream_board(desk: DeskOf, merchant: str, short_id: str, request: Request) -> Response:
    """Says when something changed at the gates; the page then reads itself again."""
    async with desk.reading("events", merchant) as room:
        event = (await get_event(room.session, room.shop.id, short_id)).event
    return await stream(
        desk.registry[Hub],
        desk.registry[StreamGate],
        topics=[topic_of(event.id)],
        peer=ip_digest(request),
        fetch=partial(_snapshot, desk, session_token(request), event),
        last_event_id=request.headers.get("last-event-id"),
        pace=PACE,
    )


@router.post("/export", dependencies=[limit("export", 30, 3600), require_csrf])
async def export_scans(
    desk: DeskOf,
    merchant: str,
    short_id: str,
    kind: Annotated[ExportFormat, Query(alias="format")],
    filters: Filters,
) -> StreamingResponse:
    """Every scan that matches, as a file; codes are whole for those who may have them."""

    async def portions(room: Room) -> AsyncIterator[Sequence[Sequence[Cell]]]:
        event = (await get_event(room.session, room.shop.id, short_id)).event
        is_open = may_manage_events(desk.person, room.shop.id)
        async for portion in board.stream_scans(room.session, event, _wanted(filters)):
            yield [_cells(found, room.shop.zone, desk.locale, is_open=is_open) for found in portion]

    export = Export(
        f"scan-{short_id}" if short_id.isalnum() else "scan",
        SCAN_EXPORT_HEADER,
        portions,
        "merchant:scans:exported",
        tuple(filters.query()),
        about={"event": short_id},
        rule=may_export_masked,
    )
    return await send_export(desk, merchant, kind, export)


async def _page(desk: Desk, room: Room, own: OwnEvent, filters: BoardFilters, after: str | None) -> BoardPage:
    shop, event, locale = room.shop, own.event, desk.locale
    found = await board.load_board(room.session, event, now=own.now)
    try:
        scans = await board.list_scans(room.session, event, _wanted(filters), cursor=after)
    except BadCursor as error:
        raise BadRequest from error
    is_open = may_manage_events(desk.person, shop.id)
    naming = Naming(shop.path, is_open)
    path = f"{shop.path}/events/{event.short_id}"
    undo_path = f"{path}/gates/scans" if is_open else ""
    charts, ceiling = views.gate_charts(found, shop.zone, locale)
    return BoardPage(
        event_title=event.title,
        event_path=path if is_open else f"{path}/attendees",
        path=f"{path}/gates",
        now=own.now,
        all=views.whole(found.crowds),
        crowds=views.named(found.crowds, locale),
        charts=charts,
        ceiling=ceiling,
        table=views.minute_table(charts),
        scans=sum(found.shown.values()),
        refused_share=views.refused_share(found.shown, locale),
        results=views.result_bars(found.shown, locale),
        refused=[views.scan_row(each, naming, locale) for each in found.refused],
        devices=views.device_rows(found, own.now, locale),
        open_conflicts=found.open_conflicts,
        rows=[views.scan_row(each, naming, locale, undo_path=undo_path) for each in scans.items],
        filters=filters,
        choices=views.filter_choices(locale),
        gates=[(str(gate.id), gate.name) for gate in found.gates],
        is_live=after is None,
        may_undo=is_open,
        next_url=next_address(f"{path}/gates/board", filters, scans.next_cursor),
        first_url=address_of(f"{path}/gates/board", filters) if after else None,
        export_urls=file_addresses(f"{path}/gates/board/export", filters)
        if may_export_masked(desk.person, shop.id)
        else None,
    )


async def _snapshot(desk: Desk, token: str, event: Event) -> Snapshot:
    """Which state the board is in; a person who was signed out or lost the role hears nothing more."""
    person = await desk.registry[Sessions].find(token)
    if not isinstance(person, SignedIn) or not may_review(person, event.merchant_id):
        return Snapshot("gone", "{}", event="gone", is_final=True)
    async with desk.database.read(person.to_actor()) as session:
        version = await board.read_version(session, event)
    return Snapshot(version, orjson.dumps({"state": version}).decode())


def _wanted(filters: BoardFilters) -> Wanted:
    return Wanted(filters.q, filters.result, find_id(filters.gate))


def _cells(found: Logged, zone: str, locale: Locale, *, is_open: bool) -> Sequence[Cell]:
    scan, ticket, words = found.scan, found.ticket, result_words(locale)
    times = (scan.scanned_at, scan.device_at, scan.received_at, scan.undone_at)
    scanned, on_device, received, undone = (
        in_zone(time, zone).replace(microsecond=0) if time else None for time in times
    )
    return [
        scanned,
        GATE_DIRECTIONS[scan.direction].in_(locale),
        words[scan.shown],
        words[scan.result],
        reason_word(scan.refusal or scan.reason, locale),
        found.gate,
        found.device,
        ticket.holder_name if ticket else None,
        found.type_name,
        found.seat.label if found.seat else None,
        shown_code(ticket.code, is_open=is_open) if ticket else None,
        "offline" if scan.is_offline else "online",
        scan.manual_reason,
        on_device,
        received,
        undone,
    ]
