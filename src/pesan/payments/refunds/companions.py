"""What refunds write together with a move of an order, in the gate's own transaction, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import text

from pesan.db import WriteSession
from pesan.db.rows import pack, recordset
from pesan.kit.ids import new_id
from pesan.orders.moves import Stage
from pesan.payments import ledger
from pesan.payments.ledger import Movement
from pesan.payments.refunds.states import RefundCause, RefundState

_COLUMNS = {
    "id": "uuid",
    "merchant_id": "uuid",
    "order_id": "uuid",
    "payment_id": "uuid",
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
# A wish that waits for its approval becomes the refund itself, and keeps who wished.
_INSERT = text(
    f"INSERT INTO refunds ({_NAMES}, approved_at) SELECT n.*, {_APPROVED_AT} FROM {recordset(_COLUMNS)}"  # noqa: S608
    " ON CONFLICT (order_id) WHERE payment_id IS NULL AND state <> 'declined' DO UPDATE"
    " SET state = excluded.state, cause = excluded.cause, reason = excluded.reason, amount = excluded.amount,"
    " approved_by = excluded.approved_by, approved_at = excluded.approved_at WHERE refunds.state = 'requested'"
)


@dataclass(frozen=True, slots=True)
class RefundCompanion:
    """An order that goes back as a whole: all its money is due to its buyer. A free order has none.

    `reason` is what the buyer reads; `requested_by` counts where nobody had asked before.
    """

    stage: ClassVar[Stage] = Stage.RETURN

    order_id: UUID
    merchant_id: UUID
    cause: RefundCause
    reason: str | None = None
    requested_by: UUID | None = None
    approved_by: UUID | None = None
    wish_id: UUID | None = None

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Move what the orders have to what is due back; the gate holds their locks.

        Raises IntegrityError when a wish that is to be approved was declined: its key is taken, and its order's not.
        """
        movements = await ledger.take_back(session, [item.order_id for item in items])
        about = {item.order_id: item for item in items}
        await insert_refunds(session, [_refund(movement, about[movement.order_id]) for movement in movements])


async def insert_refunds(session: WriteSession, refunds: Sequence[dict[str, Any]]) -> None:
    """Write refunds whose money the ledger owes from now on."""
    if refunds:
        await session.execute(_INSERT, pack(refunds))


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
