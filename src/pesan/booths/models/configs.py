"""How long a session takes and how late its customer may come, for all outlets of a merchant."""

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, func
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp
from pesan.db.access import ANY_ACTOR, REQUEST, STAFF_OF_MERCHANT, system_policy
from pesan.db.base import UUID

DEFAULT_DURATION_MINUTES = 15
DEFAULT_TOLERANCE_MINUTES = 15
MOST_MINUTES = 240


class BoothConfig(Base):
    """What a merchant decided; one without a row goes by the defaults (see `queries.get_config`).

    Its history is the merchant's. What is booked keeps the length of its slot, and a session the tolerance that it was
    made with.
    """

    __tablename__ = "booth_configs"
    __table_args__ = (
        CheckConstraint(
            f"session_duration_minutes BETWEEN 1 AND {MOST_MINUTES}", name="session_duration_minutes"
        ),
        CheckConstraint(
            f"arrival_tolerance_minutes BETWEEN 0 AND {MOST_MINUTES}", name="arrival_tolerance_minutes"
        ),
    )

    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    session_duration_minutes: Mapped[int] = mapped_column(
        SmallInteger, server_default=str(DEFAULT_DURATION_MINUTES)
    )
    arrival_tolerance_minutes: Mapped[int] = mapped_column(
        SmallInteger, server_default=str(DEFAULT_TOLERANCE_MINUTES)
    )
    changed_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


_CHANGES = "SELECT, INSERT, UPDATE (session_duration_minutes, arrival_tolerance_minutes, changed_at)"

ACCESS = [
    Access(
        "booth_configs",
        {"request": _CHANGES, "system": _CHANGES},
        [
            # How long a session is decides which times a customer may choose.
            Policy("public_read", (REQUEST,), ANY_ACTOR, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_MERCHANT),
            system_policy(),
        ],
    ),
]
