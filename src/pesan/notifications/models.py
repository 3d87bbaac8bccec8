"""What was said to whom, and how it left. Ids only: addresses stay with the order."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import REQUEST, STAFF_OF_MERCHANT, staff_of_order, system_policy
from pesan.db.base import UUID
from pesan.notifications.states import ChannelName, DeliveryState, Kind


def _one_of(column: str, values: type[Kind] | type[ChannelName] | type[DeliveryState]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class Notification(Base):
    """One thing to say about one order, said once; `occasion` tells apart what can happen to an order again."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(_one_of("kind", Kind), name="kind"),
        UniqueConstraint("order_id", "kind", "occasion"),
        UniqueConstraint("merchant_id", "id"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    order_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    occasion: Mapped[str] = mapped_column(String(80), server_default="")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class Delivery(Base):
    """One notification on one of the channels that the buyer gave."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(_one_of("channel", ChannelName), name="channel"),
        CheckConstraint(_one_of("state", DeliveryState), name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
        UniqueConstraint("notification_id", "channel"),
        ForeignKeyConstraint(
            ["merchant_id", "notification_id"], ["notifications.merchant_id", "notifications.id"]
        ),
        Index("ix_deliveries_open", "created_at", postgresql_where=text("state <> 'sent'")),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    notification_id: Mapped[UUID]
    channel: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(8), server_default="queued")
    message_id: Mapped[str | None] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error_code: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    sent_at: Mapped[Timestamp | None]


class LetterTemplate(Base):
    """A merchant's own words for one kind of letter in one language; without a row the house's own are said."""

    __tablename__ = "letter_templates"
    __table_args__ = (
        CheckConstraint(_one_of("kind", Kind), name="kind"),
        CheckConstraint("locale IN ('id', 'en')", name="locale"),
        # A line break in what becomes a header would be somebody else's header.
        CheckConstraint("subject <> '' AND subject !~ '[[:cntrl:]]'", name="subject"),
        CheckConstraint("heading <> '' AND heading !~ '[[:cntrl:]]'", name="heading"),
        CheckConstraint("char_length(body) BETWEEN 1 AND 4000", name="body"),
    )

    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    locale: Mapped[str] = mapped_column(String(2), primary_key=True)
    subject: Mapped[str] = mapped_column(String(150))
    heading: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


_OF_VISIBLE_NOTIFICATION = "EXISTS (SELECT 1 FROM notifications n WHERE n.id = notification_id)"

ACCESS = [
    Access(
        "letter_templates",
        {
            "request": "SELECT, INSERT, UPDATE (subject, heading, body, updated_at), DELETE",
            "system": "SELECT",
        },
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT), system_policy()],
    ),
    Access(
        "notifications",
        {"request": "SELECT", "system": "SELECT, INSERT, DELETE"},
        [Policy("staff", (REQUEST,), staff_of_order(), command="SELECT"), system_policy()],
    ),
    Access(
        "deliveries",
        {
            "request": "SELECT",
            "system": "SELECT, INSERT, UPDATE (state, message_id, attempts, last_error_code, sent_at), DELETE",
        },
        [Policy("staff", (REQUEST,), _OF_VISIBLE_NOTIFICATION, command="SELECT"), system_policy()],
    ),
]
