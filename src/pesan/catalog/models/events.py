"""Events and how they are paid."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import (
    ANY_ACTOR,
    REQUEST,
    STAFF_OF_EVENT,
    STAFF_OF_THIS_EVENT,
    gate_policy,
    sale_policy,
    system_policy,
)
from pesan.db.base import UUID


class Event(Audited, Base):
    """Something at a time with a limited number of places."""

    __tablename__ = "events"
    audit_kind = "event"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'open', 'closed', 'cancelled')", name="status"),
        CheckConstraint("starts_at < ends_at", name="period"),
        CheckConstraint("price_amount >= 0", name="price"),
        # A trip's orders wait for a transfer for days, everybody else's for minutes.
        CheckConstraint(
            "hold_minutes BETWEEN 1 AND CASE fulfilment WHEN 'jastip' THEN 10080 ELSE 60 END",
            name="hold_minutes",
        ),
        # Goods that are shopped for may be paid in two parts; a place is paid as a whole.
        CheckConstraint(
            "deposit_percent BETWEEN CASE fulfilment WHEN 'jastip' THEN 1 ELSE 100 END AND 100",
            name="deposit_percent",
        ),
        CheckConstraint("max_per_order BETWEEN 1 AND 1000", name="max_per_order"),
        CheckConstraint("max_holds_per_contact > 0 AND max_holds_per_ip > 0", name="buyer_limits"),
        CheckConstraint("review_cap > 0", name="review_cap"),
        CheckConstraint("reminder_hours BETWEEN 0 AND 720", name="reminder_hours"),
        CheckConstraint("follow_up_hours BETWEEN 0 AND 720", name="follow_up_hours"),
        CheckConstraint("fee_amount BETWEEN 0 AND 10000000", name="fee_amount"),
        CheckConstraint(
            "fee_basis_points BETWEEN 0 AND 5000 AND tax_basis_points BETWEEN 0 AND 5000", name="basis_points"
        ),
        # Orders refer to both, so that no order can join one merchant to another's event.
        UniqueConstraint("merchant_id", "id"),
        Index("ix_events_public", "starts_at", "id", postgresql_where=text("status <> 'draft'")),
        Index("ix_events_merchant", "merchant_id", "starts_at", "id"),
        # Few sell something else than tickets, and the start page asks whether any does.
        Index("ix_events_others", "fulfilment", "status", postgresql_where=text("fulfilment <> 'tickets'")),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("capacity_pools.id"), unique=True)
    slug: Mapped[str] = mapped_column(String(80))
    short_id: Mapped[str] = mapped_column(String(12), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(200), server_default="")
    description: Mapped[str] = mapped_column(Text, server_default="")
    venue: Mapped[str] = mapped_column(String(120), server_default="")
    address: Mapped[str] = mapped_column(String(200), server_default="")
    city: Mapped[str] = mapped_column(String(80), server_default="")
    starts_at: Mapped[Timestamp]
    ends_at: Mapped[Timestamp]
    # Empty is that of its merchant; read it by `zones.zone_of`.
    zone: Mapped[str | None] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(10), server_default="draft")
    price_amount: Mapped[int] = mapped_column(BigInteger, server_default="0")
    currency: Mapped[str] = mapped_column(String(3), server_default="IDR")
    sale_opens_at: Mapped[Timestamp | None]
    sale_closes_at: Mapped[Timestamp | None]
    hold_minutes: Mapped[int] = mapped_column(server_default="15")
    max_per_order: Mapped[int] = mapped_column(server_default="1")
    max_holds_per_contact: Mapped[int] = mapped_column(server_default="2")
    max_holds_per_ip: Mapped[int] = mapped_column(server_default="10")
    review_cap: Mapped[int | None]
    # Empty is as the merchant has it for all events; 0 is not at all.
    reminder_hours: Mapped[int | None] = mapped_column(SmallInteger)
    follow_up_hours: Mapped[int | None] = mapped_column(SmallInteger)
    cover_key: Mapped[str | None] = mapped_column(String(200))
    certificate: Mapped[bool] = mapped_column(server_default="false")
    transferable: Mapped[bool] = mapped_column(server_default="true")
    # For people under 18: whoever books says which parent or guardian consents.
    needs_guardian: Mapped[bool] = mapped_column(server_default="false")
    fulfilment: Mapped[str] = mapped_column(String(20), server_default="tickets")
    fee_amount: Mapped[int] = mapped_column(BigInteger, server_default="0")
    fee_basis_points: Mapped[int] = mapped_column(server_default="0")
    tax_basis_points: Mapped[int] = mapped_column(server_default="0")
    # The part that is asked for first; the rest is due before the goods are sent.
    deposit_percent: Mapped[int] = mapped_column(SmallInteger, server_default="100")
    is_featured: Mapped[bool] = mapped_column(server_default="false")
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(30)), server_default="{}")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class EventPaymentMethod(Base):
    """A method of the merchant's that this event takes; none at all means every active one."""

    __tablename__ = "event_payment_methods"
    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "event_id"], ["events.merchant_id", "events.id"], ondelete="CASCADE"
        ),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    method_id: Mapped[UUID] = mapped_column(
        ForeignKey("payment_methods.id", ondelete="CASCADE"), primary_key=True
    )
    merchant_id: Mapped[UUID]


# Who an event belongs to and where its places are counted stay as they were; the sale remembers the latter.
_CHANGEABLE = ", ".join(
    column.name for column in Event.__table__.columns if column.name not in {"id", "merchant_id", "pool_id"}
)
_CHANGES = f"SELECT, INSERT, UPDATE ({_CHANGEABLE})"

ACCESS = [
    Access(
        "events",
        {"request": _CHANGES, "sale": "SELECT", "gate": "SELECT", "system": _CHANGES},
        [
            Policy("public_read", (REQUEST,), f"status <> 'draft' AND {ANY_ACTOR}", command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_THIS_EVENT),
            sale_policy(),
            gate_policy("id"),
            system_policy(),
        ],
    ),
    Access(
        "event_payment_methods",
        {"request": "SELECT, INSERT, DELETE", "system": "SELECT, INSERT, DELETE"},
        [
            Policy("public_read", (REQUEST,), ANY_ACTOR, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_EVENT),
            system_policy(),
        ],
    ),
]
