"""Bookings of the booth desk: made by anybody, listed for staff."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pesan.booths.api.answers import booking_answer, session_answer
from pesan.booths.api.auth import CallerOf
from pesan.booths.api.schemas import BookingAnswer, BookingRequest, BookingsAnswer
from pesan.booths.desk import BoothDesk
from pesan.booths.errors import BoothNotFound, NoFreeTime, OutletNotFound
from pesan.booths.policies import may_work_at
from pesan.booths.queries.outlets import get_outlet
from pesan.booths.queries.sessions import BookingFilter, list_booked
from pesan.booths.service.booking import Booking, Counter, Reserved, TimeWish, book
from pesan.booths.service.cash import take_cash
from pesan.booths.states import SessionState
from pesan.capacity.errors import SlotHeld, SlotTaken
from pesan.catalog.errors import SlotNotFound
from pesan.checkout.origins import buyer_origin
from pesan.checkout.room import DiskRoom, SalesPaused
from pesan.checkout.schemas import BuyerFields, ClockTime
from pesan.checkout.service import Once
from pesan.db import Actor
from pesan.errors import Forbidden
from pesan.idempotency.service import Answer, find_answer
from pesan.identity.policies import SignedIn
from pesan.kit.pagination import BadCursor
from pesan.orders import Moved, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import SaleClosed, TooManyHolds, WrongState
from pesan.settings import Settings
from pesan.web.access import Who, allow
from pesan.web.context import context_of
from pesan.web.cookies import remember_code
from pesan.web.cursors import bad_cursor
from pesan.web.deps import buyer_actor, find_person, get_database, get_locale, get_registry, ip_digest
from pesan.web.errors import FactorNeeded, SignInNeeded, ValidationFailed
from pesan.web.idempotency import fresh, read_key, replay
from pesan.web.json_bodies import read_json
from pesan.web.limits import HOLD, Limiter
from pesan.web.limits.policies import Policy
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

MOST = 100
# An outlet's desk books for everybody who stands there, from one address.
AT_DESK = Policy("desk-bookings", 300, 900)
SIGNED_IN: list[dict[str, list[str]]] = [{"bearerToken": []}, {"staffSession": []}]
placing = APIRouter(tags=["booths"], dependencies=[allow(Who.PUBLIC)])
listing = APIRouter(tags=["booths"], dependencies=[allow(Who.STAFF)])


@placing.post(
    "/booking",
    status_code=201,
    response_model=BookingAnswer,
    responses=refusals(
        *BODY_REFUSALS,
        *KEY_REFUSALS,
        ValidationFailed,
        SignInNeeded,
        Forbidden,
        OutletNotFound,
        BoothNotFound,
        SlotNotFound,
        SlotTaken,
        SlotHeld,
        NoFreeTime,
        SaleClosed,
        TooManyHolds,
        SalesPaused,
        WrongState,
    ),
    openapi_extra=described(KEY, body=json_of(BookingRequest)),
)
async def post_booking(request: Request) -> Response:
    """Hold a time at an outlet; staff also book for whoever stands there, and take the money at the desk."""
    registry = get_registry(request)
    wish, wanted = await read_json(request, BookingRequest), await read_key(request)
    actor = await _booker(request, wish)
    if earlier := await find_answer(get_database(request), actor, wanted):
        return await _replay(request, wish, earlier, actor)
    await registry[Limiter].hit(context_of(request), AT_DESK if wish.is_at_desk else HOLD)
    base_url = registry[Settings].base_url.rstrip("/")

    def once(reserved: Reserved) -> Once:
        assert wanted is not None
        return Once(wanted, lambda moved: _told(moved, reserved, wish, base_url))

    booking = await book(
        _counter(request),
        TimeWish(wish.outlet_id, wish.booking_time, wish.booth_id),
        buyer=BuyerFields(name=wish.name, wa=wish.wa, email=wish.email, notes=wish.notes),
        actor=actor,
        locale=get_locale(request),
        origin=buyer_origin(request),
        once=once if wanted else None,
    )
    return await _answer(request, wish, booking, actor, base_url)


async def _booker(request: Request, wish: BookingRequest) -> Actor:
    """A customer, or staff of the outlet who book for one: only they do so for somebody who stands there."""
    if not wish.is_at_desk:
        return await buyer_actor(request)
    person = await find_person(request)
    if not isinstance(person, SignedIn):
        raise SignInNeeded
    actor = person.to_actor(ip_digest=ip_digest(request))
    async with get_database(request).read(actor) as session:
        view = await get_outlet(session, wish.outlet_id)
    if not may_work_at(person, view.outlet.merchant_id, wish.outlet_id):
        raise Forbidden
    return actor


async def _answer(
    request: Request, wish: BookingRequest, booking: Booking, actor: Actor, base_url: str
) -> Response:
    if isinstance(booking.outcome, Replayed):
        return await _replay(request, wish, booking.outcome.answer, actor)
    answer = _told(booking.outcome, booking.reserved, wish, base_url)
    await _settle(request, wish, answer, actor)
    response = fresh(answer)
    if not wish.is_at_desk:
        remember_code(request, response, booking.outcome.code)
    return response


async def _replay(request: Request, wish: BookingRequest, answer: Answer, actor: Actor) -> Response:
    """The answer of before; what it says is done now where the first request ended between the two."""
    await _settle(request, wish, answer, actor)
    return replay(answer)


def _told(placed: Moved, reserved: Reserved, wish: BookingRequest, base_url: str) -> Answer:
    return booking_answer(placed, reserved, base_url=base_url, in_cash=wish.paid_in_cash)


async def _settle(request: Request, wish: BookingRequest, answer: Answer, actor: Actor) -> None:
    """Have an answer be true before it is given: its money taken, and its session there without waiting for a job."""
    told = orjson.loads(answer.body)
    order_id = UUID(told["id"])
    if wish.paid_in_cash:
        await take_cash(_counter(request), order_id, actor)
    if told["status"] == SessionState.AWAITING_CUSTOMER:
        # Whoever booked may not see all that a session is made of; whoever has the code does.
        await get_registry(request)[BoothDesk].fulfil(order_id, seen_by=Actor.guest(told["code"]))


def _counter(request: Request) -> Counter:
    registry = get_registry(request)
    return Counter(get_database(request), registry[SaleDesk], registry[DiskRoom])


@listing.get(
    "/bookings",
    response_model=BookingsAnswer,
    responses=refusals(SignInNeeded, FactorNeeded, Forbidden, ValidationFailed),
    openapi_extra=described(security=SIGNED_IN),
)
async def get_bookings(
    request: Request,
    caller: CallerOf,
    *,
    status: SessionState | None = None,
    search: Annotated[str, Query(max_length=80)] = "",
    outlet_id: UUID | None = None,
    starts_from: ClockTime | None = None,
    starts_before: ClockTime | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> BookingsAnswer:
    """The bookings of the outlets that the asker works at, the newest first, narrowed and paged."""
    wanted = BookingFilter(
        actor=caller.actor,
        outlet_ids=[outlet_id] if outlet_id else None,
        state=status,
        search=search,
        starts_from=starts_from,
        starts_before=starts_before,
    )
    async with get_database(request).read(caller.actor) as session:
        try:
            page = await list_booked(session, wanted, cursor=cursor, limit=limit)
        except BadCursor as error:
            raise bad_cursor(get_locale(request)) from error
    items = [session_answer(booked, caller) for booked in page.items]
    return BookingsAnswer(items=items, next_cursor=page.next_cursor)
