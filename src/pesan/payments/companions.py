"""What payments write together with a move of an order, in the gate's own transaction, or not at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import TextClause, text

from pesan.db import WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.kit.ids import new_id
from pesan.orders.moves import Stage
from pesan.payments import ledger
from pesan.payments.ledger import POSTING, Movement, posting, posting_ids
from pesan.payments.refunds.companions import insert_refunds, refund_row
from pesan.payments.refunds.states import RefundCause
from pesan.payments.states import Reason

_PROOF = {
    "proof_id": "uuid",
    "merchant_id": "uuid",
    "order_id": "uuid",
    "object_key": "text",
    "mime": "text",
    "size": "integer",
    "sha256": "bytea",
    "phash": "bigint",
    "width": "integer",
    "height": "integer",
}
# The payment may be settled already, when a group of moves holds an order's proof and its approval.
_INSERT_PROOFS = text(
    "INSERT INTO payment_proofs (id, merchant_id, order_id, object_key, mime, size, sha256, phash, width, height,"  # noqa: S608
    " payment_id)"
    " SELECT n.*, (SELECT p.id FROM payments p WHERE p.order_id = n.order_id AND p.state IN ('open', 'paid')"
    # What asks for the money, before any that came meanwhile.
    f" ORDER BY p.state = 'open' DESC, p.created_at DESC LIMIT 1) FROM {recordset(_PROOF)}"
)
_NEW_CAPTURE = {
    "payment_id": "uuid",
    "merchant_id": "uuid",
    "order_id": "uuid",
    "amount": "bigint",
    **POSTING,
}
_SUPERSEDE = text(
    "UPDATE payments p SET state = 'superseded'"  # noqa: S608
    f" FROM {recordset(_NEW_CAPTURE)} WHERE p.order_id = n.order_id AND p.state = 'open'"
)
_IDS = "n.transaction_id, n.from_id, n.to_id"
_NEW_PAYMENT = (
    " INSERT INTO payments (id, merchant_id, order_id, base_amount, amount, state, settled_at)"
    " SELECT n.payment_id, n.merchant_id, n.order_id, n.amount, n.amount, 'paid', clock_timestamp() FROM n"
)
_MADE = " RETURNING id, order_id, merchant_id, amount, currency"
_MOVED = (
    f" SELECT m.id AS source_id, m.order_id, m.merchant_id, m.amount, m.currency, {_IDS}"  # noqa: S608
    " FROM made m JOIN n ON n.payment_id = m.id"
)
# Money that comes without a chosen method gets its payment here, so that every capture has one. What a person saw come
# in is never what a provider still waits for: such an attempt is given up, and closed at the provider like any other.
_CAPTURE = text(
    f"WITH n AS (SELECT * FROM {recordset(_NEW_CAPTURE)}), given_up AS ("  # noqa: S608
    " UPDATE payments p SET state = 'superseded'"
    " FROM n WHERE p.order_id = n.order_id AND p.state = 'open' AND p.gateway_account_id IS NOT NULL"
    "), settled AS ("
    " UPDATE payments p SET state = 'paid', settled_at = clock_timestamp()"
    " FROM n WHERE p.order_id = n.order_id AND p.state = 'open' AND p.gateway_account_id IS NULL"
    f" RETURNING p.id AS source_id, p.order_id, p.merchant_id, p.amount, p.currency, {_IDS}"
    f"), made AS ({_NEW_PAYMENT}"
    " WHERE NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = n.order_id AND p.state = 'open'"
    f" AND p.gateway_account_id IS NULL){_MADE}"
    f"), moved AS ( SELECT * FROM settled UNION ALL{_MOVED}) {posting(Reason.CAPTURE)}"
)
# Money that came again is a payment of its own: what an order's buyer was asked for, as for a balance, stays open.
_CAPTURE_AGAIN = text(
    f"WITH n AS (SELECT * FROM {recordset(_NEW_CAPTURE)}),"  # noqa: S608
    f" made AS ({_NEW_PAYMENT}{_MADE}), moved AS ({_MOVED}) {posting(Reason.CAPTURE)}"
)


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
    async def write_many(cls, executor: Executor, items: Sequence[Self]) -> None:
        """Write the proofs of a group in one statement."""
        await executor.execute(_INSERT_PROOFS, pack(_values(item, _PROOF) for item in items))


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
    async def write_many(cls, executor: Executor, items: Sequence[Self]) -> None:
        """Settle the payments of a group in one statement; the gate holds the orders' locks, which guard them."""
        await executor.execute(_CAPTURE, pack(map(_capture, items)))


@dataclass(frozen=True, slots=True)
class RefundDueCompanion:
    """Money that buys nothing, because it came too late or a second time: captured, and due back to its sender.

    What came again, or was `counted` by whoever has it before them, is exactly `amount`, and a payment of its own; of
    what else came late it counts as that of a `CaptureCompanion`. `recorded_by` saw the money come in, and so counts as
    whoever asks for its return.
    """

    stage: ClassVar[Stage] = Stage.RETURN

    order_id: UUID
    merchant_id: UUID
    amount: int
    cause: RefundCause
    reason: str | None = None
    recorded_by: UUID | None = None
    counted: bool = False

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Settle the payments of a group, or write those of their own, and owe all of it to whoever sent it."""
        for statement, is_own in ((_CAPTURE_AGAIN, True), (_CAPTURE, False)):
            if some := [item for item in items if item.is_own is is_own]:
                await cls._write(session, statement, some)

    @property
    def is_own(self) -> bool:
        """Whether it is a payment of its own, and not that of what was asked for."""
        return self.counted or self.cause is RefundCause.PAID_AGAIN

    @classmethod
    async def _write(cls, session: WriteSession, statement: TextClause, items: Sequence[Self]) -> None:
        rows = [_capture(item) for item in items]
        captures = ledger.read_movements(await session.execute(statement, pack(rows)), Reason.CAPTURE)
        await ledger.post(session, [replace(capture, reason=Reason.REFUND_DUE) for capture in captures])
        # One order's money may come again twice in one group, seen by different people.
        own = {row["payment_id"]: item for row, item in zip(rows, items, strict=True)}
        asked = {item.order_id: item for item in items}
        about = [(own.get(capture.source_id, asked[capture.order_id]), capture) for capture in captures]
        await insert_refunds(session, [item.refund_of(capture) for item, capture in about])

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
    async def write_many(cls, executor: Executor, items: Sequence[Self]) -> None:
        """Give up the open payments of a group, and capture what was taken instead."""
        rows = pack(map(_capture, items))
        await executor.execute(_SUPERSEDE, rows)
        await executor.execute(_CAPTURE, rows)


@dataclass(frozen=True, slots=True)
class FulfilCompanion:
    """An order that got what it paid for: its money is earned. A free order has none, and writes nothing."""

    stage: ClassVar[Stage] = Stage.GOODS

    order_id: UUID

    @classmethod
    async def write_many(cls, executor: Executor, items: Sequence[Self]) -> None:
        """Move what the orders' customers still own to what is earned."""
        await ledger.record_fulfilment(executor, [item.order_id for item in items])


def _capture(item: CaptureCompanion | CashCompanion | RefundDueCompanion) -> dict[str, Any]:
    money = {"order_id": item.order_id, "merchant_id": item.merchant_id, "amount": item.amount}
    return {"payment_id": new_id(), **money, **posting_ids()}


def _values(item: ProofCompanion, columns: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(item, name) for name in columns}
