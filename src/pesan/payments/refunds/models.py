"""The table of refunds."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import (
    OF_VISIBLE_ORDER,
    REQUEST,
    SALE,
    SYSTEM,
    sale_policy,
    staff_of_order,
    system_policy,
)
from pesan.db.base import UUID
from pesan.payments.refunds.states import OPEN, RefundCause, RefundMethod, RefundState

REFERENCE_LENGTH = 100
FAILURE_LENGTH = 60


def _one_of(column: str, values: type[RefundState] | type[RefundCause] | type[RefundMethod]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


_APPROVED = "state IN ('approved', 'paid', 'failed')"
IS_OPEN = f"state IN ({', '.join(sorted(repr(state.value) for state in OPEN))})"
IS_OWED = f"({IS_OPEN} AND (state <> 'requested' OR cause <> 'asked'))"
"""Refunds whose money the ledger counts as due back; the same rule as `states.is_owed`."""

IS_WHOLE = "payment_id IS NULL AND ticket_ids IS NULL AND cause <> 'price_lowered'"
"""Refunds of whole orders; the same rule as `Refund.is_whole`."""


class Refund(Base):
    """Money that has to go back to one buyer; changed only under its order's lock.

    `payment_id` names the payment that bought nothing, `ticket_ids` the tickets that go back; where both are empty the
    whole order does, or what was paid too much of it once its price was lowered. `weighed_amount` decides whether two
    people are needed: the amount itself, and what was asked back of the same order or owed by a lower price before, so
    that nobody gives a large sum back in small ones. `tries` counts how often a provider was asked to send it, and
    `failure` is why it will not. `reference` names the transfer, and before that what a provider took on. `sending_id`
    is new each time that the money came back.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint(_one_of("state", RefundState), name="state"),
        CheckConstraint(_one_of("cause", RefundCause), name="cause"),
        CheckConstraint(_one_of("method", RefundMethod), name="method"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("weighed_amount >= amount", name="weighed_amount"),
        CheckConstraint(
            "ticket_ids IS NULL OR (cause = 'asked' AND payment_id IS NULL AND cardinality(ticket_ids) > 0)",
            name="ticket_ids",
        ),
        CheckConstraint(f"({_APPROVED}) = (approved_at IS NOT NULL)", name="approved_at"),
        CheckConstraint("(state = 'paid') = (paid_at IS NOT NULL)", name="paid_at"),
        CheckConstraint("state <> 'paid' OR reference IS NOT NULL", name="reference"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        Index("uq_refunds_payment", "payment_id", unique=True),
        # An order goes back as a whole at most once.
        Index(
            "uq_refunds_whole_order",
            "order_id",
            unique=True,
            postgresql_where=text(f"{IS_WHOLE} AND state <> 'declined'"),
        ),
        Index("ix_refunds_order_id", "order_id"),
        Index("ix_refunds_list", "merchant_id", "requested_at", "id"),
        # What a provider has to be asked for.
        Index(
            "ix_refunds_by_gateway", "tried_at", postgresql_where=text(f"method = 'gateway' AND {IS_OPEN}")
        ),
        Index("ix_refunds_open", "merchant_id", "requested_at", "id", postgresql_where=text(IS_OPEN)),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"))
    ticket_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid()))
    amount: Mapped[int] = mapped_column(BigInteger)
    weighed_amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), server_default="IDR")
    cause: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(300))
    method: Mapped[str] = mapped_column(String(16), server_default=RefundMethod.MANUAL.value)
    reference: Mapped[str | None] = mapped_column(String(REFERENCE_LENGTH))
    failure: Mapped[str | None] = mapped_column(String(FAILURE_LENGTH))
    tries: Mapped[int] = mapped_column(server_default="0")
    tried_at: Mapped[Timestamp | None]
    state: Mapped[str] = mapped_column(String(10), server_default=RefundState.REQUESTED.value)
    requested_by: Mapped[UUID | None]
    requested_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[Timestamp | None]
    paid_by: Mapped[UUID | None]
    paid_at: Mapped[Timestamp | None]
    sending_id: Mapped[UUID | None]

    @property
    def source_id(self) -> UUID:
        """What the ledger and the buyer's letters know its sending by: each one counts once."""
        return self.sending_id or self.id

    @property
    def is_whole(self) -> bool:
        """Whether the whole order goes back by it."""
        is_part = self.payment_id is not None or bool(self.ticket_ids)
        return not is_part and self.cause != RefundCause.PRICE_LOWERED


_OWN_WISH = f"{staff_of_order()} AND cause = 'asked' AND state = 'requested'"

ACCESS = [
    Access(
        "refunds",
        {
            REQUEST: "SELECT, INSERT, UPDATE (state, reference, approved_by, approved_at, paid_by, paid_at)",
            SALE: "SELECT, INSERT, UPDATE (state, method, cause, reason, amount, weighed_amount, approved_by,"
            " approved_at)",
            SYSTEM: "SELECT, UPDATE (state, reason, reference, failure, tries, tried_at, approved_at, paid_at,"
            " sending_id)",
        },
        [
            # Whose order it is sees what becomes of their money.
            Policy("read", (REQUEST,), f"{staff_of_order()} OR {OF_VISIBLE_ORDER}", command="SELECT"),
            # Staff may wish for a refund; that money is owed is for the gate alone to write.
            Policy("ask", (REQUEST,), _OWN_WISH, command="INSERT"),
            Policy("decide", (REQUEST,), staff_of_order(), command="UPDATE"),
            sale_policy(),
            system_policy(),
        ],
    ),
]
