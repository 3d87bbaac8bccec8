"""Which account a provider's user is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy
from pesan.db.access import system_policy


class ProviderIdentity(Base):
    """Somebody as their provider knows them. An address may change hands there, the subject never does (Core, §5.7)."""

    __tablename__ = "provider_identities"

    issuer: Mapped[str] = mapped_column(Text, primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    # Who got the address of somebody who left does not get their account.
    __table_args__ = (UniqueConstraint("issuer", "user_id"),)


ACCESS = [
    Access(
        "provider_identities",
        grants={"identity": "SELECT, INSERT, DELETE", "system": "SELECT, DELETE"},
        policies=[Policy("identity", ("identity",), "true"), system_policy()],
    ),
]
