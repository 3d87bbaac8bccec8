"""Who takes part in a trip, and what they ordered."""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import (
    HOLDS_PARTICIPATION,
    OF_VISIBLE_ORDER,
    REQUEST,
    STAFF_OF_EVENT,
    sale_policy,
    system_policy,
)
from pesan.db.base import UUID

_TRIP = (["merchant_id", "event_id"], ["trips.merchant_id", "trips.event_id"])


class Participant(Audited, Base):
    """Somebody who takes part in one trip, by their WhatsApp number.

    Whoever joined on a page is `pending` until they write to the chat: only then is the number known to be theirs.
    `unsubscribed_at` is theirs: nothing but answers and their own orders is told to them since. `choice_at` is when
    they last said whether they want to be told, so that what they said before and comes later changes nothing.
    """

    __tablename__ = "participants"
    audit_kind = "participant"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'joined')", name="state"),
        CheckConstraint("(state = 'joined') = (joined_at IS NOT NULL)", name="joined_at"),
        CheckConstraint("wa IS NOT NULL OR wa_user_id IS NOT NULL OR erased_at IS NOT NULL", name="address"),
        ForeignKeyConstraint(*_TRIP),
        ForeignKeyConstraint(["event_id", "referred_by"], ["participants.event_id", "participants.id"]),
        UniqueConstraint("event_id", "id"),
        UniqueConstraint("merchant_id", "id"),
        UniqueConstraint("event_id", "wa"),
        UniqueConstraint("event_id", "wa_user_id"),
        Index("ix_participants_list", "event_id", "created_at", "id"),
        Index("ix_participants_wa", "wa", postgresql_where=text("wa IS NOT NULL")),
        Index("ix_participants_referred_by", "referred_by", postgresql_where=text("referred_by IS NOT NULL")),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    wa: Mapped[str | None] = mapped_column(String(20))
    wa_user_id: Mapped[str | None] = mapped_column(String(140))
    name: Mapped[str] = mapped_column(String(100))
    locale: Mapped[str] = mapped_column(String(2), server_default="id")
    state: Mapped[str] = mapped_column(String(8))
    referral_code: Mapped[str] = mapped_column(String(8), unique=True)
    referred_by: Mapped[UUID | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    joined_at: Mapped[Timestamp | None]
    unsubscribed_at: Mapped[Timestamp | None]
    choice_at: Mapped[Timestamp | None]
    erased_at: Mapped[Timestamp | None]


class TripOrder(Base):
    """What an order of a trip has beside every order: whose it is, and how its parcel was sent."""

    __tablename__ = "trip_orders"
    __table_args__ = (
        CheckConstraint("(shipped_at IS NULL) = (courier IS NULL)", name="shipped"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        ForeignKeyConstraint(["event_id", "participant_id"], ["participants.event_id", "participants.id"]),
        ForeignKeyConstraint(*_TRIP),
        Index("ix_trip_orders_participant", "participant_id"),
        Index("ix_trip_orders_event", "event_id"),
    )

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    participant_id: Mapped[UUID]
    courier: Mapped[str | None] = mapped_column(String(40))
    tracking_no: Mapped[str | None] = mapped_column(String(60))
    shipped_at: Mapped[Timestamp | None]


_AUDIT = "audit_seq, audit_head"
_PARTICIPANT = f"name, locale, state, joined_at, unsubscribed_at, choice_at, wa, wa_user_id, {_AUDIT}"

ACCESS = [
    Access(
        "participants",
        {
            "request": f"SELECT, INSERT, UPDATE ({_PARTICIPANT})",
            "system": f"SELECT, INSERT, UPDATE ({_PARTICIPANT}, erased_at), DELETE",
        },
        [
            Policy("own", (REQUEST,), HOLDS_PARTICIPATION),
            Policy("staff", (REQUEST,), STAFF_OF_EVENT),
            system_policy(),
        ],
    ),
    Access(
        "trip_orders",
        {
            "request": "SELECT",
            "sale": "SELECT (order_id), INSERT, UPDATE (courier, tracking_no, shipped_at)",
            "system": "SELECT",
        },
        [
            Policy("read", (REQUEST,), f"{STAFF_OF_EVENT} OR {OF_VISIBLE_ORDER}", command="SELECT"),
            sale_policy(),
            system_policy(),
        ],
    ),
]
