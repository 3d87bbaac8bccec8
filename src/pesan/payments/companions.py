"""What payments write together with a move of an order, in the gate's own transaction, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Integer, LargeBinary, Row, String, Uuid, bindparam, text

from pesan.db import WriteSession
from pesan.kit.ids import new_id
from pesan.orders.moves import Stage
from pesan.payments import ledger
from pesan.payments.ledger import Movement
from pesan.payments.refunds.companions import insert_refunds, refund_row
from pesan.payments.refunds.states import RefundCause
from pesan.payments.states import Reason

# The payment may be settled already, when a group of moves holds an order's proof and its approval.
_INSERT_PROOFS = text(
    "INSERT INTO payment_proofs (id, merchant_id, order_id, payment_id, object_key, mime, size, sha256, phash,"
    " width, height)"
    " SELECT n.id, n.merchant_id, n.order_id, (SELECT p.id FROM payments p WHERE p.order_id = n.order_id"
    " AND p.state IN ('open', 'paid') ORDER BY p.created_at DESC LIMIT 1),"
    " n.object_key, n.mime, n.size, n.sha256, n.phash, n.width, n.height"
    " FROM unnest(:proof_id, :merchant_id, :order_id, :object_key, :mime, :size, :sha256, :phash, :width, :height)"
    " AS n (id, merchant_id, order_id, object_key, mime, size, sha256, phash, width, height)"
).bindparams(
    bindparam("proof_id", type_=ARRAY(Uuid())),
    bindparam("merchant_id", type_=ARRAY(Uuid())),
    bindparam("order_id", type_=ARRAY(Uuid())),
    bindparam("object_key", type_=ARRAY(String())),
    bindparam("mime", type_=ARRAY(String())),
    bindparam("size", type_=ARRAY(Integer())),
    bindparam("sha256", type_=ARRAY(LargeBinary())),
    bindparam("phash", type_=ARRAY(BigInteger())),
    bindparam("width", type_=ARRAY(Integer())),
    bindparam("height", type_=ARRAY(Integer())),
)

# Money that comes without a chosen method gets its payment here, so that every capture has one.
_OPEN_MISSING = text(
    "INSERT INTO payments (id, merchant_id, order_id, base_amount, amount)"
    " SELECT n.id, n.merchant_id, n.order_id, n.amount, n.amount"
    " FROM unnest(:ids, :merchant_ids, :order_ids, :amounts) AS n (id, merchant_id, order_id, amount)"
    " WHERE NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = n.order_id AND p.state = 'open')"
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid())),
    bindparam("merchant_ids", type_=ARRAY(Uuid())),
    bindparam("order_ids", type_=ARRAY(Uuid())),
    bindparam("amounts", type_=ARRAY(BigInteger())),
)
_SUPERSEDE = text(
    "UPDATE payments SET state = 'superseded' WHERE order_id = ANY (:order_ids) AND state = 'open'"
).bindparams(bindparam("order_ids", type_=ARRAY(Uuid())))
_SETTLE = text(
    "UPDATE payments SET state = 'paid', settled_at = clock_timestamp()"
    " WHERE order_id = ANY (:order_ids) AND state = 'open'"
    " RETURNING id, order_id, merchant_id, amount, currency"
).bindparams(bindparam("order_ids", type_=ARRAY(Uuid())))


@dataclass(frozen=True, slots=True)
class ProofCompanion:
    """The row of a proof whose object is stored already; it joins the order's open payment by itself."""

    stage: ClassVar[Stage] = Stage.EVIDENCE

    order_id: UUID
    merchant_id: UUID
    object_key: str
    mime: str
    size: int
    sha256: bytes
    phash: int | None = None
    width: int | None = None
    height: int | None = None
    proof_id: UUID = field(default_factory=new_id)

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Write the proofs of a group in one statement."""
        columns = [column.name for column in fields(cls)]
        await session.execute(
            _INSERT_PROOFS, {name: [getattr(item, name) for item in items] for name in columns}
        )


@dataclass(frozen=True, slots=True)
class CaptureCompanion:
    """The money of an order that was approved or paid: its open payment is settled and enters the ledger.

    `amount` is what the order costs; it counts only where no method was chosen, and so no payment is open.
    """

    stage: ClassVar[Stage] = Stage.MONEY

    order_id: UUID
    merchant_id: UUID
    amount: int

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Settle the payments of a group; the gate holds the orders' locks, which guard them."""
        await session.execute(
            _OPEN_MISSING,
            {
                "ids": [new_id() for _ in items],
                "merchant_ids": [item.merchant_id for item in items],
                "order_ids": [item.order_id for item in items],
                "amounts": [item.amount for item in items],
            },
        )
        settled = await session.execute(_SETTLE, {"order_ids": [item.order_id for item in items]})
        captures = [capture_of(payment) for payment in settled]
        await ledger.post(session, captures)
        await cls._post_more(session, items, captures)

    @classmethod
    async def _post_more(
        cls, session: WriteSession, items: Sequence[Self], captures: Sequence[Movement]
    ) -> None:
        """What else the captured money does at once."""


@dataclass(frozen=True, slots=True)
class RefundDueCompanion(CaptureCompanion):
    """Money that buys nothing, because it came too late or a second time: captured, and due back to its sender.

    `recorded_by` saw it come in, and so counts as whoever asks for its return.
    """

    stage: ClassVar[Stage] = Stage.RETURN

    cause: RefundCause
    reason: str | None = None
    recorded_by: UUID | None = None

    @classmethod
    async def _post_more(
        cls, session: WriteSession, items: Sequence[Self], captures: Sequence[Movement]
    ) -> None:
        await ledger.post(session, [replace(capture, reason=Reason.REFUND_DUE) for capture in captures])
        about = {item.order_id: item for item in items}
        await insert_refunds(session, [about[capture.order_id].refund_of(capture) for capture in captures])

    def refund_of(self, capture: Movement) -> dict[str, Any]:
        """The row of the refund of one captured payment."""
        return refund_row(
            capture,
            self.cause,
            payment_id=capture.source_id,
            reason=self.reason,
            requested_by=self.recorded_by,
        )


@dataclass(frozen=True, slots=True)
class CashCompanion:
    """Money taken at the counter: exactly `amount`, whatever the order's open payment asked for."""

    stage: ClassVar[Stage] = Stage.MONEY

    order_id: UUID
    merchant_id: UUID
    amount: int

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Give up the open payments of a group, and capture what was taken instead."""
        await session.execute(_SUPERSEDE, {"order_ids": [item.order_id for item in items]})
        captures = [CaptureCompanion(item.order_id, item.merchant_id, item.amount) for item in items]
        await CaptureCompanion.write_many(session, captures)


@dataclass(frozen=True, slots=True)
class FulfilCompanion:
    """An order that got what it paid for: its money is earned. A free order has none, and writes nothing."""

    stage: ClassVar[Stage] = Stage.GOODS

    order_id: UUID

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Move what the orders' customers still own to what is earned."""
        await ledger.record_fulfilment(session, [item.order_id for item in items])


def capture_of(payment: Row[Any]) -> Movement:
    """The movement of a payment that was settled just now."""
    return Movement(
        reason=Reason.CAPTURE,
        order_id=payment.order_id,
        merchant_id=payment.merchant_id,
        source_id=payment.id,
        amount=payment.amount,
        currency=payment.currency,
    )
