"""Orders of trips: placed by whoever takes part, listed and moved on by the trip's owner."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pesan.capacity.errors import HoldPoolFull, SoldOut
from pesan.checkout.origins import buyer_origin
from pesan.checkout.room import SalesPaused
from pesan.checkout.service import Once
from pesan.db import Actor
from pesan.errors import InvalidInput
from pesan.idempotency.service import Answer, find_answer
from pesan.idempotency.service import Wanted as Keyed
from pesan.identity.policies import SignedIn
from pesan.jastip.api.answers import addresses_of
from pesan.jastip.api.bodies import ConfirmRequest, OrderRequest, RejectRequest, ShipRequest
from pesan.jastip.api.desks import NOT_YOURS, SIGNED_IN, Desk, DeskOf
from pesan.jastip.api.openapi import PARTICIPANT_TOKEN, optional_json_of
from pesan.jastip.api.order_parts import PROOF_PATH, moved_part, order_part, placed_part, written
from pesan.jastip.api.schemas import OrderAnswer, OrdersAnswer
from pesan.jastip.errors import JoinPending, ParticipantNotFound, ProductNotFound, TripClosed, TripNotFound
from pesan.jastip.guests import guest_of_trips, shown_participants, somebody
from pesan.jastip.models import Participant
from pesan.jastip.policies import may_run_trip
from pesan.jastip.queries.orders import OrderFilter, Placed, get_details, get_placed, is_proof_of, list_placed
from pesan.jastip.queries.trips import get_product
from pesan.jastip.service.orders import (
    Counter,
    Item,
    Wanted,
    confirm_order,
    get_participant,
    place_order,
    reject_order,
    ship_order,
)
from pesan.jastip.states import OrderStatus
from pesan.kit.i18n import Locale, Text
from pesan.kit.pagination import BadCursor
from pesan.orders import Moved, Replayed
from pesan.orders.dues import owes_balance
from pesan.orders.errors import (
    AlreadyDecided,
    HoldExpired,
    OrderNotFound,
    QuantityNotAllowed,
    ReviewBacklog,
    SaleClosed,
    TooManyHolds,
    WrongState,
)
from pesan.storage.errors import LinkRefused
from pesan.storage.links import Links
from pesan.web.access import Who, allow
from pesan.web.context import context_of
from pesan.web.cookies import remember_code
from pesan.web.cursors import bad_cursor
from pesan.web.deps import find_person, get_database, get_locale, get_registry
from pesan.web.errors import ValidationFailed
from pesan.web.idempotency import fresh, read_key, replay
from pesan.web.json_bodies import read_json, read_optional_json
from pesan.web.limits import HOLD, Limiter
from pesan.web.limits.policies import Policy
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

MOST = 100
AT_DESK = Policy("trip-orders", 300, 900)
_REASON = Text(id="Pesanan ini tidak bisa dipenuhi.", en="This order cannot be fulfilled.")
_OTHERS_PROOF = Text(id="Bukti ini milik pesanan lain.", en="This proof belongs to another order.")
placing = APIRouter(prefix="/api/orders", tags=["jastip"], dependencies=[allow(Who.PUBLIC)])
router = APIRouter(prefix="/api/orders", tags=["jastip"], dependencies=[allow(Who.USER)])
_MOVES = (
    *BODY_REFUSALS,
    *KEY_REFUSALS,
    *NOT_YOURS,
    ValidationFailed,
    OrderNotFound,
    WrongState,
    AlreadyDecided,
    HoldExpired,
)
Step = Callable[[Placed, Once | None], Awaitable[Moved | Replayed]]


@placing.post(
    "",
    status_code=201,
    response_model=OrderAnswer,
    responses=refusals(
        *BODY_REFUSALS,
        *KEY_REFUSALS,
        ValidationFailed,
        ParticipantNotFound,
        ProductNotFound,
        JoinPending,
        TripClosed,
        SoldOut,
        HoldPoolFull,
        SaleClosed,
        QuantityNotAllowed,
        TooManyHolds,
        ReviewBacklog,
        SalesPaused,
    ),
    openapi_extra=described(KEY, body=json_of(OrderRequest), security=[*PARTICIPANT_TOKEN, *SIGNED_IN]),
)
async def post_order(request: Request) -> Response:
    """Order for oneself by the token of one's link, or for somebody who takes part in a trip of one's own."""
    wish, key = await read_json(request, OrderRequest), await read_key(request)
    shown = shown_participants(request)
    participant_id = wish.participant_id or next(iter(shown), None)
    if participant_id is None:
        raise ParticipantNotFound
    is_own = participant_id in shown
    actor = guest_of_trips(request) if is_own else await somebody(request)
    if earlier := await find_answer(get_database(request), actor, key):
        return replay(earlier)
    await get_registry(request)[Limiter].hit(context_of(request), HOLD if is_own else AT_DESK)
    outcome = await _place(request, wish, participant_id, actor, key)
    if isinstance(outcome, Replayed):
        return replay(outcome.answer)
    response = fresh(outcome[1])
    if is_own:
        remember_code(request, response, outcome[0].code)
    return response


@router.get(
    "/{trip_id}",
    responses=refusals(*NOT_YOURS, ValidationFailed, TripNotFound),
    openapi_extra=described(security=SIGNED_IN),
)
async def get_orders(
    desk: DeskOf,
    trip_id: UUID,
    *,
    status: OrderStatus | None = None,
    search: Annotated[str, Query(max_length=80)] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> OrdersAnswer:
    """The orders of a trip of one's own, the newest first, narrowed and paged."""
    wanted = OrderFilter(trip_id, status, search)
    async with desk.reading() as session:
        await desk.trip(session, trip_id)
        try:
            page = await list_placed(session, wanted, cursor=cursor, limit=limit)
        except BadCursor as error:
            raise bad_cursor(get_locale(desk.request)) from error
        details = await get_details(session, [placed.order.id for placed in page.items])
    orders = [order_part(desk.request, placed, details) for placed in page.items]
    return OrdersAnswer(orders=orders, next_cursor=page.next_cursor)


@router.patch(
    "/{order_id}/confirm",
    response_model=OrderAnswer,
    responses=refusals(*_MOVES, InvalidInput),
    openapi_extra=described(KEY, body=optional_json_of(ConfirmRequest), security=SIGNED_IN),
)
async def patch_confirm(desk: DeskOf, order_id: UUID) -> Response:
    """The money is there: accept the proof, or the cash of an order without one.

    The rest of an order whose deposit is paid is taken in cash only where `balance` says so: a request that is sent
    again must never pay for what nobody paid.
    """
    wish = await read_optional_json(desk.request, ConfirmRequest)
    await _check_proof(desk, order_id, wish.proof_url)

    async def step(placed: Placed, once: Once | None) -> Moved | Replayed:
        order = placed.order
        if owes_balance(order) and order.balance_submitted_at is None and not wish.balance:
            raise WrongState(state=order.state, extra={"state": order.state})
        return await confirm_order(_counter(desk.request), order, actor=desk.actor, once=once)

    return await _move(desk, order_id, step)


@router.patch(
    "/{order_id}/reject",
    response_model=OrderAnswer,
    responses=refusals(*_MOVES),
    openapi_extra=described(KEY, body=optional_json_of(RejectRequest), security=SIGNED_IN),
)
async def patch_reject(desk: DeskOf, order_id: UUID) -> Response:
    """Take the order not; its pieces can be ordered again, and whoever ordered is told why."""
    wish = await read_optional_json(desk.request, RejectRequest)

    async def step(placed: Placed, once: Once | None) -> Moved | Replayed:
        reason = wish.reason or _REASON.in_(_locale_of(placed))
        return await reject_order(
            _counter(desk.request), placed.order, actor=desk.actor, reason=reason, once=once
        )

    return await _move(desk, order_id, step)


@router.patch(
    "/{order_id}/ship",
    response_model=OrderAnswer,
    responses=refusals(*_MOVES),
    openapi_extra=described(KEY, body=json_of(ShipRequest), security=SIGNED_IN),
)
async def patch_ship(desk: DeskOf, order_id: UUID) -> Response:
    """The parcel of a paid order is on its way."""
    wish = await read_json(desk.request, ShipRequest)

    async def step(placed: Placed, once: Once | None) -> Moved | Replayed:
        return await ship_order(
            _counter(desk.request), placed.order, actor=desk.actor, **wish.model_dump(), once=once
        )

    return await _move(desk, order_id, step, **wish.model_dump())


async def _place(
    request: Request, wish: OrderRequest, participant_id: UUID, actor: Actor, key: Keyed | None
) -> Replayed | tuple[Moved, Answer]:
    async with get_database(request).read(actor) as session:
        person = await get_participant(session, participant_id)
        await _require_theirs(request, person, actor)
        wished = [(item, await get_product(session, item.product_id)) for item in wish.wanted]

    def render(moved: Moved) -> Answer:
        return Answer(201, written(placed_part(request, moved, person, wished, wish.notes)))

    outcome = await place_order(
        _counter(request),
        Wanted(
            participant_id, tuple(Item(item.product_id, item.quantity) for item in wish.wanted), wish.notes
        ),
        actor=actor,
        locale=get_locale(request),
        origin=buyer_origin(request),
        once=Once(key, render) if key else None,
    )
    return outcome if isinstance(outcome, Replayed) else (outcome, render(outcome))


async def _require_theirs(request: Request, person: Participant, actor: Actor) -> None:
    """Raises ParticipantNotFound unless it is oneself, or of a trip of one's own."""
    if person.id in actor.participant_ids:
        return
    signed_in = await find_person(request)
    if not isinstance(signed_in, SignedIn) or not may_run_trip(
        signed_in, person.merchant_id, person.event_id
    ):
        raise ParticipantNotFound


async def _move(desk: Desk, order_id: UUID, step: Step, **said: str | None) -> Response:
    """Move an order of a trip of one's own on, and answer how it stands then."""
    key = await read_key(desk.request)
    async with desk.reading() as session:
        placed = await get_placed(session, order_id)
        desk.require(placed.order.merchant_id, placed.order.event_id, OrderNotFound)
        details = await get_details(session, [order_id])
    part = order_part(desk.request, placed, details)

    def render(moved: Moved) -> Answer:
        return Answer(200, written(moved_part(part, moved, **said)))

    outcome = await step(placed, Once(key, render) if key else None)
    return replay(outcome.answer) if isinstance(outcome, Replayed) else fresh(render(outcome))


async def _check_proof(desk: Desk, order_id: UUID, url: str | None) -> None:
    """What is no link of ours, or over, says nothing; raises InvalidInput for the proof of another order."""
    start = f"{addresses_of(desk.request).base_url}{PROOF_PATH}"
    if url is None or not url.startswith(start):
        return
    try:
        file = get_registry(desk.request)[Links].read(url.removeprefix(start))
    except LinkRefused:
        return
    async with desk.reading() as session:
        if not await is_proof_of(session, order_id, file.key):
            raise InvalidInput("proofUrl", _OTHERS_PROOF)


def _locale_of(placed: Placed) -> Locale:
    return "en" if placed.order.locale == "en" else "id"


def _counter(request: Request) -> Counter:
    return get_registry(request)[Counter]
