"""Trips: listed with their people and money, planned, changed, shared, deleted; by whoever organizes them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.jastip import TripForm, typed_trip
from pesan.backoffice.forms.state import FormState, Submitted, read_form
from pesan.backoffice.pages.jastip_room import (
    SECTION,
    frame_of,
    reading_trip,
    show_trip,
    trips_path,
    writing_trip,
)
from pesan.backoffice.queries.jastip import Tally, list_tallies
from pesan.backoffice.views.chrome import Shop
from pesan.backoffice.views.jastip import TripPage, TripRow
from pesan.errors import PesanError
from pesan.identity.policies import may_manage, may_manage_events
from pesan.jastip.links import Links
from pesan.jastip.policies import may_run_trip
from pesan.jastip.service.trips import WHOLE, amend_trip, create_trip, delete_trip
from pesan.orders.states import OrderState
from pesan.tickets.render.pictures import qr_svg
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/jastip", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[str, Query(pattern="^(created|saved|deleted)?$")]
_NEW = FormState({"hold_hours": 24, "deposit_percent": WHOLE, "is_active": True, "announces_products": True})


@router.get("")
async def show_jastip_home(desk: DeskOf) -> Response:
    """The trips of whoever organizes one merchant; else the merchants to choose from."""
    async with desk.reading(SECTION) as room:
        own = [shop for shop in room.chrome.shops if may_manage_events(desk.person, shop.id)]
        with_trips = [shop for shop in own if shop.has_trips]
        if len(own) == 1 or len(with_trips) == 1:
            return go(trips_path((with_trips or own)[0]))
        return desk.page(room.chrome, "jastip_home", {"shops": own})


@router.get("/{merchant}")
async def show_trips(desk: DeskOf, merchant: str, done: Done = "") -> Response:
    """The merchant's trips, the latest first."""
    async with desk.reading(SECTION, merchant, may_manage_events) as room:
        tallies = await list_tallies(room.session, room.shop.id)
        rows = [_row(each, room.shop) for each in tallies if _is_own(desk, room.shop, each)]
        context = {
            "rows": rows,
            "path": trips_path(room.shop),
            "may_plan": may_manage(desk.person, room.shop.id),
        }
        return desk.page(room.chrome, "jastip_trips", {**context, "done": done})


@router.get("/{merchant}/new")
async def show_new_trip(desk: DeskOf, merchant: str) -> Response:
    """An empty form."""
    return await _new_page(desk, merchant, _NEW)


@router.post("/{merchant}/new", dependencies=[require_csrf])
async def submit_new_trip(desk: DeskOf, merchant: str) -> Response:
    """Plan a trip; its products are entered on its own pages."""
    form = await _read(desk, merchant)
    if form.valid is None:
        return await _new_page(desk, merchant, form.state, status=422)
    try:
        async with desk.writing(merchant, may_manage) as work:
            trip = await create_trip(
                work.session, merchant_id=work.shop.id, draft=form.valid.to_draft(), actor=desk.actor
            )
            path = f"{trips_path(work.shop)}/trips/{trip.event_id}"
    except PesanError as refusal:
        return await _new_page(desk, merchant, form.state, refusal)
    return go(f"{path}/products?done=planned")


@router.get("/{merchant}/trips/{trip_id}/edit")
async def show_trip_form(desk: DeskOf, merchant: str, trip_id: UUID, done: Done = "") -> Response:
    """The trip's data, and the link to share."""
    return await _page(desk, merchant, trip_id, done=done)


@router.post("/{merchant}/trips/{trip_id}/edit", dependencies=[require_csrf])
async def submit_trip(desk: DeskOf, merchant: str, trip_id: UUID) -> Response:
    """Say something else of the trip; orders that exist stay."""
    form = await _read(desk, merchant)
    if form.valid is None:
        return await _page(desk, merchant, trip_id, form.state, status=422)
    try:
        async with writing_trip(desk, merchant, trip_id) as work:
            await amend_trip(work.session, trip_id, said=form.valid.said(), actor=desk.actor)
    except PesanError as refusal:
        return await _page(desk, merchant, trip_id, form.state, refusal)
    return go(f"/jastip/{merchant}/trips/{trip_id}/edit?done=saved")


@router.post("/{merchant}/trips/{trip_id}/delete", dependencies=[require_csrf])
async def submit_trip_deletion(desk: DeskOf, merchant: str, trip_id: UUID) -> Response:
    """Take a trip away, unless orders of it wait."""
    try:
        async with writing_trip(desk, merchant, trip_id) as work:
            await delete_trip(work.session, trip_id, actor=desk.actor)
    except PesanError as refusal:
        return await _page(desk, merchant, trip_id, refusal=refusal)
    return go(f"/jastip/{merchant}?done=deleted")


async def _read(desk: Desk, merchant: str) -> Submitted[TripForm]:
    """What was typed, in the merchant's time."""
    typed = dict(await desk.request.form())
    async with desk.reading(SECTION, merchant, may_manage_events) as room:
        zone = room.shop.zone
    return read_form(TripForm, typed, zone=zone)


async def _new_page(
    desk: Desk, merchant: str, form: FormState, refusal: PesanError | None = None, *, status: int = 200
) -> Response:
    async with desk.reading(SECTION, merchant, may_manage) as room:
        page = TripPage(form, problem=_words(desk, refusal))
        context = {"page": page, "schema": TripForm, "path": trips_path(room.shop)}
        answered = refusal.status if refusal else status
        return desk.page(room.chrome, "jastip_trip_new", context, status=answered)


async def _page(
    desk: Desk,
    merchant: str,
    trip_id: UUID,
    form: FormState | None = None,
    refusal: PesanError | None = None,
    *,
    done: str = "",
    status: int = 200,
) -> Response:
    if refusal and refusal.status not in {409, 422}:
        raise refusal
    async with reading_trip(desk, merchant, trip_id) as room:
        url = desk.registry[Links].trip(room.view.trip.slug)
        page = TripPage(
            form or FormState(typed_trip(room.view, room.room.shop.zone)),
            url=url,
            qr=Markup(qr_svg(url, title=url)),  # noqa: S704 - drawn here, from an encoded address
            done=done,
            problem=_words(desk, refusal),
        )
        answered = refusal.status if refusal else status
        return show_trip(desk, room, "jastip_trip", {"page": page, "schema": TripForm}, status=answered)


def _words(desk: Desk, refusal: PesanError | None) -> str:
    return refusal.text(desk.locale) if refusal else ""


def _is_own(desk: Desk, shop: Shop, tally: Tally) -> bool:
    return may_run_trip(desk.person, shop.id, tally.view.trip.event_id)


def _row(tally: Tally, shop: Shop) -> TripRow:
    return TripRow(
        trip=frame_of(shop, tally.view),
        people=tally.people,
        waiting=tally.orders.get(OrderState.HOLD, 0),
        in_review=tally.orders.get(OrderState.REVIEW, 0),
        confirmed=tally.orders.get(OrderState.PAID, 0),
        shipped=tally.orders.get(OrderState.COMPLETED, 0),
        earned=tally.earned,
        awaited=tally.awaited,
    )
