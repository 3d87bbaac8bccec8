"""Messages on their way: written down, tried, tried again later, given up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from pesan.db import WriteSession
from pesan.hooks.locks import lock_delivery, lock_endpoint
from pesan.hooks.models import HookDelivery, HookEndpoint
from pesan.hooks.queries import list_listening
from pesan.hooks.states import FAILING_FOR, WAITS, Ended, HookState
from pesan.kit.ids import new_id
from pesan.orders.models import Order

# Longer than any attempt takes: whoever took one and died is followed by another.
_TAKEN_FOR = timedelta(minutes=10)
_KEPT = text("DELETE FROM hook_deliveries WHERE created_at < clock_timestamp() - interval '30 days'")
_ENDED = text("DELETE FROM hook_secrets WHERE ends_at < clock_timestamp()")
_TAKE_DUE = text(
    "UPDATE hook_deliveries d SET due_at = clock_timestamp() + :taken_for"
    # What waits for an endpoint that was switched off stays due, and must not fill the portion.
    " WHERE d.state = 'waiting' AND d.id IN (SELECT w.id FROM hook_deliveries w"
    " JOIN hook_endpoints e ON e.id = w.endpoint_id AND e.is_active"
    " WHERE w.state = 'waiting' AND w.due_at <= clock_timestamp() ORDER BY w.due_at LIMIT :most)"
    " RETURNING d.id, d.endpoint_id, d.attempts"
)
_AT_ONCE = 500
_OK, _MULTIPLE, _GONE = 200, 300, 410


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message about to be sent, written down before the network is touched."""

    delivery_id: UUID
    merchant_id: UUID
    endpoint_id: UUID
    url: str
    message_id: str
    body: bytes


async def write_messages(
    session: WriteSession, order: Order, *, message_id: UUID, kind: str, state: str, at: datetime
) -> Sequence[tuple[UUID, UUID]]:
    """What is told of a move of an order, once for each endpoint that listens: the new (delivery, endpoint)s."""
    endpoints = await list_listening(session, order.merchant_id, kind)
    if not endpoints:
        return []
    body = _body(order, kind=kind, state=state, at=at)
    rows = [
        {
            "id": new_id(),
            "merchant_id": order.merchant_id,
            "endpoint_id": endpoint_id,
            "message_id": message_id,
            "kind": kind,
            "body": body,
            # The job that is enqueued with it is the first try; the sweep follows only if that one dies.
            "due_at": func.clock_timestamp() + _TAKEN_FOR,
        }
        for endpoint_id in endpoints
    ]
    once = insert(HookDelivery).values(rows).on_conflict_do_nothing()
    written = await session.execute(once.returning(HookDelivery.id, HookDelivery.endpoint_id))
    return [(delivery_id, endpoint_id) for delivery_id, endpoint_id in written]


def _body(order: Order, *, kind: str, state: str, at: datetime) -> bytes:
    """Ids and amounts: who the buyer is, and the code that opens their booking, stay here."""
    data = {
        "order_id": order.id,
        "event_id": order.event_id,
        "state": state,
        "quantity": order.quantity,
        "total_amount": order.total_amount,
        "balance_due_amount": order.balance_due_amount,
        "currency": order.currency,
    }
    told = {"type": kind, "timestamp": at.astimezone(UTC).isoformat().replace("+00:00", "Z"), "data": data}
    return orjson.dumps(told)


async def take_due(session: WriteSession, *, most: int = _AT_ONCE) -> Sequence[tuple[UUID, UUID, int]]:
    """(delivery, endpoint, attempts so far) of what should be tried now; nobody else takes it for ten minutes."""
    rows = await session.execute(_TAKE_DUE, {"taken_for": _TAKEN_FOR, "most": most})
    return [(row.id, row.endpoint_id, row.attempts) for row in rows]


async def begin(session: WriteSession, delivery_id: UUID, attempt: int) -> Attempt | None:
    """Write down that a message is tried now; None when that try was made, or nobody listens. **Locks** it."""
    delivery = await lock_delivery(session, delivery_id)
    if delivery is None or delivery.state != HookState.WAITING or delivery.attempts != attempt:
        return None
    endpoint = await session.get_one(HookEndpoint, delivery.endpoint_id)
    if not endpoint.is_active:
        return None
    now = await _now(session)
    delivery.attempts += 1
    delivery.last_attempt_at, delivery.due_at = now, now + _TAKEN_FOR
    return Attempt(
        delivery.id,
        delivery.merchant_id,
        endpoint.id,
        endpoint.url,
        f"msg_{delivery.message_id.hex}",
        bytes(delivery.body),
    )


async def finish(
    session: WriteSession, attempt: Attempt, *, status: int | None, problem: str | None
) -> Ended | None:
    """Write down what came of a try; why the endpoint should hear no more, if it should not.

    **Locks** the endpoint, then the delivery.
    """
    endpoint = await lock_endpoint(session, attempt.endpoint_id, merchant_id=attempt.merchant_id)
    delivery = await lock_delivery(session, attempt.delivery_id)
    if delivery is None or delivery.state != HookState.WAITING:
        return None
    now = await _now(session)
    delivery.last_status, delivery.last_problem = status, problem
    if status is not None and _OK <= status < _MULTIPLE:
        delivery.state, endpoint.failing_since = HookState.DELIVERED.value, None
        return None
    if delivery.attempts > len(WAITS):
        delivery.state = HookState.FAILED.value
    else:
        delivery.due_at = now + WAITS[delivery.attempts - 1]
    endpoint.failing_since = endpoint.failing_since or now
    if status == _GONE:
        return Ended.GONE
    return Ended.FAILING if now - endpoint.failing_since >= FAILING_FOR else None


async def forget(session: WriteSession) -> None:
    """Let go of messages of more than thirty days ago, and of secrets that sign no more."""
    await session.execute(_KEPT)
    await session.execute(_ENDED)


async def _now(session: WriteSession) -> datetime:
    now: datetime = (await session.scalars(select(func.clock_timestamp()))).one()
    return now
