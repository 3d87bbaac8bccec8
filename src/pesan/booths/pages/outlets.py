"""Choosing an outlet, a day and a time."""

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.booths.present import Chosen, show_outlet, show_timetable
from pesan.booths.queries.showing import Shown, count_today, get_shown, list_shown, read_day
from pesan.db import ReadSession
from pesan.kit.ids import normalise_code
from pesan.kit.pagination import BadCursor
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.deps import get_database, get_locale, guest_actor
from pesan.web.pages import render
from pesan.web.requests import origin_of, short_id_of

MAX_CODE = 40
router = APIRouter(dependencies=[allow(Who.PUBLIC)])


@router.get("/booths")
async def list_outlets(request: Request, cursor: str = "") -> Response:
    """Every outlet whose times can be booked, and what it still has today."""
    async with get_database(request).read(guest_actor(request)) as session:
        try:
            page = await list_shown(session, cursor=cursor or None)
        except BadCursor:  # an old link; the first page is better than an error
            page = await list_shown(session)
        today = await count_today(session, page.items)
    cards = [show_outlet(shown, today.get(shown.event.id)) for shown in page.items]
    return render(request, "booths/list.html", {"cards": cards, "next_cursor": page.next_cursor})


@router.get("/booths/{key}")
async def show_outlet_page(request: Request, key: str, day: str = "", gone: str = "") -> Response:
    """One outlet with the times of a day; `gone` says that the one which was chosen is taken."""
    async with get_database(request).read(guest_actor(request)) as session:
        shown = await find_shown(request, session, key)
        chosen = Chosen.of(shown, day)
        read = await read_day(session, shown, chosen.day)
    card = show_outlet(shown)
    if request.url.path != card.path:
        return RedirectResponse(card.path, 301)
    earlier = earlier_code(request)
    context = {
        "card": card,
        "table": show_timetable(shown, chosen, day=read, locale=get_locale(request)),
        "minutes": read.config.duration // timedelta(minutes=1),
        "tolerance": read.config.arrival_tolerance_minutes,
        "hold_minutes": shown.event.hold_minutes,
        "is_gone": bool(gone),
        "keeps": f"&from={earlier}" if earlier else "",
        "brand": card.brand,
        "url": origin_of(request) + card.path,
    }
    return render(request, "booths/outlet.html", context)


async def find_shown(request: Request, session: ReadSession, key: str) -> Shown:
    """The outlet of `{slug}-{shortId}`; the short id alone finds it. Raises NotFound, OutletNotFound."""
    shown = await get_shown(session, short_id=short_id_of(key))
    name_merchant(request, shown.merchant.id)
    return shown


def earlier_code(request: Request) -> str:
    """The booking that somebody starts again from, whose code they hold; empty for any other."""
    code = normalise_code(request.query_params.get("from", "")[:MAX_CODE])
    return code if code in guest_actor(request).order_codes else ""
