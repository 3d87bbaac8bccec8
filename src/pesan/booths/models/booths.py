"""The booths of an outlet."""

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Identity,
    Index,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import ANY_ACTOR, REQUEST, STAFF_OF_EVENT, sale_policy, system_policy
from pesan.db.base import UUID


class Booth(Audited, Base):
    """A booth, which serves one customer at a time; a closed one is not booked any more.

    `number` is unique in the whole instance: it is the `resource` by which the database keeps two claims, and two
    sessions, from overlapping.
    """

    __tablename__ = "booths"
    audit_kind = "booth"
    __table_args__ = (
        ForeignKeyConstraint(["merchant_id", "event_id"], ["events.merchant_id", "events.id"]),
        ForeignKeyConstraint(["event_id"], ["outlets.event_id"]),
        # What belongs to a booth refers to these, so that no session stands at another outlet's.
        UniqueConstraint("event_id", "id"),
        UniqueConstraint("id", "number"),
        Index("uq_booths_name", "event_id", text("lower(name)"), unique=True),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    is_closed: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


_AUDIT = "audit_seq, audit_head"
_CHANGES = f"SELECT, INSERT, UPDATE (name, is_closed, {_AUDIT})"

ACCESS = [
    Access(
        "booths",
        # Whoever starts a session locks its booth, for which PostgreSQL asks that something of it may be changed.
        {"request": _CHANGES, "sale": f"SELECT, UPDATE ({_AUDIT})", "system": _CHANGES},
        [
            Policy("public_read", (REQUEST,), ANY_ACTOR, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_EVENT),
            sale_policy(),
            system_policy(),
        ],
    ),
]
