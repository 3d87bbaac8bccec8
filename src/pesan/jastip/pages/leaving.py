"""Hearing no more of a trip, and hearing of it again."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.jastip.asking import stop_text
from pesan.jastip.pages.chats import open_chat
from pesan.jastip.pages.guests import find_taking_part, keep_shown, participant_actor
from pesan.jastip.pages.joining import get_shown_trip
from pesan.jastip.present import show_trip
from pesan.jastip.service.leaving import resubscribe
from pesan.jastip.service.participants import unsubscribe
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_database
from pesan.web.limits import limit
from pesan.web.pages import render
from pesan.web.requests import text_of

UNDO = "undo"

router = APIRouter(dependencies=[allow(Who.PUBLIC)])


@router.get("/unsubscribe")
async def show_leaving(request: Request, trip: str = "") -> Response:
    """One button for whoever showed who they are; everybody else confirms it in the chat."""
    async with get_database(request).read(participant_actor(request)) as session:
        view = await get_shown_trip(request, session, trip)
        person = await find_taking_part(request, session, view.trip.event_id)
    card = show_trip(view)
    context = {
        "trip": card,
        "brand": card.brand,
        "here": f"/unsubscribe?trip={card.slug}",
        "person": person.name if person else "",
        "has_left": person is not None and person.unsubscribed_at is not None,
        "chat": None if person else open_chat(request, stop_text(card.slug)),
    }
    response = render(request, "jastip/unsubscribe.html", context)
    keep_shown(request, response)
    return response


@router.post("/unsubscribe", dependencies=[require_csrf, limit("leave", 30, 900)])
async def leave_or_return(request: Request) -> Response:
    """Leave, or take that back; whoever is not known is shown the page that asks in the chat."""
    form = await request.form()
    actor = participant_actor(request)
    async with get_database(request).write(actor) as session:
        view = await get_shown_trip(request, session, text_of(form, "trip"))
        person = await find_taking_part(request, session, view.trip.event_id)
        if person is not None:
            change = resubscribe if text_of(form, "do") == UNDO else unsubscribe
            await change(session, person.id, actor=actor)
    return RedirectResponse(f"/unsubscribe?trip={view.trip.slug}", 303)
