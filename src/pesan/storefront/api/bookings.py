"""A booking from the hold to the proof, for whoever holds its code."""

from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.capacity.errors import HoldPoolFull, SoldOut
from pesan.catalog.errors import EventNotFound
from pesan.checkout import service
from pesan.checkout.answers import answer_of, hold_answer, state_answer
from pesan.checkout.origins import buyer_origin
from pesan.checkout.paying import open_page_if_needed
from pesan.checkout.proofs import take_proof
from pesan.checkout.room import DiskRoom, SalesPaused
from pesan.checkout.schemas import HoldAnswer, MethodChoice, StateAnswer
from pesan.db import Actor, Database
from pesan.errors import Forbidden, PesanError
from pesan.idempotency.service import Answer, Replay, Wanted, answer_once, find_answer
from pesan.kit.ids import normalise_code
from pesan.orders import Moved, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import (
    GuardianNeeded,
    HoldExpired,
    NotYourOrder,
    OrderNotFound,
    ReviewBacklog,
    SaleClosed,
    TooManyHolds,
    WrongState,
)
from pesan.orders.models import Order
from pesan.orders.moves import LineWish
from pesan.orders.queries import get_order
from pesan.payments.errors import (
    MethodNotOffered,
    NothingToPay,
    QrisAmountRefused,
    TooManyProofs,
    UploadsBusy,
)
from pesan.payments.gateways.errors import GatewayRefused, GatewayUnavailable
from pesan.payments.gateways.registry import Gateways
from pesan.payments.service import select_method
from pesan.privacy.errors import NoticeNotInForce
from pesan.settings import Settings
from pesan.storage.errors import InspectionBusy, StorageUnavailable
from pesan.storage.uploads import Received
from pesan.storefront.answers import booking_answer, payment_answer
from pesan.storefront.api.describe import CODE, CODE_ALONE, FILE, REFUSED_FILES
from pesan.storefront.api.uploads import chunks, one_file
from pesan.storefront.booking import load_booking, load_instructions, load_status
from pesan.storefront.consenting import ConsentingHoldRequest, read_consents
from pesan.storefront.schemas import BookingAnswer, BookingStatusAnswer, PaymentAnswer
from pesan.web.access import Who, allow
from pesan.web.context import context_of
from pesan.web.cookies import remember_code
from pesan.web.deps import (
    buyer_actor,
    get_actor,
    get_database,
    get_locale,
    get_registry,
    guest_actor,
)
from pesan.web.errors import SignInNeeded, ValidationFailed
from pesan.web.idempotency import fresh, read_key, replay
from pesan.web.json_bodies import read_json
from pesan.web.limits import HOLD, Limiter, limit, limit_misses
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals
from pesan.web.requests import origin_of

GUESSES = limit_misses("code-misses", 20, 60)

holds = APIRouter(prefix="/api/bookings", tags=["booking"], dependencies=[allow(Who.PUBLIC)])
guest = APIRouter(
    prefix="/api/bookings", tags=["booking"], dependencies=[allow(Who.GUEST_WITH_CODE, Who.STAFF), GUESSES]
)
# What the buyer does, by the code: an account opens nothing here, and whoever works for the merchant does it at the
# desk, where their role and a reason are asked for.
holder = APIRouter(
    prefix="/api/bookings", tags=["booking"], dependencies=[allow(Who.GUEST_WITH_CODE, Who.USER), GUESSES]
)
NOT_YOURS = (SignInNeeded, Forbidden, OrderNotFound)


@holds.post(
    "/hold",
    status_code=201,
    response_model=HoldAnswer,
    responses=refusals(
        *BODY_REFUSALS,
        *KEY_REFUSALS,
        ValidationFailed,
        EventNotFound,
        SignInNeeded,
        SoldOut,
        HoldPoolFull,
        SaleClosed,
        GuardianNeeded,
        ReviewBacklog,
        TooManyHolds,
        SalesPaused,
        NoticeNotInForce,
    ),
    openapi_extra=described(KEY, body=json_of(ConsentingHoldRequest)),
)
async def hold(request: Request) -> Response:
    """Hold a place: the timer starts, and the answer's code is what opens the booking from now on."""
    registry = get_registry(request)
    await registry[Limiter].hit(context_of(request), HOLD)
    wish = await read_json(request, ConsentingHoldRequest)
    wanted = await read_key(request)
    base_url = registry[Settings].base_url

    def render(moved: Moved) -> Answer:
        return hold_answer(moved, base_url=base_url)

    outcome = await _place(request, wish, service.Once(wanted, render) if wanted else None)
    if isinstance(outcome, Replayed):
        # Whoever repeats a request may have lost the first answer, and the cookie with it.
        code, response = orjson.loads(outcome.answer.body)["code"], replay(outcome.answer)
    else:
        code, response = outcome.code, fresh(render(outcome))
    remember_code(request, response, code)
    return response


async def _place(
    request: Request, wish: ConsentingHoldRequest, once: service.Once | None
) -> Moved | Replayed:
    registry = get_registry(request)
    try:
        agreed = await read_consents(registry[Database], Actor.guest(), wish.event_id, wish.consents)
    except PesanError as refusal:
        return await first_answer(registry[Database], once.wanted if once else None, refusal)
    return await service.place_hold(
        registry[SaleDesk],
        event_id=wish.event_id,
        buyer=wish,
        lines=[LineWish(wish.qty)],
        actor=await buyer_actor(request),
        locale=get_locale(request),
        room=registry[DiskRoom],
        origin=buyer_origin(request),
        once=once,
        agreed=agreed,
    )


async def first_answer(database: Database, wanted: Wanted | None, refusal: PesanError) -> Replayed:
    """What the same request was answered before it had to be refused; raises the refusal where it was not."""
    stored = await find_answer(database, Actor.guest(), wanted)
    if stored is None:
        raise refusal
    return Replayed(stored)


@holder.post(
    "/{id}/select-method",
    response_model=PaymentAnswer,
    responses=refusals(
        *BODY_REFUSALS,
        *KEY_REFUSALS,
        SignInNeeded,
        OrderNotFound,
        ValidationFailed,
        HoldExpired,
        WrongState,
        NothingToPay,
        MethodNotOffered,
        QrisAmountRefused,
        GatewayUnavailable,
        GatewayRefused,
    ),
    openapi_extra=described(KEY, CODE, security=CODE_ALONE),
)
async def choose_method(request: Request, id: UUID, choice: MethodChoice) -> Response:  # noqa: A002
    """Choose how to pay: the exact amount, and where to. The same choice again gets the same answer."""
    actor, wanted = guest_actor(request), await read_key(request)
    if earlier := await find_answer(get_database(request), actor, wanted):
        return replay(earlier)
    is_hosted = await open_page_if_needed(
        get_registry(request)[Gateways],
        order=await _order(request, id),
        method_id=choice.method_id,
        actor=actor,
        origin=origin_of(request),
    )
    async with get_database(request).write(actor) as session:

        async def choose() -> Answer:
            order = await get_order(session, id)
            if not is_hosted:
                await select_method(session, order=order, method_id=choice.method_id, actor=actor)
            instructions = await load_instructions(session, order)
            assert instructions is not None
            return answer_of(payment_answer(instructions))

        outcome = await answer_once(session, wanted, choose) if wanted else await choose()
    return replay(outcome.answer) if isinstance(outcome, Replay) else fresh(outcome)


@holder.post(
    "/{id}/proof",
    response_model=StateAnswer,
    dependencies=[limit("proof", 3, 900)],
    responses=refusals(
        *BODY_REFUSALS,
        *KEY_REFUSALS,
        SignInNeeded,
        OrderNotFound,
        *REFUSED_FILES,
        ValidationFailed,
        HoldExpired,
        WrongState,
        NotYourOrder,
        ReviewBacklog,
        TooManyProofs,
        UploadsBusy,
        InspectionBusy,
        StorageUnavailable,
    ),
    openapi_extra=described(KEY, CODE, body=FILE, security=CODE_ALONE),
)
async def send_proof(request: Request, id: UUID) -> Response:  # noqa: A002  the document's name
    """Send the proof of payment: JPEG, PNG, WebP or PDF, at most 10 MB. The booking waits for review then."""
    # The file is read here and not by the framework, which would take it in before it asks whose booking this is.
    actor, order = guest_actor(request), await _order(request, id)

    async def key(received: Received) -> service.Once | None:
        wanted = await read_key(request, received.sha256)
        return service.Once(wanted, state_answer) if wanted else None

    async with one_file(request) as file:
        outcome = await take_proof(
            get_registry(request),
            order=order,
            stream=chunks(file),
            filename=file.filename,
            actor=actor,
            key=key,
        )
    return _state_response(outcome)


@holder.post(
    "/{id}/cancel",
    response_model=StateAnswer,
    responses=refusals(*BODY_REFUSALS, *KEY_REFUSALS, SignInNeeded, OrderNotFound, NotYourOrder, WrongState),
    openapi_extra=described(KEY, CODE, security=CODE_ALONE),
)
async def cancel(request: Request, id: UUID) -> Response:  # noqa: A002  the document's name
    """Give a held place back."""
    wanted = await read_key(request, b"")
    outcome = await service.cancel(
        get_registry(request)[SaleDesk],
        order=await _order(request, id),
        actor=guest_actor(request),
        once=service.Once(wanted, state_answer) if wanted else None,
    )
    return _state_response(outcome)


@guest.get("/{code}", responses=refusals(*NOT_YOURS))
async def get_booking(request: Request, code: str) -> BookingAnswer:
    """A booking, with what its holder can do next."""
    found = await load_booking(get_database(request), normalise_code(code), await get_actor(request))
    return booking_answer(
        found.order,
        found.listing,
        methods=found.methods,
        instructions=found.instructions,
        tickets=found.tickets,
        state=found.state,
        now=found.now,
    )


@guest.get("/{code}/status", responses=refusals(*NOT_YOURS))
async def get_booking_status(request: Request, code: str) -> BookingStatusAnswer:
    """Where a booking stands; for polling."""
    order, state, now = await load_status(
        get_database(request), normalise_code(code), await get_actor(request)
    )
    return BookingStatusAnswer(
        code=order.code, state=state, hold_expires_at=order.hold_expires_at, server_time=now
    )


async def _order(request: Request, order_id: UUID) -> Order:
    async with get_database(request).read(guest_actor(request)) as session:
        return await get_order(session, order_id)


def _state_response(outcome: Moved | Replayed) -> Response:
    return replay(outcome.answer) if isinstance(outcome, Replayed) else fresh(state_answer(outcome))
