"""What a provider's money writes together with its order's move: exactly the payment it came for, and that once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from pesan.db import WriteSession
from pesan.orders.moves import Stage
from pesan.payments import ledger
from pesan.payments.companions import CaptureCompanion, capture_of
from pesan.payments.ledger import Movement
from pesan.payments.refunds.companions import insert_refunds, refund_row
from pesan.payments.refunds.states import RefundCause
from pesan.payments.states import Reason

_IDS = bindparam("ids", type_=ARRAY(Uuid()))
_SUPERSEDE = text(
    "UPDATE payments SET state = 'superseded' WHERE order_id = ANY (:order_ids) AND state = 'open'"
    " AND id <> ALL (:ids)"
).bindparams(_IDS, bindparam("order_ids", type_=ARRAY(Uuid())))
_SETTLE = text(
    "UPDATE payments SET state = 'paid', settled_at = clock_timestamp(),"
    " closed_at = coalesce(closed_at, clock_timestamp()) WHERE id = ANY (:ids) AND state <> 'paid'"
    " RETURNING id, order_id, merchant_id, amount, currency"
).bindparams(_IDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCapture(CaptureCompanion):
    """The money of one payment at a provider; whatever else the order waited for is given up."""

    payment_id: UUID

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Settle these payments; one that is settled already stays as it is, and moves no money again."""
        ids = [item.payment_id for item in items]
        await session.execute(_SUPERSEDE, {"ids": ids, "order_ids": [item.order_id for item in items]})
        captures = [capture_of(payment) for payment in await session.execute(_SETTLE, {"ids": ids})]
        await ledger.post(session, captures)
        await cls._post_more(session, items, captures)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRefundDue(GatewayCapture):
    """A provider's money that buys nothing, because it came too late or a second time: captured, and due back."""

    stage: ClassVar[Stage] = Stage.RETURN

    cause: RefundCause

    @classmethod
    async def _post_more(
        cls, session: WriteSession, items: Sequence[Self], captures: Sequence[Movement]
    ) -> None:
        await ledger.post(session, [replace(capture, reason=Reason.REFUND_DUE) for capture in captures])
        causes = {item.payment_id: item.cause for item in items}
        refunds = [
            refund_row(capture, causes[capture.source_id], payment_id=capture.source_id)
            for capture in captures
        ]
        await insert_refunds(session, refunds)
