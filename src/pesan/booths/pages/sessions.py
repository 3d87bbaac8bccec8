"""A booked session's own page, what changes on it, and choosing another time."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.booths.desk import BoothDesk
from pesan.booths.errors import NotReschedulable, SessionNotFound
from pesan.booths.models import Booth, BoothSession
from pesan.booths.present import Chosen, read_at, show_timetable, write_at
from pesan.booths.present_session import show_session, stamp_of
from pesan.booths.queries.availability import find_offer
from pesan.booths.queries.sessions import Booked, get_booked
from pesan.booths.queries.showing import Shown, get_shown, read_day
from pesan.booths.service.booking import TimeWish
from pesan.booths.service.moving import move_session
from pesan.booths.views import SessionView
from pesan.capacity.errors import SlotHeld, SlotTaken
from pesan.catalog.errors import SlotNotFound
from pesan.checkout.links import order_topic, session_path, status_path
from pesan.db import Actor, Database
from pesan.kit.ids import normalise_code
from pesan.kit.times import in_zone
from pesan.orders.states import OrderState
from pesan.realtime import Hub
from pesan.realtime.gate import StreamGate
from pesan.realtime.sse import Snapshot, stream
from pesan.web.access import Who, allow
from pesan.web.context import context_of, name_merchant
from pesan.web.cookies import remember_opened
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_database, get_locale, get_registry, guest_actor, ip_digest
from pesan.web.limits import CODE_MISSES, HOLD, Limiter, limit_misses
from pesan.web.pages import render
from pesan.web.requests import origin_of, text_of

_GONE = (SlotTaken, SlotHeld, SlotNotFound)
misses = limit_misses(CODE_MISSES.name, CODE_MISSES.count, CODE_MISSES.seconds)
router = APIRouter(prefix="/booths/bookings/{code}", dependencies=[allow(Who.GUEST_WITH_CODE), misses])


@dataclass(frozen=True, slots=True)
class _Visit:
    """A booking with its outlet; its session and its booth once it is paid for."""

    booked: Booked
    shown: Shown
    session: BoothSession
    booth: Booth

    def view(self, request: Request) -> SessionView:
        return show_session(self.booked, self.session, self.booth, self.shown, origin=origin_of(request))


@router.get("")
async def show_session_page(request: Request, code: str) -> Response:
    """Where the session stands, and the code to show on arriving; what is not paid is the booking's own page."""
    visit = await _visit(request, code)
    if visit is None:
        return RedirectResponse(status_path(normalise_code(code)), 303)
    response = _page(request, visit)
    remember_opened(request, response, visit.booked.order.code)
    return response


@router.get("/events")
async def stream_session(request: Request, code: str) -> Response:
    """The session's stamp, now and whenever it changes (SSE); a page that is refused a stream polls."""
    deps, actor, wanted = get_registry(request), guest_actor(request), normalise_code(code)
    booked = await _read(deps[Database], actor, wanted)

    async def fetch() -> Snapshot:
        now = await _read(deps[Database], actor, wanted)
        stamp = stamp_of(now, now.session) if now.session else now.order.state
        return Snapshot(stamp, orjson.dumps({"state": stamp}).decode())

    return await stream(
        deps[Hub],
        deps[StreamGate],
        topics=[order_topic(booked.order.id)],
        peer=ip_digest(request),
        fetch=fetch,
        last_event_id=request.headers.get("last-event-id"),
    )


async def _visit(request: Request, code: str) -> _Visit | None:
    """The session of this code; None while its order is none that has one. Raises SessionNotFound."""
    async with get_database(request).read(guest_actor(request)) as session:
        booked = await get_booked(session, normalise_code(code))
        shown = await get_shown(session, event_id=booked.order.event_id)
    name_merchant(request, shown.merchant.id)
    if booked.order.state != OrderState.COMPLETED:
        return None
    if booked.session is None or booked.booth is None:
        raise SessionNotFound
    return _Visit(booked, shown, booked.session, booked.booth)


async def _read(database: Database, actor: Actor, code: str) -> Booked:
    async with database.read(actor) as session:
        return await get_booked(session, code)


def _page(request: Request, visit: _Visit, *, problem: str = "", status: int = 200) -> Response:
    view = visit.view(request)
    context = {"view": view, "brand": view.card.brand, "problem": problem}
    return render(request, "booths/session.html", context, status=status)


@router.get("/reschedule")
async def show_times(request: Request, code: str, day: str = "", at: str = "") -> Response:
    """The times of a day to choose another one from; with a time, the question whether to take it."""
    visit = await _visit(request, code)
    if visit is None or visit.view(request).movable_until is None:
        return RedirectResponse(session_path(normalise_code(code)), 303)
    wanted = read_at(at)
    if wanted is None:
        return await _times(request, visit, day)
    return await _question(request, visit, wanted)


@router.post("/reschedule", dependencies=[require_csrf])
async def choose_time(request: Request, code: str) -> Response:
    """Give the session another time, which its booking keeps; what is refused changes nothing."""
    visit = await _visit(request, code)
    at = read_at(text_of(await request.form(), "at"))
    back = RedirectResponse(session_path(normalise_code(code)), 303)
    if visit is None or at in {None, visit.session.starts_at}:
        return back  # the same form again, which was answered
    deps, order = get_registry(request), visit.booked.order
    await deps[Limiter].hit(context_of(request), HOLD)
    if visit.view(request).movable_until is None:
        return _page(request, visit, problem=NotReschedulable().text(get_locale(request)), status=409)
    wish = TimeWish(order.event_id, at)
    try:
        await move_session(deps[Database], deps[BoothDesk], order.id, wish, actor=guest_actor(request))
    except _GONE as refusal:
        day = in_zone(at, visit.shown.outlet.zone).date().isoformat()
        return await _times(request, visit, day, is_gone=True, status=refusal.status)
    except NotReschedulable as refusal:
        return _page(request, visit, problem=refusal.text(get_locale(request)), status=refusal.status)
    return back


async def _times(
    request: Request, visit: _Visit, day: str, *, is_gone: bool = False, status: int = 200
) -> Response:
    shown = visit.shown
    chosen = Chosen.of(shown, day)
    async with get_database(request).read(guest_actor(request)) as session:
        read = await read_day(session, shown, chosen.day)
    own = visit.session.starts_at
    table = show_timetable(shown, chosen, day=read, locale=get_locale(request), own=own)
    view = visit.view(request)
    context = {"view": view, "table": table, "brand": view.card.brand, "is_gone": is_gone}
    return render(request, "booths/reschedule.html", context, status=status)


async def _question(request: Request, visit: _Visit, at: datetime) -> Response:
    """Whether to take this time; one that is gone is said to be, beside those that are not."""
    async with get_database(request).read(guest_actor(request)) as session:
        offer = await find_offer(session, visit.shown.view, at)
    if offer is None or not offer.booths or at == visit.session.starts_at:
        day = in_zone(at, visit.shown.outlet.zone).date().isoformat()
        return await _times(request, visit, day, is_gone=True)
    view = visit.view(request)
    context = {"view": view, "span": offer.span, "at": write_at(at), "brand": view.card.brand}
    return render(request, "booths/move.html", context)
