"""Invitations to a merchant's team."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, String, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit.models import Audited
from pesan.db import Access, Base, Policy, primary_key
from pesan.db.access import IDENTITY, OWN_USER_ID, system_policy
from pesan.identity.models import organizer_of_merchant
from pesan.identity.states import MerchantRole

INVITED_FOR = timedelta(hours=48)
"""How long the link of an invitation works (pestapora.md, roles)."""


class Invitation(Audited, Base):
    """A role at a merchant that waits for whoever reads the mail of an address; taken up once."""

    __tablename__ = "invitations"
    audit_kind = "invitation"
    __table_args__ = (
        CheckConstraint("role IN ('organizer', 'staff')", name="role"),
        CheckConstraint("cardinality(event_ids) > 0", name="event_ids"),
        # A new invitation takes the place of the old one, whose link dies.
        Index(
            "uq_invitations_open",
            "merchant_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    email: Mapped[str] = mapped_column(Text)
    role: Mapped[MerchantRole] = mapped_column(Text)
    event_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    locale: Mapped[str] = mapped_column(String(2), server_default="id")
    invited_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


_OWN_ADDRESS = (
    f"EXISTS (SELECT 1 FROM users u WHERE u.id = {OWN_USER_ID} AND lower(u.email) = invitations.email)"  # noqa: S608
)
_CHANGES_TEAM = organizer_of_merchant("invitations")

ACCESS = [
    Access(
        "invitations",
        grants={
            "identity": "SELECT, INSERT, UPDATE (accepted_at, withdrawn_at, audit_seq, audit_head)",
            "system": "SELECT",
        },
        policies=[
            Policy("identity", (IDENTITY,), "true", "SELECT"),
            Policy("invite", (IDENTITY,), _CHANGES_TEAM, "INSERT"),
            Policy("change", (IDENTITY,), f"{_CHANGES_TEAM} OR {_OWN_ADDRESS}", "UPDATE"),
            system_policy(),
        ],
    ),
]
