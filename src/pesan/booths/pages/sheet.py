"""The sheet for one time: from a name to a hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

import orjson
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.booths.pages.outlets import earlier_code, find_shown
from pesan.booths.present import read_at, show_outlet, show_times, write_at
from pesan.booths.queries.availability import Offer, find_offer
from pesan.booths.queries.showing import Shown, read_day
from pesan.booths.service.booking import Counter, TimeWish, book
from pesan.booths.views import Sheet
from pesan.capacity.errors import SlotHeld, SlotTaken
from pesan.catalog.errors import SlotNotFound
from pesan.checkout.answers import hold_answer
from pesan.checkout.forms import FIELDS, MENDS, html_rules, read_hold_form
from pesan.checkout.links import session_path
from pesan.checkout.origins import buyer_origin
from pesan.checkout.room import DiskRoom
from pesan.checkout.schemas import HoldForm
from pesan.checkout.service import Agreed, Once
from pesan.checkout.sheets import go_on, read_earlier, wanted_once, ways_to_pay
from pesan.db import Database, ReadSession
from pesan.errors import PesanError
from pesan.idempotency.service import Wanted, find_answer
from pesan.kit.i18n import Text
from pesan.kit.times import in_zone
from pesan.notifications.channels import Channels
from pesan.orders import Moved, Replayed
from pesan.orders.desk import SaleDesk
from pesan.privacy import agreeing
from pesan.privacy.agreeing import read_texts
from pesan.web.access import Who, allow
from pesan.web.context import context_of
from pesan.web.csrf import require_csrf
from pesan.web.deps import buyer_actor, get_database, get_locale, get_registry, guest_actor
from pesan.web.limits import HOLD, Limiter
from pesan.web.pages import render
from pesan.web.requests import text_of

MOST_OTHERS = 8
_TYPED = (*FIELDS, *agreeing.FIELDS)
_GONE = (SlotTaken, SlotHeld, SlotNotFound)

router = APIRouter(dependencies=[allow(Who.PUBLIC)])


@dataclass(frozen=True, slots=True)
class _Typed:
    """What came back with the form, to be shown again with what is wrong about it."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)
    problem: str = ""
    key: str = field(default_factory=lambda: str(uuid4()))


@router.get("/booths/{key}/book")
async def show_sheet(request: Request, key: str, at: str = "") -> Response:
    """The empty sheet for a time, or one filled from a booking that came to nothing (`?from=CODE`)."""
    await buyer_actor(request)  # whoever has to sign in does it before they type
    async with get_database(request).read(guest_actor(request)) as session:
        shown = await find_shown(request, session, key)
    return await _sheet(request, shown, read_at(at), _Typed(await _earlier(request)))


@router.post("/booths/{key}/book", dependencies=[require_csrf])
async def post_sheet(request: Request, key: str) -> Response:
    """Hold the time, and go on to pay; a refusal shows the sheet again with everything that was typed."""
    async with get_database(request).read(guest_actor(request)) as session:
        shown = await find_shown(request, session, key)
        texts = await read_texts(session, shown.merchant.id, needs_guardian=shown.event.needs_guardian)
    form = await request.form()
    values = {name: text_of(form, name) for name in _TYPED}
    at = read_at(text_of(form, "at"))
    if at is None:
        return RedirectResponse(show_outlet(shown).path, 303)
    buyer, errors = read_hold_form(values)
    errors |= texts.complaint(values)
    if buyer is None or errors:
        return await _sheet(request, shown, at, _Typed(values, errors), status=422)
    try:
        wanted = _wanted(request, at, values, text_of(form, "idempotency_key"))
        outcome = await _hold(request, TimeWish(shown.event.id, at), buyer, texts.agreed(values), wanted)
    except PesanError as refusal:
        problem = refusal.text(get_locale(request))
        return await _sheet(request, shown, at, _Typed(values, problem=problem), status=refusal.status)
    return go_on(request, outcome, to=session_path)


def _wanted(request: Request, at: datetime, values: Mapping[str, str], key: str) -> Wanted:
    typed = orjson.dumps({**values, "at": write_at(at)}, option=orjson.OPT_SORT_KEYS)
    return wanted_once(request, key, typed)


async def _hold(
    request: Request, wish: TimeWish, buyer: HoldForm, agreed: Agreed, wanted: Wanted
) -> Moved | Replayed:
    deps, actor = get_registry(request), await buyer_actor(request)
    await deps[Limiter].hit(context_of(request), HOLD)
    # The time of a sheet that is sent again is taken: by its first answer.
    if earlier := await find_answer(deps[Database], actor, wanted):
        return Replayed(earlier)
    booking = await book(
        Counter(deps[Database], deps[SaleDesk], deps[DiskRoom]),
        wish,
        buyer=buyer,
        actor=actor,
        locale=get_locale(request),
        origin=buyer_origin(request),
        once=lambda _: Once(wanted, lambda moved: hold_answer(moved, base_url="")),
        agreed=agreed,
    )
    return booking.outcome


async def _sheet(
    request: Request, shown: Shown, at: datetime | None, typed: _Typed, *, status: int = 200
) -> Response:
    """The sheet for the time that begins at `at`; a time that was taken meanwhile is asked for anew."""
    card = show_outlet(shown)
    if at is None or not shown.is_open:
        return RedirectResponse(card.path, 303)
    day = in_zone(at, shown.outlet.zone).date()
    async with get_database(request).read(guest_actor(request)) as session:
        offer = await find_offer(session, shown.view, at)
        is_taken = offer is None or not offer.booths
        if is_taken and request.method == "GET":
            return RedirectResponse(f"{card.path}?day={day.isoformat()}&gone=1#times", 303)
        others = await _list_others(session, shown, at) if is_taken else []
        texts = await read_texts(session, shown.merchant.id, needs_guardian=shown.event.needs_guardian)
        methods = await ways_to_pay(session, shown.event) if shown.event.price_amount else ()
    sheet = Sheet(
        card,
        at,
        offer.span.ends_at if offer else None,
        write_at(at),
        shown.event.hold_minutes,
        html_rules(HoldForm),
        {**MENDS, **agreeing.MENDS},
        typed.key,
        values=typed.values,
        errors=typed.errors,
        problem=typed.problem,
        methods=methods,
        tells_by=set(get_registry(request)[Channels].names),
        accepts=texts.stamp,
        needs_guardian=texts.needs_guardian,
        is_taken=is_taken,
        others=show_times(others, shown.outlet.zone, get_locale(request)),
        day=day.isoformat(),
    )
    return render(request, "booths/book.html", {"sheet": sheet, "brand": card.brand}, status=status)


async def _list_others(session: ReadSession, shown: Shown, at: datetime) -> Sequence[Offer]:
    """The free times of the same day, the next ones first."""
    read = await read_day(session, shown, in_zone(at, shown.outlet.zone).date())
    free = [offer for offer in read.offers if offer.booths]
    free.sort(key=lambda offer: (offer.span.starts_at < at, offer.span.starts_at))
    return free[:MOST_OTHERS]


async def _earlier(request: Request) -> dict[str, str]:
    """What the holder of an earlier booking typed then; nothing for anybody else."""
    code = earlier_code(request)
    if not code:
        return {}
    async with get_database(request).read(guest_actor(request)) as session:
        return await read_earlier(session, code)
