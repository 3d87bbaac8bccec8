"""The booking face: routes with the documents' paths and names."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, UploadFile
from starlette.responses import Response

from pesan.catalog.queries import get_listing, list_listings
from pesan.checkout import service
from pesan.checkout.answers import hold_answer, state_answer
from pesan.checkout.proofs import take_proof
from pesan.checkout.schemas import HoldAnswer, HoldRequest, MethodChoice, StateAnswer
from pesan.errors import InvalidInput
from pesan.kit.i18n import Text
from pesan.kit.ids import normalise_code
from pesan.kit.pagination import BadCursor
from pesan.orders import Moved, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.queries import get_order
from pesan.payments.service import select_method
from pesan.settings import Settings
from pesan.storage.uploads import Received
from pesan.storefront.answers import (
    booking_answer,
    capacity_answer,
    item_answer,
    item_detail_answer,
    payment_answer,
)
from pesan.storefront.booking import load_booking, load_instructions, load_status
from pesan.storefront.schemas import (
    BookingAnswer,
    BookingStatusAnswer,
    CapacityAnswer,
    ItemDetailAnswer,
    ItemListAnswer,
    ItemQuery,
    PaymentAnswer,
    QrAnswer,
    QrQuestion,
)
from pesan.tickets.keystore import KeyStore
from pesan.tickets.queries import list_public_keys
from pesan.tickets.verify import verify
from pesan.web.access import Who, allow
from pesan.web.cookies import remember_code
from pesan.web.deps import get_actor, get_database, get_locale, get_registry, guest_actor
from pesan.web.idempotency import fresh, read_key, replay
from pesan.web.limits import limit, limit_misses

CHUNK = 64 * 1024
GUESSES = limit_misses("code-misses", 20, 60)

public = APIRouter(prefix="/api", tags=["booking"], dependencies=[allow(Who.PUBLIC)])
guest = APIRouter(
    prefix="/api/bookings", tags=["booking"], dependencies=[allow(Who.GUEST_WITH_CODE, Who.STAFF), GUESSES]
)
well_known = APIRouter(tags=["ticketing"], dependencies=[allow(Who.PUBLIC)])


@public.get("/items")
async def list_items(request: Request, wanted: Annotated[ItemQuery, Query()]) -> ItemListAnswer:
    """Events to come, the soonest first; follow `nextCursor` for more."""
    try:
        async with get_database(request).read(guest_actor(request)) as session:
            page = await list_listings(session, wanted.to_filter(), cursor=wanted.cursor, limit=wanted.limit)
    except BadCursor as error:
        raise _bad_cursor() from error
    return ItemListAnswer(items=[item_answer(found) for found in page.items], next_cursor=page.next_cursor)


@public.get("/items/{id}")
async def get_item(request: Request, id: UUID) -> ItemDetailAnswer:  # noqa: A002  the document's name
    """One event, with its places at this moment."""
    async with get_database(request).read(guest_actor(request)) as session:
        return item_detail_answer(await get_listing(session, event_id=id))


@public.get("/capacity/{eventId}")
async def get_capacity(request: Request, eventId: UUID) -> CapacityAnswer:  # noqa: N803  the document's name
    """The places of one event at this moment."""
    async with get_database(request).read(guest_actor(request)) as session:
        return capacity_answer(await get_listing(session, event_id=eventId))


@public.post(
    "/bookings/hold", status_code=201, response_model=HoldAnswer, dependencies=[limit("hold", 5, 900)]
)
async def hold(request: Request, wish: HoldRequest) -> Response:
    """Hold a place: the timer starts, and the answer's code is what opens the booking from now on."""
    registry = get_registry(request)
    wanted = await read_key(request)
    base_url = registry[Settings].base_url

    def render(moved: Moved) -> Any:
        return hold_answer(moved, base_url=base_url)

    outcome = await service.place_hold(
        registry[SaleDesk],
        event_id=wish.event_id,
        buyer=wish,
        quantity=wish.qty,
        actor=guest_actor(request),
        locale=get_locale(request),
        once=service.Once(wanted, render) if wanted else None,
    )
    if isinstance(outcome, Replayed):
        return replay(outcome.answer)
    response = fresh(render(outcome))
    remember_code(request, response, outcome.code)
    return response


@guest.post("/{id}/select-method")
async def choose_method(request: Request, id: UUID, choice: MethodChoice) -> PaymentAnswer:  # noqa: A002
    """Choose how to pay: the exact amount, and where to. The same choice again gets the same answer."""
    actor = await get_actor(request)
    async with get_database(request).write(actor) as session:
        order = await get_order(session, id)
        await select_method(session, order=order, method_id=choice.method_id, actor=actor)
        instructions = await load_instructions(session, order)
    assert instructions is not None
    return payment_answer(instructions)


@guest.post("/{id}/proof", response_model=StateAnswer, dependencies=[limit("proof", 3, 900)])
async def send_proof(request: Request, id: UUID, file: Annotated[UploadFile, File()]) -> Response:  # noqa: A002
    """Send the proof of payment: JPEG, PNG, WebP or PDF, at most 10 MB. The booking waits for review then."""
    actor = await get_actor(request)
    order = await _order(request, id)

    async def key(received: Received) -> service.Once | None:
        wanted = await read_key(request, received.sha256)
        return service.Once(wanted, state_answer) if wanted else None

    outcome = await take_proof(
        get_registry(request), order=order, stream=chunks(file), filename=file.filename, actor=actor, key=key
    )
    return replay(outcome.answer) if isinstance(outcome, Replayed) else fresh(state_answer(outcome))


@guest.post("/{id}/cancel", response_model=StateAnswer)
async def cancel(request: Request, id: UUID) -> Response:  # noqa: A002  the document's name
    """Give a held place back."""
    wanted = await read_key(request, b"")
    outcome = await service.cancel(
        get_registry(request)[SaleDesk],
        order=await _order(request, id),
        actor=await get_actor(request),
        once=service.Once(wanted, state_answer) if wanted else None,
    )
    return replay(outcome.answer) if isinstance(outcome, Replayed) else fresh(state_answer(outcome))


@guest.get("/{code}")
async def get_booking(request: Request, code: str) -> BookingAnswer:
    """A booking, with what its holder can do next."""
    found = await load_booking(get_database(request), normalise_code(code), await get_actor(request))
    answer = booking_answer(
        found.order,
        found.listing,
        methods=found.methods,
        instructions=found.instructions,
        tickets=found.tickets,
        now=found.now,
    )
    return answer.model_copy(update={"state": found.state.value})


@guest.get("/{code}/status")
async def get_booking_status(request: Request, code: str) -> BookingStatusAnswer:
    """Where a booking stands; for polling."""
    order, state, now = await load_status(
        get_database(request), normalise_code(code), await get_actor(request)
    )
    return BookingStatusAnswer(
        code=order.code, state=state.value, hold_expires_at=order.hold_expires_at, server_time=now
    )


@public.post("/verify/qr", dependencies=[limit("verify", 60, 60)])
async def verify_qr(request: Request, question: QrQuestion) -> QrAnswer:
    """What a ticket is worth: valid, invalid, void, used or for another event. Reads, never consumes."""
    verdict = await verify(
        get_database(request),
        get_registry(request)[KeyStore],
        question.payload,
        actor=await get_actor(request),
        event_id=question.event_id,
    )
    answer = QrAnswer(result=verdict.result.value, message=verdict.text(get_locale(request)))
    if verdict.details is None:
        return answer
    details = verdict.details
    told = {name: getattr(details, name) for name in ("code", "number", "holder_name", "used_at")}
    return answer.model_copy(update=told)


@well_known.get("/.well-known/jwks.json")
async def get_jwks(request: Request) -> dict[str, list[dict[str, Any]]]:
    """The public keys that tickets verify with (RFC 7517)."""
    async with get_database(request).read(guest_actor(request)) as session:
        return await list_public_keys(session)


async def chunks(file: UploadFile) -> AsyncIterator[bytes]:
    """An uploaded file in pieces."""
    while chunk := await file.read(CHUNK):
        yield chunk


async def _order(request: Request, order_id: UUID) -> Order:
    async with get_database(request).read(await get_actor(request)) as session:
        return await get_order(session, order_id)


def _bad_cursor() -> InvalidInput:
    return InvalidInput("cursor", Text(id="Kursor tidak sah.", en="The cursor is not valid."))
