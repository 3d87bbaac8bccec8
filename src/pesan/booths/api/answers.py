"""What the booth desk answers."""

from pesan.booths.api.auth import Caller
from pesan.booths.api.schemas import BookingAnswer, MoveAnswer, SessionAnswer
from pesan.booths.moves import Moved
from pesan.booths.queries.sessions import Booked
from pesan.booths.service.booking import Reserved
from pesan.booths.states import UNFULFILLED, SessionState
from pesan.checkout.links import pay_path, status_path
from pesan.idempotency.service import Answer
from pesan.kit.names import mask_name
from pesan.orders import Moved as Placed
from pesan.orders import OrderState

CREATED = 201


def booking_answer(placed: Placed, reserved: Reserved, *, base_url: str, in_cash: bool) -> Answer:
    """The answer to a booking that was just made.

    Of one that is paid `in_cash`, or costs nothing, whoever gives it has taken the money and made the session.
    """
    is_paid = in_cash or placed.state is OrderState.PAID
    told = BookingAnswer(
        id=placed.order_id,
        code=placed.code,
        status=SessionState.AWAITING_CUSTOMER if is_paid else UNFULFILLED[placed.state],
        outlet_id=placed.event_id,
        booth_id=reserved.booth.id,
        booking_time=reserved.span.starts_at,
        end_time=reserved.span.ends_at,
        amount=placed.total_amount,
        currency=placed.currency,
        hold_expires_at=None if is_paid else placed.hold_expires_at,
        pay_url=None if is_paid else base_url + pay_path(placed.code),
        status_url=base_url + status_path(placed.code),
        server_time=placed.at,
    )
    return Answer(CREATED, told.model_dump_json().encode())


def move_answer(moved: Moved) -> Answer:
    """The answer to a move of a session."""
    due_at = moved.session.due_at if moved.session else None
    told = MoveAnswer(id=moved.session_id, status=moved.state, due_at=due_at, server_time=moved.at)
    return Answer(200, told.model_dump_json().encode())


def session_answer(booked: Booked, caller: Caller) -> SessionAnswer:
    """A booking as its outlet's staff see it, or a booth: without the whole name."""
    order, session = booked.order, booked.session
    answer = SessionAnswer(
        id=order.id,
        status=booked.state,
        outlet_id=order.event_id,
        booth_id=booked.booth.id if booked.booth else None,
        booth=booked.booth.name if booked.booth else None,
        user=mask_name(order.buyer_name) if caller.booth_id else order.buyer_name,
        booking_time=booked.starts_at,
        end_time=booked.ends_at,
        paid_at=booked.paid_at,
        expired_at=booked.expired_at,
        server_time=booked.now,
    )
    if session is None:
        return answer
    return answer.model_copy(
        update={
            "arrive_until": session.arrive_until,
            "arrived_at": session.arrived_at,
            "started_at": session.started_at,
            "due_at": session.due_at,
            "finished_at": session.finished_at,
            "override_by": session.override_by,
            "override_at": session.override_at,
            "override_reason": session.override_reason,
        }
    )
