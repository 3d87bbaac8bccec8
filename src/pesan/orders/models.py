"""Orders and their lines."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import (
    HOLDS_ORDER_CODE,
    OF_VISIBLE_ORDER,
    OWN_ROW,
    REQUEST,
    STAFF_OF_EVENT,
    sale_policy,
    system_policy,
)
from pesan.db.base import UUID
from pesan.orders.states import OrderState

_STATES = ", ".join(f"'{state.value}'" for state in OrderState)
COUNTED = "(state IN ('HOLD', 'REVIEW') OR (total_amount = 0 AND state IN ('PAID', 'COMPLETED')))"
"""Which orders count against a buyer's limits: unfinished ones, and the free ones, which never wait for anything."""


def _live_index(column: str) -> Index:
    """Finds the orders of one buyer at one event, for the limits per buyer."""
    where = text(f"{COUNTED} AND {column} IS NOT NULL")
    return Index(f"ix_orders_live_{column}", "event_id", column, postgresql_where=where)


class Order(Audited, Base):
    """A purchase; in state HOLD it is the reservation itself."""

    __tablename__ = "orders"
    audit_kind = "order"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("total_amount >= 0 AND discount_amount BETWEEN 0 AND subtotal_amount", name="total"),
        CheckConstraint("fees_amount >= 0 AND tax_amount >= 0", name="charges"),
        CheckConstraint(
            "total_amount = subtotal_amount - discount_amount + fees_amount + tax_amount", name="sums"
        ),
        CheckConstraint(
            "balance_due_amount BETWEEN 0 AND total_amount"
            " AND (state <> 'COMPLETED' OR balance_due_amount = 0)",
            name="balance_due_amount",
        ),
        CheckConstraint(
            "balance_submitted_at IS NULL OR (state = 'PAID' AND balance_due_amount > 0)",
            name="balance_submitted_at",
        ),
        CheckConstraint("char_length(notes) <= 120", name="notes"),
        # An order that gave everything back is refunded, as a whole.
        CheckConstraint("returned_quantity >= 0 AND returned_quantity < quantity", name="returned_quantity"),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["events.merchant_id", "events.id"]),
        UniqueConstraint("merchant_id", "id"),
        # Every index is paid for by every hold, so each of these answers a question that is asked all the time.
        Index("ix_orders_holds", "event_id", "hold_expires_at", postgresql_where=text("state = 'HOLD'")),
        *(_live_index(column) for column in ("wa", "email", "ip_digest")),
        Index(
            "ix_orders_review", "merchant_id", "submitted_at", "id", postgresql_where=text("state = 'REVIEW'")
        ),
        Index(
            "ix_orders_balance_review",
            "merchant_id",
            "balance_submitted_at",
            "id",
            postgresql_where=text("balance_submitted_at IS NOT NULL"),
        ),
        # Neither costs a hold without an account or an e-mail anything.
        Index(
            "ix_orders_user", "user_id", text("placed_at DESC"), postgresql_where=text("user_id IS NOT NULL")
        ),
        Index("ix_orders_email", "email", postgresql_where=text("email IS NOT NULL")),
        Index("ix_orders_list", "merchant_id", text("placed_at DESC"), "id"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    user_id: Mapped[UUID | None]
    code: Mapped[str] = mapped_column(String(13), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    buyer_name: Mapped[str] = mapped_column(String(100))
    wa: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    notes: Mapped[str | None] = mapped_column(String(120))
    locale: Mapped[str] = mapped_column(String(2), server_default="id")
    quantity: Mapped[int]
    returned_quantity: Mapped[int] = mapped_column(server_default="0")
    subtotal_amount: Mapped[int] = mapped_column(BigInteger)
    discount_amount: Mapped[int] = mapped_column(BigInteger, server_default="0")
    fees_amount: Mapped[int] = mapped_column(BigInteger, server_default="0")
    tax_amount: Mapped[int] = mapped_column(BigInteger, server_default="0")
    total_amount: Mapped[int] = mapped_column(BigInteger)
    # What is left to pay after what is asked for first; whoever asks for money reads it by `dues.due_now`.
    balance_due_amount: Mapped[int] = mapped_column(BigInteger, server_default="0")
    promo_code_id: Mapped[UUID | None] = mapped_column(ForeignKey("promo_codes.id"))
    currency: Mapped[str] = mapped_column(String(3), server_default="IDR")
    fulfilment: Mapped[str] = mapped_column(String(20), server_default="tickets")
    hold_expires_at: Mapped[Timestamp]
    payment_open_until: Mapped[Timestamp | None]
    # Whence it was placed, as digests that recognise it again and say no more; see `Origin`.
    ip_digest: Mapped[str | None] = mapped_column(String(32))
    network_digest: Mapped[str | None] = mapped_column(String(32))
    device_digest: Mapped[str | None] = mapped_column(String(32))
    ip_country: Mapped[str | None] = mapped_column(String(2))
    reject_reason: Mapped[str | None] = mapped_column(String(300))
    decided_by: Mapped[UUID | None]
    placed_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    submitted_at: Mapped[Timestamp | None]
    # Since when a proof of the balance waits for somebody to look at it.
    balance_submitted_at: Mapped[Timestamp | None]
    state_changed_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    ended_at: Mapped[Timestamp | None]
    # The legal texts that the buyer was shown and accepted. No foreign key: every hold would lock the same few rows,
    # and published texts are never deleted; `pesan doctor` looks.
    legal_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid()))
    erased_at: Mapped[Timestamp | None]


class OrderLine(Base):
    """What was ordered, at the price the server computed."""

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("unit_amount >= 0", name="unit_amount"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        ForeignKeyConstraint(["event_id", "ticket_type_id"], ["ticket_types.event_id", "ticket_types.id"]),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID] = mapped_column(index=True)
    event_id: Mapped[UUID]
    ticket_type_id: Mapped[UUID | None]
    title: Mapped[str] = mapped_column(String(120))
    quantity: Mapped[int]
    unit_amount: Mapped[int] = mapped_column(BigInteger)


ACCESS = [
    Access(
        "orders",
        {
            "request": "SELECT, UPDATE (audit_seq, audit_head)",
            "sale": "SELECT, INSERT, UPDATE (state, hold_expires_at, payment_open_until, reject_reason, decided_by,"
            " submitted_at, state_changed_at, ended_at, returned_quantity, subtotal_amount, total_amount,"
            " balance_due_amount, balance_submitted_at,"
            " audit_seq, audit_head)",
            "system": "SELECT, UPDATE (user_id, buyer_name, wa, email, notes, ip_digest, network_digest, device_digest,"
            " ip_country, reject_reason, erased_at, audit_seq, audit_head)",
        },
        [
            Policy("guest", (REQUEST,), HOLDS_ORDER_CODE),
            Policy("account", (REQUEST,), OWN_ROW),
            Policy("staff", (REQUEST,), STAFF_OF_EVENT),
            sale_policy(),
            system_policy(),
        ],
    ),
    Access(
        "order_lines",
        {"request": "SELECT", "sale": "SELECT, INSERT, UPDATE (unit_amount)", "system": "SELECT"},
        [
            Policy("guest", (REQUEST,), OF_VISIBLE_ORDER, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_EVENT, command="SELECT"),
            sale_policy(),
            system_policy(),
        ],
    ),
]
