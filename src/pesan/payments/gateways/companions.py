"""What a provider's money writes together with its order's move: exactly the payment it came for, and that once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import text

from pesan.db import WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.orders.moves import Stage
from pesan.payments import ledger
from pesan.payments.ledger import POSTING, posting, posting_ids
from pesan.payments.refunds.companions import insert_refunds, refund_row
from pesan.payments.refunds.states import RefundCause
from pesan.payments.states import Reason

_CAPTURE = {"payment_id": "uuid", "order_id": "uuid", **POSTING}
_SUPERSEDE = text(
    f"WITH n AS (SELECT * FROM {recordset(_CAPTURE)})"  # noqa: S608
    " UPDATE payments SET state = 'superseded' WHERE order_id IN (SELECT order_id FROM n) AND state = 'open'"
    " AND id NOT IN (SELECT payment_id FROM n)"
)
_SETTLE = text(
    "WITH moved AS (UPDATE payments p SET state = 'paid', settled_at = clock_timestamp(),"  # noqa: S608
    f" closed_at = coalesce(p.closed_at, clock_timestamp()) FROM {recordset(_CAPTURE)}"
    " WHERE p.id = n.payment_id AND p.state <> 'paid' RETURNING p.id AS source_id, p.order_id, p.merchant_id,"
    f" p.amount, p.currency, n.transaction_id, n.from_id, n.to_id) {posting(Reason.CAPTURE)}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCapture:
    """The money of one payment at a provider; whatever else the order waited for is given up."""

    stage: ClassVar[Stage] = Stage.MONEY

    order_id: UUID
    payment_id: UUID

    @classmethod
    async def write_many(cls, executor: Executor, items: Sequence[Self]) -> None:
        """Settle these payments; one that is settled already stays as it is, and moves no money again."""
        rows = pack(map(_row, items))
        await executor.execute(_SUPERSEDE, rows)
        await executor.execute(_SETTLE, rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRefundDue:
    """A provider's money that buys nothing, because it came too late or a second time: captured, and due back."""

    stage: ClassVar[Stage] = Stage.RETURN

    order_id: UUID
    payment_id: UUID
    cause: RefundCause

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Settle these payments, and owe all of it to whoever sent it.

        Beside money that came again the order goes on as it is, with whatever asks for its balance.
        """
        late = [item for item in items if item.cause is not RefundCause.PAID_AGAIN]
        if late:
            await session.execute(_SUPERSEDE, pack(map(_row, late)))
        await owe_back(session, items)


async def owe_back(session: WriteSession, items: Sequence[GatewayRefundDue]) -> None:
    """The same for money beside which the order goes on as it is, with whatever it waits for."""
    rows = pack(map(_row, items))
    captures = ledger.read_movements(await session.execute(_SETTLE, rows), Reason.CAPTURE)
    await ledger.post(session, [replace(capture, reason=Reason.REFUND_DUE) for capture in captures])
    causes = {item.payment_id: item.cause for item in items}
    refunds = [
        refund_row(capture, causes[capture.source_id], payment_id=capture.source_id) for capture in captures
    ]
    await insert_refunds(session, refunds)


def _row(item: GatewayCapture | GatewayRefundDue) -> dict[str, Any]:
    return {"payment_id": item.payment_id, "order_id": item.order_id, **posting_ids()}
