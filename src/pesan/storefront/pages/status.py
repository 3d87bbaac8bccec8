"""A booking's own page, what changes on it, and the way to find it again."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.checkout.beside import Besides
from pesan.checkout.links import order_topic, session_path, status_path
from pesan.db import Database
from pesan.kit.i18n import Text
from pesan.kit.ids import normalise_code
from pesan.orders.dues import standing
from pesan.orders.states import ENDED
from pesan.realtime import Hub
from pesan.realtime.gate import StreamGate
from pesan.realtime.sse import Snapshot, stream
from pesan.storefront.booking import load_booking, load_status
from pesan.storefront.present import show_kept, show_status
from pesan.storefront.queries import list_kept_bookings
from pesan.storefront.views import KeptBooking
from pesan.tickets.slices import Slices
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.cookies import remember_opened, remembered_codes
from pesan.web.deps import get_database, get_locale, get_registry, guest_actor, ip_digest
from pesan.web.limits import CODE_MISSES, limit_misses
from pesan.web.pages import render
from pesan.web.requests import origin_of

_NO_CODE = Text(
    id="Kode ini belum benar. Kodenya 13 huruf dan angka, tanpa spasi.",
    en="This code is not right yet. It has 13 letters and digits, without spaces.",
)
CODE_LENGTH = 13

misses = limit_misses(CODE_MISSES.name, CODE_MISSES.count, CODE_MISSES.seconds)
router = APIRouter()


@router.get("/b", dependencies=[allow(Who.PUBLIC)])
async def find_booking(request: Request, code: str = "") -> Response:
    """The form for a code; with one, the way to its page, which tells whether there is such a booking."""
    wanted = normalise_code("".join(code.split()).replace("-", ""))
    if len(wanted) == CODE_LENGTH and wanted.isalnum() and wanted.isascii():
        return RedirectResponse(status_path(wanted), 303)
    problem = _NO_CODE.in_(get_locale(request)) if code else ""
    context = {"code": code[:40], "problem": problem, "kept": await _kept(request)}
    return render(request, "storefront/find.html", context)


@router.get("/b/{code}", dependencies=[allow(Who.GUEST_WITH_CODE), misses])
async def show_booking_status(request: Request, code: str) -> Response:
    """Where a booking stands, and its tickets once there are any."""
    booking = await load_booking(get_database(request), normalise_code(code), guest_actor(request))
    name_merchant(request, booking.order.merchant_id)
    if booking.is_session:
        return RedirectResponse(session_path(booking.order.code), 303)
    deps, origin = get_registry(request), origin_of(request)
    view = show_status(booking, deps[Slices], origin=origin)
    beside = await deps[Besides].find(
        deps[Database], booking.order, actor=guest_actor(request), origin=origin
    )
    context = {"view": view, "brand": view.booking.card.brand, "beside": beside}
    response = render(request, "storefront/status.html", context)
    remember_opened(request, response, booking.order.code)
    return response


@router.get("/b/{code}/events", dependencies=[allow(Who.GUEST_WITH_CODE), misses])
async def stream_status(request: Request, code: str) -> Response:
    """The booking's state, now and whenever it changes (SSE); a page that is refused a stream polls."""
    deps, actor, wanted = get_registry(request), guest_actor(request), normalise_code(code)
    order, _, _ = await load_status(deps[Database], wanted, actor)

    async def fetch() -> Snapshot:
        now, state, _ = await load_status(deps[Database], wanted, actor)
        mark = standing(now, state)
        return Snapshot(mark, orjson.dumps({"state": state, "mark": mark}).decode(), is_final=state in ENDED)

    return await stream(
        deps[Hub],
        deps[StreamGate],
        topics=[order_topic(order.id)],
        peer=ip_digest(request),
        fetch=fetch,
        last_event_id=request.headers.get("last-event-id"),
    )


async def _kept(request: Request) -> list[KeptBooking]:
    codes = remembered_codes(request)
    if not codes:
        return []
    async with get_database(request).read(guest_actor(request)) as session:
        return [show_kept(kept) for kept in await list_kept_bookings(session, codes)]
