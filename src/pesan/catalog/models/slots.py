"""Times of a booth: each a pool of one place."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import ANY_ACTOR, REQUEST, STAFF_OF_EVENT, sale_policy, system_policy
from pesan.db.base import UUID


class Slot(Base):
    """A half-open time of one resource, which is a booth's number; made when somebody first asks for it.

    Slots of one resource may overlap, because the length of a session changes; claims on them never do.
    """

    __tablename__ = "slots"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="period"),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["events.merchant_id", "events.id"]),
        UniqueConstraint("resource", "starts_at", "ends_at"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("capacity_pools.id"), unique=True)
    resource: Mapped[int] = mapped_column(BigInteger)
    starts_at: Mapped[Timestamp]
    ends_at: Mapped[Timestamp]


ACCESS = [
    Access(
        "slots",
        {"request": "SELECT", "sale": "SELECT, INSERT", "system": "SELECT"},
        [
            Policy("public_read", (REQUEST,), ANY_ACTOR, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_EVENT, command="SELECT"),
            sale_policy(),
            system_policy(),
        ],
    ),
]
