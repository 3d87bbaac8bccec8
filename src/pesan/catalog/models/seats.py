"""Reserved seats: each a pool of one place."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, primary_key
from pesan.db.access import ANY_ACTOR, REQUEST, STAFF_OF_EVENT, gate_policy, sale_policy, system_policy
from pesan.db.base import UUID


class Seat(Base):
    """One seat of an event, sold as its ticket type; `ordinal` is its bit in the event's map of free seats.

    `x` and `y` place it on the drawing, in steps of one seat; a blocked one is not sold.
    """

    __tablename__ = "seats"
    __table_args__ = (
        CheckConstraint("ordinal >= 0", name="ordinal"),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["events.merchant_id", "events.id"]),
        ForeignKeyConstraint(["event_id", "ticket_type_id"], ["ticket_types.event_id", "ticket_types.id"]),
        UniqueConstraint("event_id", "ordinal"),
        UniqueConstraint("event_id", "section", "row", "number"),
        Index("ix_seats_ticket_type_id", "ticket_type_id"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    ticket_type_id: Mapped[UUID]
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("capacity_pools.id"), unique=True)
    ordinal: Mapped[int]
    section: Mapped[str] = mapped_column(String(40))
    row: Mapped[str] = mapped_column(String(10))
    number: Mapped[str] = mapped_column(String(10))
    x: Mapped[int] = mapped_column(SmallInteger)
    y: Mapped[int] = mapped_column(SmallInteger)
    is_accessible: Mapped[bool] = mapped_column(server_default="false")
    is_blocked: Mapped[bool] = mapped_column(server_default="false")

    @property
    def label(self) -> str:
        """How the seat is called on a ticket."""
        return f"{self.section} {self.row}-{self.number}"


_CHANGES = "SELECT, INSERT, DELETE, UPDATE (ticket_type_id, x, y, is_accessible, is_blocked)"

ACCESS = [
    Access(
        "seats",
        {"request": _CHANGES, "sale": "SELECT", "gate": "SELECT", "system": _CHANGES},
        [
            Policy("public_read", (REQUEST,), ANY_ACTOR, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_EVENT),
            sale_policy(),
            gate_policy(),
            system_policy(),
        ],
    ),
]
