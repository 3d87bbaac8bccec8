"""What the booking face answers, as the bytes that a repeated request gets again."""

from typing import Any

import orjson

from pesan.checkout.schemas import Face
from pesan.idempotency.service import Answer
from pesan.kit.times import isoformat
from pesan.orders import Moved

CREATED = 201
OK = 200


def hold_answer(moved: Moved, *, base_url: str) -> Answer:
    """The HoldAnswer to a granted hold; `base_url` is empty where links may be relative."""
    told = {
        **_state(moved),
        "amount": moved.total_amount,
        "currency": moved.currency,
        "statusUrl": f"{base_url}/b/{moved.code}",
    }
    return Answer(CREATED, orjson.dumps(told))


def state_answer(moved: Moved) -> Answer:
    """The StateAnswer to a move that the buyer made of a hold."""
    return Answer(OK, orjson.dumps(_state(moved)))


def answer_of(told: Face, status: int = OK) -> Answer:
    """What is told, as bytes."""
    return Answer(status, told.model_dump_json(by_alias=True).encode())


def _state(moved: Moved) -> dict[str, Any]:
    """Written out, because every hold pays for it; that it fits the schema is tested."""
    return {
        "id": moved.order_id,
        "code": moved.code,
        "state": moved.state,
        "holdExpiresAt": isoformat(moved.hold_expires_at),
        "serverTime": isoformat(moved.at),
    }
