"""Consents."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import (
    OF_VISIBLE_ORDER,
    REQUEST,
    SALE,
    STAFF_OF_MERCHANT,
    SYSTEM,
    sale_policy,
    system_policy,
)
from pesan.db.base import UUID
from pesan.privacy.states import ConsentChannel, Purpose


def _one_of(column: str, values: type[Purpose | ConsentChannel]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class Consent(Base):
    """That the buyer of an order agreed to one purpose, to which text and when; the contact stays with the order.

    There is no row for a purpose that nobody agreed to. `version_id` is the privacy notice that was shown.
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint(_one_of("purpose", Purpose), name="purpose"),
        CheckConstraint(_one_of("channel", ConsentChannel), name="channel"),
        CheckConstraint("withdrawn_at IS NULL OR withdrawn_at >= given_at", name="withdrawn_at"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        UniqueConstraint("order_id", "purpose"),
        Index("ix_consents_merchant_id", "merchant_id", "purpose"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID]
    purpose: Mapped[str] = mapped_column(String(12))
    version_id: Mapped[UUID] = mapped_column(ForeignKey("legal_versions.id"))
    channel: Mapped[str] = mapped_column(String(12))
    given_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    withdrawn_at: Mapped[Timestamp | None]


ACCESS = [
    Access(
        "consents",
        {
            REQUEST: "SELECT, UPDATE (withdrawn_at)",
            SALE: "INSERT",
            SYSTEM: "SELECT, UPDATE (withdrawn_at)",
        },
        [
            Policy("read", (REQUEST,), f"{STAFF_OF_MERCHANT} OR {OF_VISIBLE_ORDER}", command="SELECT"),
            # Taking it back is the buyer's; giving it comes with an order, through the gate.
            Policy("withdraw", (REQUEST,), OF_VISIBLE_ORDER, command="UPDATE"),
            sale_policy(),
            system_policy(),
        ],
    ),
]
