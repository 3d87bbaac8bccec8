"""Sessions: the customer arrives, the booth starts and finishes, an admin steps in."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.booths.api.answers import move_answer, session_answer
from pesan.booths.api.auth import AS_BOOTH, GENERALLY, NOT_LIVE, Caller, CallerOf, limit_booth
from pesan.booths.api.bookings import SIGNED_IN
from pesan.booths.api.schemas import MoveAnswer, OverrideRequest, SessionAnswer, UndoRequest
from pesan.booths.desk import BoothDesk
from pesan.booths.errors import (
    BoothBusy,
    NothingToUndo,
    NotPaidYet,
    NotYourSession,
    OverrideNotAllowed,
    SessionExpired,
    SessionNotFound,
    SessionRefunded,
    TooEarly,
    WrongBooth,
    WrongState,
)
from pesan.booths.moves import SessionMove
from pesan.booths.queries.sessions import Booked, get_booked_here
from pesan.booths.states import SessionEvent
from pesan.errors import Forbidden, PesanError
from pesan.orders.errors import ReasonMissing
from pesan.orders.moves import Replayed
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.deps import get_database, get_registry
from pesan.web.errors import FactorNeeded, SignInNeeded, ValidationFailed
from pesan.web.idempotency import fresh, read_key, replay
from pesan.web.json_bodies import read_json
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

router = APIRouter(prefix="/session", tags=["booths"], dependencies=[GENERALLY, allow(Who.STAFF, Who.BOOTH)])
admins = APIRouter(prefix="/session", tags=["booths"], dependencies=[GENERALLY, allow(Who.STAFF)])
_REFUSALS: tuple[type[PesanError], ...] = (
    *BODY_REFUSALS,
    *KEY_REFUSALS,
    SignInNeeded,
    FactorNeeded,
    Forbidden,
    SessionNotFound,
    NotPaidYet,
    WrongState,
    SessionRefunded,
)
_AT_BOOTHS: tuple[type[PesanError], ...] = (*NOT_LIVE, WrongBooth, NotYourSession)
_ASKED_BY = [*SIGNED_IN, *AS_BOOTH]


@router.get(
    "/{id}/status",
    response_model=SessionAnswer,
    responses=refusals(SignInNeeded, FactorNeeded, Forbidden, *NOT_LIVE, SessionNotFound),
    openapi_extra=described(security=_ASKED_BY),
)
async def get_status(request: Request, id: str, caller: CallerOf) -> SessionAnswer:  # noqa: A002  the document's name
    """Where a booking stands, by its id or its code."""
    booked = await _find(request, id, caller)
    if caller.booth_id is not None and (booked.booth is None or booked.booth.id != caller.booth_id):
        raise SessionNotFound
    return session_answer(booked, caller)


@router.post(
    "/{id}/arrival",
    response_model=MoveAnswer,
    dependencies=[limit_booth("session-arrival", 60, 60)],
    responses=refusals(*_REFUSALS, *_AT_BOOTHS, SessionExpired),
    openapi_extra=described(KEY, security=_ASKED_BY),
)
async def arrive(request: Request, id: str, caller: CallerOf) -> Response:  # noqa: A002
    """The customer is there: ARRIVED, or EXPIRED when that is too late; `status` says which."""
    return await _move(request, id, caller, SessionEvent.ARRIVE)


@router.post(
    "/{id}/start",
    response_model=MoveAnswer,
    responses=refusals(*_REFUSALS, *_AT_BOOTHS, BoothBusy, TooEarly),
    openapi_extra=described(KEY, security=_ASKED_BY),
)
async def start(request: Request, id: str, caller: CallerOf) -> Response:  # noqa: A002
    """The session begins, and is over by itself at `due_at`."""
    return await _move(request, id, caller, SessionEvent.START)


@router.post(
    "/{id}/finish",
    response_model=MoveAnswer,
    responses=refusals(*_REFUSALS, *_AT_BOOTHS),
    openapi_extra=described(KEY, security=_ASKED_BY),
)
async def finish(request: Request, id: str, caller: CallerOf) -> Response:  # noqa: A002
    """The session is over before its time."""
    return await _move(request, id, caller, SessionEvent.FINISH)


@admins.post(
    "/{id}/override",
    response_model=MoveAnswer,
    responses=refusals(*_REFUSALS, ValidationFailed, ReasonMissing, OverrideNotAllowed, BoothBusy),
    openapi_extra=described(KEY, body=json_of(OverrideRequest), security=SIGNED_IN),
)
async def override(request: Request, id: str, caller: CallerOf) -> Response:  # noqa: A002
    """An admin puts the session where it belongs, and says why; an unpaid booking is called off."""
    wish = await read_json(request, OverrideRequest)
    booked = await _find(request, id, caller)
    move = SessionMove(
        SessionEvent.OVERRIDE, booked.order.id, caller.actor, target=wish.status, reason=wish.reason
    )
    return await _submit(request, move)


@admins.post(
    "/{id}/override/undo",
    response_model=MoveAnswer,
    responses=refusals(*_REFUSALS, ValidationFailed, NothingToUndo, BoothBusy),
    openapi_extra=described(KEY, body=json_of(UndoRequest), security=SIGNED_IN),
)
async def undo_override(request: Request, id: str, caller: CallerOf) -> Response:  # noqa: A002
    """The session goes back to where it stood before it was overridden, while nothing followed."""
    wish = await read_json(request, UndoRequest)
    booked = await _find(request, id, caller)
    return await _submit(
        request, SessionMove(SessionEvent.UNDO, booked.order.id, caller.actor, reason=wish.reason)
    )


async def _find(request: Request, ref: str, caller: Caller) -> Booked:
    async with get_database(request).read(caller.actor) as session:
        booked = await get_booked_here(session, ref, caller.actor)
    name_merchant(request, booked.order.merchant_id)
    return booked


async def _move(request: Request, ref: str, caller: Caller, event: SessionEvent) -> Response:
    booked = await _find(request, ref, caller)
    return await _submit(request, SessionMove(event, booked.order.id, caller.actor, booth_id=caller.booth_id))


async def _submit(request: Request, move: SessionMove) -> Response:
    wanted = await read_key(request)
    outcome = await get_registry(request)[BoothDesk].submit(move, wanted=wanted, render=move_answer)
    return replay(outcome.answer) if isinstance(outcome, Replayed) else fresh(move_answer(outcome))
