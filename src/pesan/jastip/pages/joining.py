"""A trip's page: what it is, what can be ordered on it, and the form by which somebody joins over WhatsApp."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BeforeValidator
from starlette.responses import RedirectResponse, Response

from pesan.checkout.forms import MENDS, html_rules, read_person_form
from pesan.checkout.schemas import Face, PersonName, WhatsApp, blank_is_none
from pesan.db import ReadSession
from pesan.errors import PesanError
from pesan.jastip.asking import INVITED, invitation_path, join_text
from pesan.jastip.errors import AlreadyJoined, TripClosed, TripNotFound
from pesan.jastip.models import Participant
from pesan.jastip.pages.chats import can_write, let_into_chat, open_chat
from pesan.jastip.pages.guests import find_taking_part, keep_shown, participant_actor
from pesan.jastip.present import show_trip
from pesan.jastip.queries.takers import Invited, find_invited
from pesan.jastip.queries.trips import ProductView, TripView, find_trip_by_slug, list_products
from pesan.jastip.service.participants import Joiner, add_participant
from pesan.jastip.states import JoinState
from pesan.jastip.views import Chat, Invitation, JoinSheet
from pesan.kit.i18n import Text
from pesan.kit.ids import new_id
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.csrf import require_csrf
from pesan.web.deps import get_database, get_locale, guest_actor
from pesan.web.limits import limit
from pesan.web.pages import render
from pesan.web.requests import origin_of, text_of

_CODE = re.compile(r"[0-9A-Z]{8}")
_TYPED = ("name", "wa")
AS_QR = "qr"

router = APIRouter(dependencies=[allow(Who.PUBLIC)])


class JoinForm(Face):
    """Who joins: a name, and the number that they will write from, if they say it."""

    name: PersonName
    wa: Annotated[WhatsApp | None, BeforeValidator(blank_is_none)] = None


@dataclass(frozen=True, slots=True)
class _Visit:
    """A trip as one visitor finds it."""

    trip: TripView
    products: list[ProductView]
    person: Participant | None
    invited: Invited | None


@dataclass(frozen=True, slots=True)
class _Typed:
    """What came back with the form, to be shown again with what is wrong about it."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)
    problem: str = ""
    chat: Chat | None = None


@router.get("/join")
async def show_trip_page(request: Request, trip: str = "", r: str = "") -> Response:
    """The trip that `trip` names; `r` is the code of whoever invited the visitor."""
    response = _page(request, await _visit(request, trip), code_of(r), _Typed())
    keep_shown(request, response)
    return response


@router.post("/join", dependencies=[require_csrf, limit("join", 30, 900)])
async def join_trip(request: Request) -> Response:
    """Into the chat with the message filled in; whoever named a number takes part as soon as it writes.

    It answers the same whether that number takes part already, so that it tells nobody who does.
    """
    form = await request.form()
    visit, code = await _visit(request, text_of(form, "trip")), code_of(text_of(form, INVITED))
    values = {name: text_of(form, name) for name in _TYPED}
    person, errors = read_person_form(JoinForm, values)
    if person is None:
        return _page(request, visit, code, _Typed(values, errors), status=422)
    chat = open_chat(request, join_text(visit.trip.trip.slug, person.name, code))
    try:
        if not visit.trip.is_open or chat is None:
            raise TripClosed
        if person.wa:
            await _await_message(request, visit.trip, person, code)
    except PesanError as refusal:
        problem = refusal.text(get_locale(request))
        return _page(request, visit, code, _Typed(values, problem=problem), status=refusal.status)
    if text_of(form, "as") == AS_QR:
        return _page(request, visit, code, _Typed(values, chat=chat))
    return RedirectResponse(chat.url, 303)


def code_of(typed: str) -> str:
    """An invitation's code; empty for anything else that stands there."""
    code = typed.strip().upper()
    return code if _CODE.fullmatch(code) else ""


async def get_shown_trip(request: Request, session: ReadSession, slug: str) -> TripView:
    """The trip that a page's address names; raises TripNotFound."""
    found = await find_trip_by_slug(session, slug[:40])
    if found is None:
        raise TripNotFound
    name_merchant(request, found.merchant.id)
    return found


async def _await_message(request: Request, trip: TripView, person: JoinForm, code: str) -> None:
    joiner = Joiner(
        person.name, person.wa, locale=get_locale(request), referral_code=code or None, id=new_id()
    )
    actor = replace(guest_actor(request), participant_ids=(joiner.id,) if joiner.id else ())
    try:
        async with get_database(request).write(actor) as session:
            await add_participant(session, trip, joiner, state=JoinState.PENDING, actor=actor)
    except AlreadyJoined:
        return  # and nobody learns that


async def _visit(request: Request, slug: str) -> _Visit:
    async with get_database(request).read(participant_actor(request)) as session:
        trip = await get_shown_trip(request, session, slug)
        products = await list_products(session, [trip.trip.event_id])
        person = await find_taking_part(request, session, trip.trip.event_id)
        invited = await find_invited(session, person.id) if person else None
    return _Visit(trip, products, person, invited)


def _page(request: Request, visit: _Visit, code: str, typed: _Typed, *, status: int = 200) -> Response:
    card = show_trip(visit.trip, visit.products)
    sheet = JoinSheet(
        card,
        can_write(request),
        html_rules(JoinForm),
        MENDS,
        code,
        typed.values,
        typed.errors,
        typed.problem,
        typed.chat,
        known_as=visit.person.name if visit.person else "",
        invitation=show_invitation(request, card.slug, visit.invited),
    )
    context = {
        "sheet": sheet,
        "trip": card,
        "brand": card.brand,
        "url": origin_of(request) + card.path,
        "here": card.path,
    }
    return let_into_chat(request, render(request, "jastip/join.html", context, status=status))


def show_invitation(request: Request, slug: str, invited: Invited | None) -> Invitation | None:
    """The link by which a participant brings others along."""
    if invited is None:
        return None
    return Invitation(origin_of(request) + invitation_path(slug, invited.code), invited.came)
