"""Places with booths, and when they are open."""

from datetime import time

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, SmallInteger, String, func
from sqlalchemy.orm import Mapped, mapped_column

from pesan.booths.slots import Opening
from pesan.db import Access, Base, Policy, Timestamp
from pesan.db.access import ANY_ACTOR, REQUEST, STAFF_OF_EVENT, system_policy
from pesan.db.base import UUID
from pesan.kit.times import DEFAULT_ZONE

_EVENT = (["merchant_id", "event_id"], ["events.merchant_id", "events.id"])
DEFAULT_RESCHEDULE_MINUTES = 60


class Outlet(Base):
    """An event whose orders become sessions at booths; what is sold, for how much and whether at all is the event's.

    Its history is the event's too. Customers may choose another time until `reschedule_minutes` before theirs.
    """

    __tablename__ = "outlets"
    __table_args__ = (
        CheckConstraint("reschedule_minutes BETWEEN 0 AND 10080", name="reschedule_minutes"),
        ForeignKeyConstraint(*_EVENT),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(120))
    location: Mapped[str] = mapped_column(String(200), server_default="")
    zone: Mapped[str] = mapped_column(String(40), server_default=DEFAULT_ZONE)
    is_archived: Mapped[bool] = mapped_column(server_default="false")
    reschedule_minutes: Mapped[int] = mapped_column(
        SmallInteger, server_default=str(DEFAULT_RESCHEDULE_MINUTES)
    )
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class OutletHours(Base):
    """Hours of one weekday, Monday being 0; those that close no later than they open go on into the next day."""

    __tablename__ = "outlet_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        ForeignKeyConstraint(["event_id"], ["outlets.event_id"]),
        ForeignKeyConstraint(*_EVENT),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    weekday: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    opens: Mapped[time] = mapped_column(primary_key=True)
    closes: Mapped[time]
    merchant_id: Mapped[UUID]

    @property
    def opening(self) -> Opening:
        """The hours as slots are computed from them."""
        return Opening(self.weekday, self.opens, self.closes)


_POLICIES = [
    Policy("public_read", (REQUEST,), ANY_ACTOR, command="SELECT"),
    Policy("staff", (REQUEST,), STAFF_OF_EVENT),
    system_policy(),
]
_CHANGES = "SELECT, INSERT, UPDATE (name, location, zone, is_archived, reschedule_minutes)"

ACCESS = [
    Access("outlets", {"request": _CHANGES, "system": _CHANGES}, _POLICIES),
    Access(
        "outlet_hours",
        {"request": "SELECT, INSERT, DELETE", "system": "SELECT, INSERT, DELETE"},
        _POLICIES,
    ),
]
