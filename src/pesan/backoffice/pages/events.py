"""Events: made, changed, opened, closed, cancelled."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, Room, go
from pesan.backoffice.forms.event import CopyForm, EventForm, typed_event
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.locks import lock_event
from pesan.backoffice.queries import events as queries
from pesan.backoffice.views.events import EventFormPage, MethodChoice, event_row
from pesan.backoffice.views.make import method_label
from pesan.capacity.errors import CapacityTooLow
from pesan.catalog.queries import get_listing
from pesan.catalog.service import copy_event, create_event, set_status, update_event
from pesan.catalog.states import EventStatus
from pesan.checkout.links import event_path
from pesan.identity.policies import may_manage, may_manage_events
from pesan.kit.i18n import Text
from pesan.kit.pagination import BadCursor
from pesan.orders.desk import SaleDesk
from pesan.payments.errors import MethodNotFound
from pesan.payments.queries import list_methods
from pesan.realtime import Hub
from pesan.storage.keys import version_key
from pesan.tenancy.brands import MEDIA_PATH
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.errors import BadRequest

router = APIRouter(prefix="/organizer/{merchant}/events", dependencies=[allow(Who.ORGANIZER)])
NEW_EVENT = {
    "max_per_order": 1,
    "hold_minutes": 15,
    "hold_percent": 30,
    "transferable": True,
    "max_holds_per_contact": 2,
    "max_holds_per_ip": 10,
}
MOVES: dict[str, Sequence[str]] = {
    EventStatus.DRAFT: (EventStatus.OPEN,),
    EventStatus.OPEN: (EventStatus.CLOSED, EventStatus.CANCELLED),
    EventStatus.CLOSED: (EventStatus.OPEN, EventStatus.CANCELLED),
    EventStatus.CANCELLED: (EventStatus.CLOSED,),
}


@router.get("")
async def show_events(
    desk: DeskOf,
    merchant: str,
    q: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """All events of the merchant, the latest first."""
    async with desk.reading("events", merchant, may_manage_events) as room:
        try:
            page = await queries.list_events(room.session, room.shop.id, search=q, cursor=after)
        except BadCursor as error:
            raise BadRequest from error
        base = f"{room.shop.path}/events"
        events = [event_row(event, room.shop.path) for event in page.items]
        next_url = f"{base}?{urlencode({'q': q, 'after': page.next_cursor})}" if page.next_cursor else None
        return desk.page(room.chrome, "events", {"events": events, "q": q, "next_url": next_url})


@router.get("/new")
async def show_new_event(desk: DeskOf, merchant: str) -> Response:
    """An empty form."""
    async with desk.reading("events", merchant, may_manage) as room:
        return await _new_page(desk, room, FormState(NEW_EVENT))


@router.post("", dependencies=[require_csrf])
async def submit_new_event(desk: DeskOf, merchant: str) -> Response:
    """Save a draft; it is opened for sale from its own page."""
    typed = _typed(await desk.request.form())
    async with desk.reading("events", merchant, may_manage) as room:
        form = read_form(EventForm, typed, zone=room.shop.zone)
        if form.valid is None:
            return await _new_page(desk, room, form.state, status=422)
        await _require_own(room, form.valid.method_ids)
    async with desk.writing(merchant, may_manage) as work:
        draft = form.valid.to_draft()
        event = await create_event(work.session, merchant_id=work.shop.id, draft=draft, actor=desk.actor)
    return go(f"/organizer/{merchant}/events/{event.short_id}?saved=true")


@router.get("/{short_id}")
async def show_event(desk: DeskOf, merchant: str, short_id: str, saved: bool = False) -> Response:
    """The form of one event."""
    return await _event_page(desk, merchant, short_id, saved=saved)


@router.post("/{short_id}", dependencies=[require_csrf])
async def submit_event(desk: DeskOf, merchant: str, short_id: str) -> Response:
    """Change an event; capacity below what is sold and held is refused with the numbers."""
    typed = _typed(await desk.request.form())
    async with desk.reading("events", merchant, may_manage_events) as room:
        form = read_form(EventForm, typed, zone=room.shop.zone)
        listing = await get_listing(room.session, short_id=short_id)
        await _require_own(room, form.valid.method_ids if form.valid else ())
    if form.valid is None:
        return await _event_page(desk, merchant, short_id, form=form.state, status=422)
    # Holds whose time is over must not keep the capacity from going down.
    await desk.registry[SaleDesk].expire_due(listing.event.id)
    try:
        async with desk.writing(merchant, may_manage_events) as work:
            event = await lock_event(work.session, work.shop.id, short_id)
            await update_event(work.session, event=event, draft=form.valid.to_draft(), actor=desk.actor)
    except CapacityTooLow as refusal:
        text = Text(id=refusal.text("id"), en=refusal.text("en"))
        state = FormState(typed, {"capacity": text})
        return await _event_page(desk, merchant, short_id, form=state, status=refusal.status)
    desk.registry[Hub].hint(f"event:{event.id}")
    return go(f"/organizer/{merchant}/events/{short_id}?saved=true")


@router.post("/{short_id}/status", dependencies=[require_csrf])
async def submit_status(desk: DeskOf, merchant: str, short_id: str) -> Response:
    """Open, close or cancel the sale, where the present status allows it."""
    wanted = str((await desk.request.form()).get("status", ""))
    async with desk.writing(merchant, may_manage_events) as work:
        event = await lock_event(work.session, work.shop.id, short_id)
        if wanted not in MOVES[event.status]:
            raise BadRequest
        await set_status(work.session, event=event, status=EventStatus(wanted), actor=desk.actor)
    desk.registry[Hub].hint(f"event:{event.id}")
    return go(f"/organizer/{merchant}/events/{short_id}?saved=true")


@router.post("/{short_id}/copy", dependencies=[require_csrf])
async def submit_copy(desk: DeskOf, merchant: str, short_id: str) -> Response:
    """Make the event once more as a draft at another time; nothing that was sold comes along."""
    typed = _typed(await desk.request.form())
    async with desk.reading("events", merchant, may_manage) as room:
        form = read_form(CopyForm, typed, zone=room.shop.zone)
    if form.valid is None:
        return await _event_page(desk, merchant, short_id, copying=form.state, status=422)
    async with desk.writing(merchant, may_manage) as work:
        source = await lock_event(work.session, work.shop.id, short_id)
        copied = await copy_event(
            work.session,
            source=source,
            starts_at=form.valid.copy_starts_at,
            with_promo_codes=form.valid.with_promo_codes,
            actor=desk.actor,
        )
    return go(f"/organizer/{merchant}/events/{copied.short_id}?saved=true")


async def _new_page(desk: Desk, room: Room, form: FormState, *, status: int = 200) -> Response:
    page = EventFormPage(form, await _methods(room), action=f"{room.shop.path}/events")
    return _show(desk, room, page, status)


async def _event_page(
    desk: Desk,
    merchant: str,
    short_id: str,
    *,
    form: FormState | None = None,
    copying: FormState | None = None,
    saved: bool = False,
    status: int = 200,
) -> Response:
    async with desk.reading("events", merchant, may_manage_events) as room:
        own = await queries.get_event(room.session, room.shop.id, short_id)
        methods = await queries.list_method_ids(room.session, own.event.id)
        stored = typed_event(own.event, own.pool, methods=methods, zone=room.shop.zone)
        page = EventFormPage(
            form=form or FormState(stored),
            methods=await _methods(room),
            action=f"{room.shop.path}/events/{short_id}",
            title=own.event.title,
            status=own.event.status,
            public_path=event_path(own.event.slug, own.event.short_id),
            cover_url=_cover_url(own.event.cover_key),
            used=own.pool.used,
            held=max(0, own.held),
            saved=saved,
            moves=MOVES[own.event.status],
            copying=copying or FormState(),
        )
        return _show(desk, room, page, status)


def _show(desk: Desk, room: Room, page: EventFormPage, status: int) -> Response:
    context = {"page": page, "schema": EventForm, "copy_schema": CopyForm, "zone_name": room.shop.zone}
    return desk.page(room.chrome, "event_form", context, status=status)


async def _methods(room: Room) -> list[MethodChoice]:
    methods = await list_methods(room.session, room.shop.id, only_active=True)
    return [MethodChoice(str(method.id), method_label(method)) for method in methods]


async def _require_own(room: Room, method_ids: Sequence[UUID]) -> None:
    """Raise MethodNotFound for a payment method that is not this merchant's."""
    own = {method.id for method in await list_methods(room.session, room.shop.id)}
    if not own.issuperset(method_ids):
        raise MethodNotFound


def _typed(form: FormData) -> dict[str, Any]:
    return {**dict(form), "method_ids": form.getlist("method_ids")}


def _cover_url(key: str | None) -> str | None:
    return f"{MEDIA_PATH}/{version_key(key, 'small.webp')}" if key else None
