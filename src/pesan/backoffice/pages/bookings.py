"""Bookings: found, looked at, cancelled."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from sqlalchemy import select
from starlette.responses import Response

from pesan.backoffice.chat_words import CHAT_PROBLEMS
from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.review import OF_BALANCE, read_note
from pesan.backoffice.pages.listing import address_of, file_addresses, next_address
from pesan.backoffice.pages.once import once_of
from pesan.backoffice.queries import bookings as queries
from pesan.backoffice.queries.detail import load_parts
from pesan.backoffice.views.bookings import BookingFilters, BookingRow, BookingsPage
from pesan.backoffice.views.chrome import Shop
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.detail import booking_detail
from pesan.backoffice.views.review import Contact
from pesan.backoffice.views.risk import risk_note
from pesan.backoffice.words import (
    ACTIONS,
    ACTORS,
    DELIVERIES,
    LETTERS,
    PLACES_GONE,
    REFUND_CAUSES,
    REFUND_STATES,
    STATES,
)
from pesan.checkout import service as checkout
from pesan.db import ReadSession
from pesan.errors import PesanError
from pesan.identity.policies import may_export, may_manage_events
from pesan.kit.i18n import Text
from pesan.kit.pagination import BadCursor
from pesan.orders import Moved
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import OrderNotFound, ReasonMissing
from pesan.orders.models import Order
from pesan.orders.searching import is_order
from pesan.orders.states import ENDED
from pesan.risk.queries import find_review
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.errors import BadRequest

router = APIRouter(prefix="/organizer/{merchant}/bookings", dependencies=[allow(Who.STAFF)])


def read_filters(
    q: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=10)] = "",
    event: Annotated[str, Query(max_length=12)] = "",
    date_from: Annotated[str, Query(alias="from", max_length=10)] = "",
    date_to: Annotated[str, Query(alias="to", max_length=10)] = "",
) -> BookingFilters:
    """What narrows the list, from the address; what makes no sense does not narrow."""
    return BookingFilters(
        q=q,
        state=state if state in STATES else "",
        event=event,
        date_from=date_from if _day(date_from) else "",
        date_to=date_to if _day(date_to) else "",
    )


@router.get("")
async def show_bookings(
    desk: DeskOf,
    merchant: str,
    filters: Annotated[BookingFilters, Depends(read_filters)],
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The merchant's bookings, the newest first."""
    async with desk.reading("bookings", merchant) as room:
        wanted = to_wanted(filters, room.shop.zone, by_beginning=naming_of(desk, room.shop).is_open)
        try:
            page = await queries.list_bookings(room.session, room.shop.id, wanted, cursor=after)
        except BadCursor as error:
            raise BadRequest from error
        base = f"{room.shop.path}/bookings"
        view = BookingsPage(
            rows=[_row(booking, naming_of(desk, room.shop)) for booking in page.items],
            filters=filters,
            events=await queries.list_event_choices(room.session, room.shop.id),
            total=await queries.count_bookings(room.session, room.shop.id, wanted),
            next_url=next_address(base, filters, page.next_cursor),
            first_url=address_of(base, filters) if after else None,
            export_urls=file_addresses(f"{room.shop.path}/bookings/export", filters)
            if may_export(desk.person, room.shop.id)
            else None,
        )
        return desk.page(room.chrome, "bookings", {"page": view, "states": STATES})


@router.get("/{code}")
async def show_booking(
    desk: DeskOf, merchant: str, code: str, due: bool = False, resent: bool = False
) -> Response:
    """One booking with its payments, proofs, tickets and history; `due` says that its money has to go back."""
    return await detail_page(desk, merchant, code, problem=PLACES_GONE if due else None, was_resent=resent)


@router.post("/{code}/cancel", dependencies=[allow(Who.ORGANIZER), require_csrf])
async def submit_cancel(desk: DeskOf, merchant: str, code: str) -> Response:
    """Cancel a booking that is not paid; its places return."""
    reason = read_note(await desk.request.form())
    return await _move(
        desk, merchant, code, partial(checkout.cancel, reason=reason), is_complete=bool(reason)
    )


@router.post("/{code}/cash", dependencies=[allow(Who.ORGANIZER), require_csrf])
async def submit_cash(desk: DeskOf, merchant: str, code: str) -> Response:
    """The money was taken at the counter: that of the booking or its deposit, or its balance where the form says so."""
    is_balance = (await desk.request.form()).get("of") == OF_BALANCE
    take = checkout.accept_balance_cash if is_balance else checkout.accept_cash
    return await _move(desk, merchant, code, take)


@router.post("/{code}/late", dependencies=[allow(Who.ORGANIZER), require_csrf])
async def submit_late(desk: DeskOf, merchant: str, code: str) -> Response:
    """The money came after the end: the places are taken back if they are left, else it is due back."""
    form = await desk.request.form()
    reason = read_note(form)
    accept = partial(checkout.accept_late, reason=reason, once=once_of(desk, form))
    return await _move(desk, merchant, code, accept, is_complete=bool(reason))


def to_wanted(filters: BookingFilters, zone: str, *, by_beginning: bool) -> queries.Wanted:
    """The filters as a query: whole days of the merchant's zone, the last one included."""
    first, last = _day(filters.date_from), _day(filters.date_to)
    return queries.Wanted(
        search=filters.q,
        state=filters.state,
        event_short_id=filters.event,
        placed_from=_midnight(first, zone) if first else None,
        placed_before=_midnight(last + timedelta(days=1), zone) if last else None,
        by_beginning=by_beginning,
    )


async def _move(
    desk: Desk, merchant: str, code: str, move: Callable[..., Awaitable[Any]], *, is_complete: bool = True
) -> Response:
    async with desk.reading("bookings", merchant, may_manage_events) as room:
        order = await order_of(room.session, room.shop, code)
    try:
        if not is_complete:
            raise ReasonMissing
        moved = await move(desk.registry[SaleDesk], order=order, actor=desk.actor)
    except PesanError as refusal:
        return await detail_page(desk, merchant, code, refusal)
    # Late money that found no places left.
    is_due_back = isinstance(moved, Moved) and moved.state == order.state and order.state in ENDED
    return go(f"/organizer/{merchant}/bookings/{order.code}{'?due=true' if is_due_back else ''}")


async def detail_page(
    desk: Desk,
    merchant: str,
    code: str,
    refusal: PesanError | None = None,
    *,
    problem: Text | None = None,
    was_resent: bool = False,
) -> Response:
    """The page of one booking, with what stood against the last wish."""
    async with desk.reading("bookings", merchant) as room:
        order = await order_of(room.session, room.shop, code)
        parts = await load_parts(room.session, order)
        said = desk.text(problem) if problem else refusal.text(desk.locale) if refusal else ""
        booking = booking_detail(
            order,
            parts,
            room.shop,
            desk.registry,
            naming=naming_of(desk, room.shop),
            problem=said,
            was_resent=was_resent,
        )
        words = {"actions": ACTIONS, "actors": ACTORS, "letters": LETTERS, "deliveries": DELIVERIES}
        risk = risk_note(await find_review(room.session, order.id), desk.locale)
        context = {
            "booking": booking,
            "risk": risk,
            "causes": REFUND_CAUSES,
            "chat_problems": CHAT_PROBLEMS,
            "refund_states": REFUND_STATES,
            **words,
        }
        return desk.page(room.chrome, "booking", context, status=refusal.status if refusal else 200)


async def order_of(session: ReadSession, shop: Shop, code: str) -> Order:
    """An order of this merchant by its code or id; raises OrderNotFound, also for another merchant's."""
    order = await session.scalar(select(Order).where(is_order(code), Order.merchant_id == shop.id))
    if order is None:
        raise OrderNotFound
    return order


def naming_of(desk: Desk, shop: Shop) -> Naming:
    """How bookings are named to this person."""
    return Naming(shop.path, may_manage_events(desk.person, shop.id))


def _row(booking: queries.Booking, naming: Naming) -> BookingRow:
    order = booking.order
    return BookingRow(
        code=naming.code(order.code),
        state=order.state,
        buyer_name=order.buyer_name,
        contacts=Contact(order.wa, order.email, naming.is_open).lines,
        event_title=booking.event_title,
        quantity=order.quantity,
        amount=booking.amount,
        placed_at=order.placed_at,
        path=naming.booking(order.id, order.code),
        notes=order.notes or "",
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # The day after the last one, and the first one in another zone, are beyond the calendar.
    return day if date.min.year < day.year < date.max.year else None


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))
