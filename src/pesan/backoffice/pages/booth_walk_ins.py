"""Customers who stand at an outlet without a booking: they get the next free time of any booth."""

from dataclasses import replace
from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.booths import WalkInForm
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.pages.bookings import naming_of
from pesan.backoffice.pages.booth_room import reading_outlet, show_outlet
from pesan.backoffice.pages.once import FIELD, once_of
from pesan.backoffice.views.booth_board import WalkInPage
from pesan.booths.desk import BoothDesk
from pesan.booths.queries.availability import list_next_offers
from pesan.booths.service.booking import Booking, Counter, TimeWish, book
from pesan.booths.service.cash import take_cash
from pesan.checkout.room import DiskRoom
from pesan.checkout.schemas import BuyerFields
from pesan.errors import PesanError
from pesan.idempotency.service import Answer
from pesan.kit.ids import new_id
from pesan.orders import Moved, Replayed
from pesan.orders.desk import SaleDesk
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(
    prefix="/backoffice/booths/{merchant}/outlets/{outlet_id}/walk-in", dependencies=[allow(Who.STAFF)]
)


@router.get("")
async def show_walk_in(desk: DeskOf, merchant: str, outlet_id: UUID) -> Response:
    """The next free time, and the form that takes it."""
    return await _page(desk, merchant, outlet_id, FormState({"pays": "cash"}))


@router.post("", dependencies=[require_csrf])
async def submit_walk_in(desk: DeskOf, merchant: str, outlet_id: UUID) -> Response:
    """Book the next free time, and note the money that was taken at the desk."""
    typed = dict(await desk.request.form())
    async with reading_outlet(desk, merchant, outlet_id) as room:
        shop, path = room.room.shop, room.frame.path
    form = read_form(WalkInForm, typed)
    if form.valid is None:
        return await _page(desk, merchant, outlet_id, form.state, status=422)
    once = once_of(desk, typed)
    counter = Counter(desk.database, desk.registry[SaleDesk], desk.registry[DiskRoom])
    try:
        booking = await book(
            counter,
            TimeWish(outlet_id),
            buyer=BuyerFields(name=form.valid.name, wa=form.valid.wa),
            actor=desk.actor,
            locale=desk.locale,
            once=(lambda _: replace(once, render=_id_of)) if once else None,
        )
        if form.valid.pays == "cash":
            await take_cash(counter, _order_id(booking), desk.actor)
            # Whoever stands there is let in at once, and not when a job ran.
            await desk.registry[BoothDesk].fulfil(_order_id(booking), seen_by=desk.actor)
    except PesanError as refusal:
        # By the same key: what was held already is not held again, and its money is taken then.
        return await _page(desk, merchant, outlet_id, form.state, refusal, once=str(typed.get(FIELD, "")))
    if isinstance(booking.outcome, Replayed) or form.valid.pays == "cash":
        return go(f"{path}?done=booked")
    return go(naming_of(desk, shop).booking(booking.outcome.order_id, booking.outcome.code))


def _id_of(moved: Moved) -> Answer:
    return Answer(303, orjson.dumps({"id": moved.order_id}))


def _order_id(booking: Booking) -> UUID:
    """Of a form that was sent again, too: its answer holds the booking's id."""
    if isinstance(booking.outcome, Replayed):
        return UUID(orjson.loads(booking.outcome.answer.body)["id"])
    return booking.outcome.order_id


async def _page(
    desk: Desk,
    merchant: str,
    outlet_id: UUID,
    form: FormState,
    refusal: PesanError | None = None,
    *,
    once: str = "",
    status: int = 200,
) -> Response:
    async with reading_outlet(desk, merchant, outlet_id) as room:
        offers = await list_next_offers(room.session, room.view, limit=1)
        page = WalkInPage(
            path=f"{room.frame.path}/walk-in",
            price=room.view.event.price_amount,
            starts_at=offers[0].span.starts_at if offers else None,
            booth=offers[0].booths[0].name if offers else "",
            form=form,
            once=once or str(new_id()),
            # Whoever may not see codes has no link to hand over either.
            may_send_link=naming_of(desk, room.room.shop).is_open,
            problem=refusal.text(desk.locale) if refusal else "",
        )
        context = {"page": page, "schema": WalkInForm}
        answer_status = refusal.status if refusal else status
        return show_outlet(desk, room, "booth_walk_in", context, status=answer_status)
