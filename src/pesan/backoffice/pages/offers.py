"""What an event sells: ticket types, seats from a file, promo codes."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.responses import Response

from pesan.backoffice import seat_file
from pesan.backoffice.desk import Desk, DeskOf, go, open_form
from pesan.backoffice.forms.offers import PromoForm, TicketTypeForm, typed_offer
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.locks import lock_event, lock_offer, lock_promo
from pesan.backoffice.queries.events import get_event
from pesan.backoffice.queries.offers import count_seats, get_own_offer, list_promos
from pesan.backoffice.views.offers import OfferPage, OffersPage, offer_row, promo_row
from pesan.catalog.offers import list_offers
from pesan.catalog.service import (
    add_seats,
    archive_ticket_type,
    create_promo_code,
    create_ticket_type,
    update_ticket_type,
    withdraw_promo_code,
)
from pesan.errors import PesanError
from pesan.identity.policies import may_manage_events
from pesan.orders.desk import SaleDesk
from pesan.realtime import Hub
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(
    prefix="/organizer/{merchant}/events/{short_id}/tickets", dependencies=[allow(Who.ORGANIZER)]
)
Done = Annotated[str, Query(pattern="^(added|saved|archived|seats|promo|withdrawn)?$")]
NEW_OFFER = {"max_per_order": 10, "colour": "#0f766e"}


@router.get("")
async def show_offers(desk: DeskOf, merchant: str, short_id: str, done: Done = "") -> Response:
    """All ticket types and promo codes, and the forms that add one."""
    return await _list(desk, merchant, short_id, done=done)


@router.post("", dependencies=[require_csrf])
async def submit_offer(desk: DeskOf, merchant: str, short_id: str) -> Response:
    """Add a ticket type."""
    typed = dict(await desk.request.form())
    async with desk.reading("events", merchant, may_manage_events) as room:
        form = read_form(TicketTypeForm, typed, zone=room.shop.zone)
    if form.valid is None:
        return await _list(desk, merchant, short_id, offer=form.state, status=422)
    async with desk.writing(merchant, may_manage_events) as work:
        event = await lock_event(work.session, work.shop.id, short_id)
        await create_ticket_type(work.session, event=event, draft=form.valid.to_draft(), actor=desk.actor)
    return _tell(desk, event.id, merchant, short_id, "added")


@router.post("/promo", dependencies=[require_csrf])
async def submit_promo(desk: DeskOf, merchant: str, short_id: str) -> Response:
    """Add a promo code."""
    typed = dict(await desk.request.form())
    async with desk.reading("events", merchant, may_manage_events) as room:
        form = read_form(PromoForm, typed, zone=room.shop.zone)
    if form.valid is None:
        return await _list(desk, merchant, short_id, promo=form.state, status=422)
    try:
        async with desk.writing(merchant, may_manage_events) as work:
            event = await lock_event(work.session, work.shop.id, short_id)
            if form.valid.ticket_type_id:
                await lock_offer(work.session, event.id, form.valid.ticket_type_id)
            await create_promo_code(work.session, event=event, draft=form.valid.to_draft(), actor=desk.actor)
    except PesanError as refusal:
        return await _list(desk, merchant, short_id, promo=form.state, refusal=refusal, problem_kind="promo")
    return _tell(desk, event.id, merchant, short_id, "promo")


@router.post("/promo/{promo_id}/withdraw", dependencies=[require_csrf])
async def submit_withdrawal(desk: DeskOf, merchant: str, short_id: str, promo_id: UUID) -> Response:
    """Let a promo code make no further order cheaper."""
    async with desk.writing(merchant, may_manage_events) as work:
        event = await lock_event(work.session, work.shop.id, short_id)
        promo = await lock_promo(work.session, event.id, promo_id)
        await withdraw_promo_code(work.session, promo=promo, actor=desk.actor)
    return _tell(desk, event.id, merchant, short_id, "withdrawn")


@router.get("/{type_id}")
async def show_offer(desk: DeskOf, merchant: str, short_id: str, type_id: UUID, done: Done = "") -> Response:
    """One ticket type with its form and its seats."""
    return await _one(desk, merchant, short_id, type_id, done=done)


@router.post("/{type_id}", dependencies=[require_csrf])
async def change_offer(desk: DeskOf, merchant: str, short_id: str, type_id: UUID) -> Response:
    """Change a ticket type; fewer places than are sold and held is refused with the numbers."""
    typed = dict(await desk.request.form())
    async with desk.reading("events", merchant, may_manage_events) as room:
        form = read_form(TicketTypeForm, typed, zone=room.shop.zone)
        event_id = (await get_event(room.session, room.shop.id, short_id)).event.id
    if form.valid is None:
        return await _one(desk, merchant, short_id, type_id, form=form.state, status=422)
    # Holds whose time is over must not keep the places from going down.
    await desk.registry[SaleDesk].expire_due(event_id)
    try:
        async with desk.writing(merchant, may_manage_events) as work:
            offer = await lock_offer(work.session, event_id, type_id)
            await update_ticket_type(work.session, offer=offer, draft=form.valid.to_draft(), actor=desk.actor)
    except PesanError as refusal:
        return await _one(
            desk, merchant, short_id, type_id, form=form.state, refusal=refusal, problem_kind="form"
        )
    return _tell(desk, event_id, merchant, f"{short_id}/tickets/{type_id}", "saved")


@router.post("/{type_id}/archive", dependencies=[require_csrf])
async def submit_archive(desk: DeskOf, merchant: str, short_id: str, type_id: UUID) -> Response:
    """Sell no more of a ticket type."""
    async with desk.writing(merchant, may_manage_events) as work:
        event = await lock_event(work.session, work.shop.id, short_id)
        offer = await lock_offer(work.session, event.id, type_id)
        await archive_ticket_type(work.session, offer=offer, actor=desk.actor)
    return _tell(desk, event.id, merchant, short_id, "archived")


@router.post("/{type_id}/seats", dependencies=[require_csrf])
async def submit_seats(desk: DeskOf, merchant: str, short_id: str, type_id: UUID) -> Response:
    """Add the seats of a file, all of them or none."""
    async with desk.reading("events", merchant, may_manage_events):
        pass  # refuse strangers before their file is read
    try:
        async with open_form(desk.request) as posted:
            seats = seat_file.read_seats(await _content(posted.get("file")))
        async with desk.writing(merchant, may_manage_events) as work:
            event = await lock_event(work.session, work.shop.id, short_id)
            offer = await lock_offer(work.session, event.id, type_id)
            await add_seats(work.session, event=event, offer=offer, drafts=seats, actor=desk.actor)
    except PesanError as refusal:
        return await _one(desk, merchant, short_id, type_id, refusal=refusal, problem_kind="seats")
    return _tell(desk, event.id, merchant, f"{short_id}/tickets/{type_id}", "seats")


async def _content(file: Any) -> bytes:
    """The file's bytes, at most one more than may be read; empty when there is none."""
    return await file.read(seat_file.MAX_BYTES + 1) if isinstance(file, UploadFile) else b""


def _tell(desk: Desk, event_id: UUID, merchant: str, place: str, done: str) -> Response:
    desk.registry[Hub].hint(f"event:{event_id}")
    path = place if "/" in place else f"{place}/tickets"
    return go(f"/organizer/{merchant}/events/{path}?done={done}")


async def _list(
    desk: Desk,
    merchant: str,
    short_id: str,
    *,
    offer: FormState | None = None,
    promo: FormState | None = None,
    refusal: PesanError | None = None,
    problem_kind: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    async with desk.reading("events", merchant, may_manage_events) as room:
        own = await get_event(room.session, room.shop.id, short_id)
        event_path = f"{room.shop.path}/events/{short_id}"
        path = f"{event_path}/tickets"
        offers = await list_offers(room.session, own.event.id, with_archived=True)
        seats = await count_seats(room.session, own.event.id)
        names = {str(each.type.id): each.type.name for each in offers}
        page = OffersPage(
            event_title=own.event.title,
            event_path=event_path,
            path=path,
            capacity=own.pool.capacity,
            offers=[offer_row(each, seats.get(each.type.id, 0), path) for each in offers],
            promos=[promo_row(each, names, path) for each in await list_promos(room.session, own.event.id)],
            types=[(str(each.type.id), each.type.name) for each in offers if not each.type.is_archived],
            offer_form=offer or FormState(NEW_OFFER),
            promo_form=promo or FormState({"kind": "percent"}),
            done=done,
            problem=refusal.text(desk.locale) if refusal else "",
            problem_kind=problem_kind,
        )
        context = {"page": page, "offer_schema": TicketTypeForm, "promo_schema": PromoForm}
        context["zone_name"] = room.shop.zone
        return desk.page(room.chrome, "offers", context, status=refusal.status if refusal else status)


async def _one(
    desk: Desk,
    merchant: str,
    short_id: str,
    type_id: UUID,
    *,
    form: FormState | None = None,
    refusal: PesanError | None = None,
    problem_kind: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    async with desk.reading("events", merchant, may_manage_events) as room:
        own = await get_event(room.session, room.shop.id, short_id)
        offer = await get_own_offer(room.session, own.event.id, type_id)
        path = f"{room.shop.path}/events/{short_id}/tickets"
        seats = (await count_seats(room.session, own.event.id)).get(type_id, 0)
        page = OfferPage(
            event_title=own.event.title,
            path=path,
            row=offer_row(offer, seats, path),
            form=form or FormState(typed_offer(offer, room.shop.zone)),
            done=done,
            problem=refusal.text(desk.locale) if refusal else "",
            problem_kind=problem_kind,
        )
        context = {"page": page, "schema": TicketTypeForm, "zone_name": room.shop.zone}
        return desk.page(room.chrome, "offer", context, status=refusal.status if refusal else status)
