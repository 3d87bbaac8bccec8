"""What the booking face answers, as the bytes that a repeated request gets again."""

from pesan.checkout.schemas import Face, HoldAnswer, StateAnswer
from pesan.idempotency.service import Answer
from pesan.orders import Moved

CREATED = 201
OK = 200


def hold_answer(moved: Moved, *, base_url: str) -> Answer:
    """The answer to a granted hold; `base_url` is empty where links may be relative."""
    answer = HoldAnswer(
        id=moved.order_id,
        code=moved.code,
        state=moved.state,
        hold_expires_at=moved.hold_expires_at,
        server_time=moved.at,
        amount=moved.total_amount,
        currency=moved.currency,
        status_url=f"{base_url}/b/{moved.code}",
    )
    return answer_of(answer, CREATED)


def state_answer(moved: Moved) -> Answer:
    """The answer to a move that the buyer made of a hold."""
    answer = StateAnswer(
        id=moved.order_id,
        code=moved.code,
        state=moved.state,
        hold_expires_at=moved.hold_expires_at,
        server_time=moved.at,
    )
    return answer_of(answer)


def answer_of(told: Face, status: int = OK) -> Answer:
    """What is told, as bytes."""
    return Answer(status, told.model_dump_json(by_alias=True).encode())
