"""Trips and what can be ordered on them."""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp
from pesan.db.access import REQUEST, STAFF_OF_EVENT, system_policy
from pesan.db.base import UUID

_EVENT = (["merchant_id", "event_id"], ["events.merchant_id", "events.id"])
_SLUG = "slug ~ '^[a-z0-9_-]{3,10}$'"


class Trip(Base):
    """An event whose orders are shopped for and sent; its title, texts, deadline and payment are the event's.

    Its history is the event's too. `is_active` shows it in the profile and lets people join and order, until the
    deadline (`events.sale_closes_at`). A deleted one is archived: nobody finds it, and its orders stay.
    """

    __tablename__ = "trips"
    __table_args__ = (
        CheckConstraint(_SLUG, name="slug"),
        CheckConstraint("NOT (is_active AND is_archived)", name="archived"),
        ForeignKeyConstraint(*_EVENT),
        UniqueConstraint("merchant_id", "event_id"),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    # Unique in the whole instance, because a chat command names nothing else.
    slug: Mapped[str] = mapped_column(String(10), unique=True)
    is_active: Mapped[bool] = mapped_column(server_default="false")
    is_archived: Mapped[bool] = mapped_column(server_default="false")
    # Whether people are answered who write what nobody understands, and whether a new product is told to everybody.
    answers_unknown: Mapped[bool] = mapped_column(server_default="false")
    announces_products: Mapped[bool] = mapped_column(server_default="true")


class Product(Base):
    """A ticket type whose places are pieces; its title, price and stock are the type's, its history too."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint(_SLUG, name="slug"),
        CheckConstraint("status IN ('active', 'sold_out', 'discontinued')", name="status"),
        CheckConstraint("char_length(description) <= 2000", name="description"),
        ForeignKeyConstraint(["event_id", "id"], ["ticket_types.event_id", "ticket_types.id"]),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["trips.merchant_id", "trips.event_id"]),
        Index("ix_products_event", "event_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    slug: Mapped[str] = mapped_column(String(10), unique=True)
    description: Mapped[str] = mapped_column(Text, server_default="")
    image_key: Mapped[str | None] = mapped_column(String(200))
    # Where the shopper buys it, for the list to shop by.
    shop: Mapped[str] = mapped_column(String(80), server_default="")
    status: Mapped[str] = mapped_column(String(12), server_default="active")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


# The event's own policies apply inside, so that a draft is as hidden as it is there.
_VISIBLE = "EXISTS (SELECT 1 FROM events e WHERE e.id = event_id)"
_TRIP = "SELECT, INSERT, UPDATE (slug, is_active, is_archived, answers_unknown, announces_products)"
_PRODUCT = "SELECT, INSERT, UPDATE (description, image_key, shop, status, updated_at)"

ACCESS = [
    Access(
        "trips",
        {"request": _TRIP, "system": _TRIP},
        [
            Policy("public_read", (REQUEST,), f"NOT is_archived AND {_VISIBLE}", command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_EVENT),
            system_policy(),
        ],
    ),
    Access(
        "products",
        {"request": _PRODUCT, "system": _PRODUCT},
        [
            Policy("public_read", (REQUEST,), _VISIBLE, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_EVENT),
            system_policy(),
        ],
    ),
]
