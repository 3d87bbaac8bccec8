"""How often short links are followed, by day; nobody who follows one is kept."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy
from pesan.db.access import REQUEST, STAFF_OF_LINK, system_policy
from pesan.db.base import UUID


class ShortlinkVisit(Base):
    """So many visits by one kind of short link to a profile, a trip or a product, on a day of the merchant's zone.

    Each day has a few rows (`shard`), so that a link which thousands follow at once is not counted one by one.
    """

    __tablename__ = "shortlink_visits"
    __table_args__ = (
        CheckConstraint("kind IN ('profile', 'trip', 'product', 'leave')", name="kind"),
        CheckConstraint("visits > 0", name="visits"),
    )

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"), index=True)
    visits: Mapped[int]


# Requests count by a function (`functions.py`) and write nothing else.
ACCESS = [
    Access(
        "shortlink_visits",
        {"request": "SELECT", "system": "SELECT, INSERT, UPDATE (visits), DELETE"},
        [Policy("staff", (REQUEST,), STAFF_OF_LINK, command="SELECT"), system_policy()],
    )
]
