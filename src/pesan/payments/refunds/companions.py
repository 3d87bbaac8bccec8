"""What refunds write together with a move of an order, in the gate's own transaction, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from pesan.db import WriteSession
from pesan.db.rows import pack, recordset
from pesan.jobs import enqueue
from pesan.kit.ids import new_id
from pesan.orders.moves import Stage
from pesan.payments import ledger
from pesan.payments.ledger import Movement
from pesan.payments.refunds.errors import Overruled, RefundDecided, SecondPersonNeeded
from pesan.payments.refunds.models import IS_WHOLE
from pesan.payments.refunds.states import SEND_REFUNDS_TASK, RefundCause, RefundMethod, RefundState
from pesan.payments.states import Reason

_COLUMNS = {
    "id": "uuid",
    "merchant_id": "uuid",
    "order_id": "uuid",
    "payment_id": "uuid",
    "ticket_ids": "uuid[]",
    "amount": "bigint",
    "currency": "text",
    "cause": "text",
    "reason": "text",
    "state": "text",
    "requested_by": "uuid",
    "approved_by": "uuid",
}
_NAMES = ", ".join(_COLUMNS)
_APPROVED_AT = "CASE n.state WHEN 'approved' THEN clock_timestamp() END"
# What staff give back of one order in several steps weighs together, and so does what they lowered its price by.
_WEIGHED = (
    "n.amount + CASE WHEN n.cause IN ('asked', 'price_lowered') THEN coalesce((SELECT sum(x.amount) FROM refunds x"
    " WHERE x.order_id = n.order_id AND (x.ticket_ids IS NOT NULL OR x.cause = 'price_lowered')"
    " AND x.state <> 'declined' AND x.id <> n.id), 0) ELSE 0 END"
)
# What providers were given to send back of an order before, whichever of its payments it went by.
_SENT_BEFORE = (
    "coalesce((SELECT sum(x.amount) FROM refunds x WHERE x.order_id = {0}.order_id AND x.payment_id IS NULL"
    " AND x.id <> {0}.id AND x.method = 'gateway' AND x.state IN ('requested', 'approved', 'paid')"
    " AND x.paid_by IS NULL), 0)"
)
# Money goes back by the provider that took it; what went back as a payment of its own did not buy the order. What came
# in parts goes back at once, more than a provider took by any one of them, or has left: people send that.
_METHOD = (
    "CASE WHEN EXISTS (SELECT 1 FROM payments p WHERE p.order_id = {0}.order_id AND p.state = 'paid'"  # noqa: S608
    " AND p.gateway_account_id IS NOT NULL AND p.payment_key IS NOT NULL"
    f" AND p.amount >= {{0}}.amount + CASE WHEN {{0}}.payment_id IS NULL THEN {_SENT_BEFORE} ELSE 0 END"
    " AND CASE WHEN {0}.payment_id IS NULL"
    " THEN NOT EXISTS (SELECT 1 FROM refunds b WHERE b.payment_id = p.id) ELSE p.id = {0}.payment_id END)"
    " THEN 'gateway' ELSE 'manual' END"
)
# A wish that waits for its approval becomes the refund itself, and keeps who wished.
_INSERT = text(
    f"INSERT INTO refunds ({_NAMES}, weighed_amount, approved_at, method) SELECT n.*, {_WEIGHED},"  # noqa: S608
    f" {_APPROVED_AT}, {_METHOD.format('n')} FROM {recordset(_COLUMNS)}"
    f" ON CONFLICT (order_id) WHERE {IS_WHOLE} AND state <> 'declined' DO UPDATE"
    " SET state = excluded.state, cause = excluded.cause, reason = excluded.reason, amount = excluded.amount,"
    " weighed_amount = excluded.weighed_amount, approved_by = excluded.approved_by,"
    " approved_at = excluded.approved_at, method = excluded.method WHERE refunds.state = 'requested'"
    " RETURNING method"
)
# The whole order goes back, and with it what waited for a second person.
_DROP_WISHES = text(
    "UPDATE refunds SET state = 'declined' WHERE order_id = ANY (:order_ids) AND ticket_ids IS NOT NULL"
    " AND state = 'requested' RETURNING id"
).bindparams(bindparam("order_ids", type_=ARRAY(Uuid())))
_GRANT_WISH = text(
    "UPDATE refunds r SET state = 'approved', approved_by = :approved_by, approved_at = clock_timestamp(),"  # noqa: S608
    f" method = {_METHOD.format('r')} WHERE id = :id AND state = 'requested' RETURNING method"
)
_TOO_MUCH_FOR_ONE = text(
    "SELECT 1 FROM refunds WHERE order_id = :order_id AND cause = 'asked' AND state = 'approved'"
    " AND requested_by = approved_by AND weighed_amount > :most LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class RefundCompanion:
    """An order that goes back as a whole: all its money is due to its buyer. A free order has none.

    `reason` is what the buyer reads; `requested_by` counts where nobody had asked before. What one person gives back is
    at most `alone_up_to`, all that went back before included. `instead_of` is the wish for the last tickets that this
    fulfils, if it still stands.
    """

    stage: ClassVar[Stage] = Stage.RETURN

    order_id: UUID
    merchant_id: UUID
    cause: RefundCause
    reason: str | None = None
    requested_by: UUID | None = None
    approved_by: UUID | None = None
    wish_id: UUID | None = None
    alone_up_to: int | None = None
    instead_of: UUID | None = None

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Move what the orders have to what is due back; the gate holds their locks.

        Raises IntegrityError when a wish that is to be approved was declined: its key is taken, and its order's not.
        Raises Overruled when two people are needed, or the wish for its last tickets was declined.
        """
        dropped = await session.scalars(_DROP_WISHES, {"order_ids": [item.order_id for item in items]})
        if not {item.instead_of for item in items if item.instead_of} <= set(dropped):
            raise Overruled(RefundDecided())
        movements = await ledger.take_back(session, [item.order_id for item in items])
        about = {item.order_id: item for item in items}
        await insert_refunds(session, [_refund(movement, about[movement.order_id]) for movement in movements])
        for item in items:
            await _require_one_is_enough(session, item.order_id, item.alone_up_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRefundCompanion:
    """Some tickets of an order that go back: their share of its money is due to its buyer.

    With `is_wish` the refund waits there already, and is approved only if it still does.
    """

    stage: ClassVar[Stage] = Stage.RETURN

    order_id: UUID
    merchant_id: UUID
    ticket_ids: tuple[UUID, ...]
    amount: int
    currency: str
    reason: str
    requested_by: UUID | None
    approved_by: UUID | None
    refund_id: UUID
    is_wish: bool = False
    alone_up_to: int | None = None

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Write them one by one, because each weighs with those before it; raises Overruled."""
        for item in items:
            await _write_part(session, item)


async def _write_part(session: WriteSession, item: TicketRefundCompanion) -> None:
    movement = Movement(
        reason=Reason.REVOCATION,
        order_id=item.order_id,
        merchant_id=item.merchant_id,
        source_id=item.refund_id,
        amount=item.amount,
        currency=item.currency,
    )
    if item.is_wish:
        wish = {"id": item.refund_id, "approved_by": item.approved_by}
        methods = (await session.scalars(_GRANT_WISH, wish)).all()
        if not methods:
            raise Overruled(RefundDecided())
        await _send_soon(session, methods)
    else:
        await insert_refunds(session, [_part_row(item, movement)])
    await ledger.post(session, [movement])
    await _require_one_is_enough(session, item.order_id, item.alone_up_to)


def _part_row(item: TicketRefundCompanion, movement: Movement) -> dict[str, Any]:
    row = refund_row(
        movement,
        RefundCause.ASKED,
        reason=item.reason,
        requested_by=item.requested_by,
        approved_by=item.approved_by,
        refund_id=item.refund_id,
    )
    return {**row, "ticket_ids": list(item.ticket_ids)}


async def _require_one_is_enough(session: WriteSession, order_id: UUID, most: int | None) -> None:
    """Somebody else may have given part of the same order back since this was looked at."""
    if most is None:
        return
    found = await session.execute(_TOO_MUCH_FOR_ONE, {"order_id": order_id, "most": most})
    if found.first() is not None:
        raise Overruled(SecondPersonNeeded())


async def insert_refunds(session: WriteSession, refunds: Sequence[dict[str, Any]]) -> None:
    """Write refunds whose money the ledger owes from now on; **Enqueues** asking the providers that send theirs."""
    if refunds:
        await _send_soon(session, (await session.scalars(_INSERT, pack(refunds))).all())


async def _send_soon(session: WriteSession, methods: Sequence[str]) -> None:
    if RefundMethod.GATEWAY in methods:
        await enqueue(session, SEND_REFUNDS_TASK)


def refund_row(
    movement: Movement,
    cause: RefundCause,
    *,
    payment_id: UUID | None = None,
    reason: str | None = None,
    requested_by: UUID | None = None,
    approved_by: UUID | None = None,
    refund_id: UUID | None = None,
) -> dict[str, Any]:
    """The row of a refund of what was moved; what was asked for is moved only when it is approved."""
    state = RefundState.APPROVED if cause is RefundCause.ASKED else RefundState.REQUESTED
    return {
        "id": refund_id or new_id(),
        "merchant_id": movement.merchant_id,
        "order_id": movement.order_id,
        "payment_id": payment_id,
        "ticket_ids": None,
        "amount": movement.amount,
        "currency": movement.currency,
        "cause": cause.value,
        "reason": reason,
        "state": state.value,
        "requested_by": requested_by,
        "approved_by": approved_by,
    }


def _refund(movement: Movement, about: RefundCompanion) -> dict[str, Any]:
    return refund_row(
        movement,
        about.cause,
        reason=about.reason,
        requested_by=about.requested_by,
        approved_by=about.approved_by,
        refund_id=about.wish_id,
    )
