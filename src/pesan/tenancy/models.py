"""Merchants, the tenants of an instance."""

from sqlalchemy import CheckConstraint, Index, SmallInteger, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import (
    ANY_ACTOR,
    IDENTITY,
    JUST_MADE,
    OWN_MERCHANT,
    OWN_USER_ID,
    REQUEST,
    SALE,
    system_policy,
)
from pesan.db.base import UUID


class Merchant(Audited, Base):
    """Somebody who sells: a brand with a name, a colour and a zone."""

    __tablename__ = "merchants"
    audit_kind = "merchant"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$'", name="slug"),
        CheckConstraint("accent ~ '^#[0-9a-f]{6}$'", name="accent"),
        CheckConstraint("reminder_hours BETWEEN 0 AND 720", name="reminder_hours"),
        CheckConstraint("follow_up_hours BETWEEN 0 AND 720", name="follow_up_hours"),
        CheckConstraint("ticket_key_alg IN ('EdDSA', 'HS256')", name="ticket_key_alg"),
        Index("uq_merchants_slug", func.lower(text("slug")), unique=True),
    )

    id: Mapped[UUID] = primary_key()
    slug: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    accent: Mapped[str] = mapped_column(String(7), server_default="#5b3df5")
    zone: Mapped[str] = mapped_column(String(40), server_default="Asia/Jakarta")
    logo_key: Mapped[str | None] = mapped_column(String(200))
    contact_email: Mapped[str | None] = mapped_column(String(254))
    contact_wa: Mapped[str | None] = mapped_column(String(20))
    ticket_key_alg: Mapped[str] = mapped_column(String(8), server_default="EdDSA")
    needs_second_factor: Mapped[bool] = mapped_column(server_default="false")
    # How long before an event its buyers are reminded of it, and how long after it they are thanked; 0 is never.
    reminder_hours: Mapped[int] = mapped_column(SmallInteger, server_default="24")
    follow_up_hours: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    # Whether an outgoing webhook is on; kept by `hooks`, asked by every group of moves.
    has_webhooks: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


# By somebody who is signed in, for themselves.
_OPENED = f"{JUST_MADE} AND {OWN_USER_ID} IS NOT NULL"

ACCESS = [
    Access(
        "merchants",
        {
            "request": "SELECT, UPDATE (name, accent, zone, logo_key, contact_email, contact_wa, ticket_key_alg,"
            " needs_second_factor, reminder_hours, follow_up_hours, has_webhooks, audit_seq, audit_head)",
            "sale": "SELECT",
            # Whoever has an account opens a merchant of their own; later changes are for its people.
            "identity": "SELECT, INSERT, UPDATE (audit_seq, audit_head)",
            "system": "SELECT, INSERT, UPDATE",
        },
        [
            Policy("public_read", (REQUEST, SALE, IDENTITY), ANY_ACTOR, command="SELECT"),
            Policy("own", (REQUEST,), OWN_MERCHANT, command="UPDATE"),
            Policy("open", (IDENTITY,), _OPENED, command="INSERT"),
            Policy("opened", (IDENTITY,), _OPENED, command="UPDATE"),
            system_policy(),
        ],
    )
]
