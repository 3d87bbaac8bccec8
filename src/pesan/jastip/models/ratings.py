"""What people say of a jastiper who sent them something."""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, String, func
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp
from pesan.db.access import ANY_ACTOR, HOLDS_ORDER_CODE, PLATFORM_ADMIN, REQUEST, system_policy
from pesan.db.base import UUID

_OWN = (
    "EXISTS (SELECT 1 FROM orders o WHERE o.id = order_id AND o.merchant_id = ratings.merchant_id"  # noqa: S608
    f" AND o.fulfilment = 'jastip' AND o.state = 'COMPLETED' AND o.{HOLDS_ORDER_CODE})"
)


class Rating(Base):
    """One order's rating, 1 to 5 with or without words, under a masked name; said once and not changed.

    Anybody may report one; people of the platform then decide whether it is hidden.
    """

    __tablename__ = "ratings"
    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        CheckConstraint("hidden_at IS NULL OR decided_at IS NOT NULL", name="decided"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        Index("ix_ratings_merchant", "merchant_id", "created_at", "order_id"),
    )

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    score: Mapped[int] = mapped_column(SmallInteger)
    words: Mapped[str] = mapped_column(String(300), server_default="")
    shown_name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    reported_at: Mapped[Timestamp | None]
    decided_at: Mapped[Timestamp | None]
    hidden_at: Mapped[Timestamp | None]


ACCESS = [
    Access(
        "ratings",
        {
            "request": "SELECT, INSERT, UPDATE (decided_at, hidden_at)",
            "system": "SELECT, INSERT, UPDATE (words, shown_name, reported_at, decided_at, hidden_at), DELETE",
        },
        [
            Policy("public_read", (REQUEST,), f"hidden_at IS NULL AND {ANY_ACTOR}", command="SELECT"),
            Policy("own", (REQUEST,), _OWN, command="INSERT"),
            Policy("platform", (REQUEST,), PLATFORM_ADMIN),
            system_policy(),
        ],
    )
]
