"""Orders of the ticketing face: quoted, placed, read."""

from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from sqlalchemy import func, select
from starlette.responses import Response

from pesan.capacity.errors import HoldPoolFull, PromoHeld, PromoUsedUp, SeatHeld, SeatTaken, SoldOut
from pesan.catalog.errors import EventNotFound, PromoNotValid, SeatNotFound, TicketTypeNotFound
from pesan.catalog.seating import list_seats_by_line
from pesan.checkout import service
from pesan.checkout.baskets import ReadBasket, price, read_basket
from pesan.checkout.origins import buyer_origin
from pesan.checkout.room import DiskRoom, SalesPaused
from pesan.db import Actor, Database
from pesan.errors import Forbidden, PesanError
from pesan.idempotency.service import Answer, Wanted
from pesan.identity.policies import SignedIn, may_manage_events
from pesan.orders import Moved, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import (
    GuardianNeeded,
    OrderNotFound,
    QuantityNotAllowed,
    ReviewBacklog,
    SaleClosed,
    SeatsNeeded,
    TicketTypeNeeded,
    TooManyHolds,
)
from pesan.orders.models import Order
from pesan.orders.policies import is_buyer
from pesan.orders.queries import get_order, list_lines
from pesan.orders.states import effective_state
from pesan.payments.queries import find_open_payment
from pesan.privacy.errors import NoticeNotInForce
from pesan.settings import Settings
from pesan.storefront.api.bookings import GUESSES, first_answer
from pesan.storefront.api.describe import CODE, CODE_OR_COOKIE
from pesan.storefront.consenting import read_consents
from pesan.storefront.ticketing_answers import order_answer, placed_answer, quote_answer
from pesan.storefront.ticketing_schemas import (
    OrderAnswer,
    OrderRequest,
    PlacedAnswer,
    QuoteAnswer,
    QuoteRequest,
)
from pesan.web.access import Who, allow
from pesan.web.context import context_of
from pesan.web.cookies import remember_code
from pesan.web.deps import (
    buyer_actor,
    find_person,
    get_actor,
    get_database,
    get_locale,
    get_registry,
    guest_actor,
)
from pesan.web.errors import SignInNeeded, ValidationFailed
from pesan.web.idempotency import fresh, read_key, replay
from pesan.web.json_bodies import read_json
from pesan.web.limits import HOLD, Limiter, limit
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

public = APIRouter(prefix="/v1/orders", tags=["ticketing"], dependencies=[allow(Who.PUBLIC)])
guest = APIRouter(
    prefix="/v1/orders", tags=["ticketing"], dependencies=[allow(Who.GUEST_WITH_CODE, Who.USER), GUESSES]
)
BASKET_REFUSALS = (
    ValidationFailed,
    EventNotFound,
    TicketTypeNotFound,
    TicketTypeNeeded,
    SeatNotFound,
    SeatsNeeded,
    SeatTaken,
    QuantityNotAllowed,
    SaleClosed,
    PromoNotValid,
)


@public.post(
    "",
    status_code=201,
    response_model=PlacedAnswer,
    responses=refusals(
        *BODY_REFUSALS,
        *KEY_REFUSALS,
        *BASKET_REFUSALS,
        SignInNeeded,
        SoldOut,
        HoldPoolFull,
        SeatHeld,
        PromoUsedUp,
        PromoHeld,
        ReviewBacklog,
        TooManyHolds,
        SalesPaused,
        NoticeNotInForce,
        GuardianNeeded,
    ),
    openapi_extra=described(KEY, body=json_of(OrderRequest)),
)
async def place_order(request: Request) -> Response:
    """Hold every ticket, seat and promo use of a basket, all or nothing; prices are the server's.

    The answer's code is what opens the order from now on.
    """
    registry = get_registry(request)
    await registry[Limiter].hit(context_of(request), HOLD)
    wish = await read_json(request, OrderRequest)
    wanted = await read_key(request)
    outcome = await _place(request, wish, wanted)
    if isinstance(outcome, Replayed):
        code, response = orjson.loads(outcome.answer.body)["code"], replay(outcome.answer)
    else:
        code, response = outcome.code, fresh(_render(request, outcome))
    remember_code(request, response, code)
    return response


@public.post(
    "/quote",
    dependencies=[limit("quote", 60, 60)],
    responses=refusals(*BODY_REFUSALS, *BASKET_REFUSALS, ReviewBacklog),
)
async def quote_order(request: Request, wish: QuoteRequest) -> QuoteAnswer:
    """What a basket costs now, by the rules that an order goes by. Holds nothing."""
    read = await _read(request, wish)
    return quote_answer(read, price(read))


@guest.get(
    "/{id}",
    responses=refusals(SignInNeeded, Forbidden, OrderNotFound),
    openapi_extra=described(CODE, security=CODE_OR_COOKIE),
)
async def get_one_order(request: Request, id: UUID) -> OrderAnswer:  # noqa: A002  the document's name
    """An order with its lines, sums and reservations, for whoever holds its code.

    Staff who may not change it see the end of its code, and no payment link.
    """
    actor = await get_actor(request)
    async with get_database(request).read(actor) as session:
        order = await get_order(session, id)
        now = (await session.scalars(select(func.clock_timestamp()))).one()
        return order_answer(
            order,
            await list_lines(session, id),
            await list_seats_by_line(session, id),
            state=effective_state(order, now),
            is_payment_open=await find_open_payment(session, id) is not None,
            now=now,
            base_url=get_registry(request)[Settings].base_url,
            is_open=is_buyer(actor, order) or await _may_change(request, order),
        )


async def _place(request: Request, wish: OrderRequest, wanted: Wanted | None) -> Moved | Replayed:
    registry = get_registry(request)
    try:
        read = await _read(request, wish)
        agreed = await read_consents(registry[Database], Actor.guest(), wish.event_id, wish.consents)
    except PesanError as refusal:
        # What the basket names may be gone since the first answer, which still stands.
        return await first_answer(registry[Database], wanted, refusal)
    return await service.place_hold(
        registry[SaleDesk],
        event_id=wish.event_id,
        buyer=wish.buyer,
        lines=read.lines,
        promo=read.promo_wish,
        actor=await buyer_actor(request),
        locale=get_locale(request),
        room=registry[DiskRoom],
        origin=buyer_origin(request),
        once=service.Once(wanted, lambda moved: _render(request, moved)) if wanted else None,
        agreed=agreed,
    )


async def _read(request: Request, wish: QuoteRequest) -> ReadBasket:
    async with get_database(request).read(guest_actor(request)) as session:
        return await read_basket(session, wish.to_basket())


async def _may_change(request: Request, order: Order) -> bool:
    person = await find_person(request)
    return isinstance(person, SignedIn) and may_manage_events(person, order.merchant_id)


def _render(request: Request, moved: Moved) -> Answer:
    return placed_answer(moved, base_url=get_registry(request)[Settings].base_url)
