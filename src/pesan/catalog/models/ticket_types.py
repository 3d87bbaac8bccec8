"""What an event sells when it sells more than one thing."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import REQUEST, STAFF_OF_EVENT, gate_policy, sale_policy, system_policy
from pesan.db.base import UUID

DEFAULT_COLOUR = "#0f766e"


class TicketType(Audited, Base):
    """A kind of ticket with a price and places of its own, below the event's places, which all kinds share.

    A hidden one is listed only for whoever knows its access code. One that was sold is archived, never deleted.
    """

    __tablename__ = "ticket_types"
    audit_kind = "ticket_type"
    __table_args__ = (
        CheckConstraint("price_amount >= 0", name="price"),
        CheckConstraint("max_per_order BETWEEN 1 AND 1000", name="max_per_order"),
        CheckConstraint("sale_opens_at < sale_closes_at", name="sale_window"),
        CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name="colour"),
        CheckConstraint("access_code IS NULL OR is_hidden", name="access_code"),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["events.merchant_id", "events.id"]),
        # Seats and lines refer to both, so that none can belong to another event's type.
        UniqueConstraint("event_id", "id"),
        Index("ix_ticket_types_event", "event_id", "position", "id"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("capacity_pools.id"), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    description: Mapped[str] = mapped_column(String(300), server_default="")
    price_amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), server_default="IDR")
    max_per_order: Mapped[int] = mapped_column(server_default="10")
    sale_opens_at: Mapped[Timestamp | None]
    sale_closes_at: Mapped[Timestamp | None]
    is_hidden: Mapped[bool] = mapped_column(server_default="false")
    access_code: Mapped[str | None] = mapped_column(String(40))
    is_seated: Mapped[bool] = mapped_column(server_default="false")
    colour: Mapped[str] = mapped_column(String(7), server_default=DEFAULT_COLOUR)
    position: Mapped[int] = mapped_column(server_default="0")
    is_archived: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


# The event's own policies apply inside, so that a draft's types are as hidden as the draft.
_OF_VISIBLE_EVENT = "EXISTS (SELECT 1 FROM events e WHERE e.id = ticket_types.event_id)"
_CHANGEABLE = (
    "name, description, price_amount, max_per_order, sale_opens_at, sale_closes_at, is_hidden, access_code, is_seated,"
    " colour, position, is_archived, audit_seq, audit_head"
)
_CHANGES = f"SELECT, INSERT, UPDATE ({_CHANGEABLE})"

ACCESS = [
    Access(
        "ticket_types",
        {"request": _CHANGES, "sale": "SELECT", "gate": "SELECT", "system": _CHANGES},
        [
            Policy("public_read", (REQUEST,), f"NOT is_hidden AND {_OF_VISIBLE_EVENT}", command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_EVENT),
            sale_policy(),
            gate_policy(),
            system_policy(),
        ],
    ),
]
