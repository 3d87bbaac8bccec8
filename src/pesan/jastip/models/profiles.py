"""What a jastiper shows of themselves beside their name, which is the merchant's."""

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp
from pesan.db.access import ANY_ACTOR, REQUEST, STAFF_OF_MERCHANT, system_policy
from pesan.db.base import UUID


class Profile(Base):
    """A merchant's public profile; its history is the merchant's. There is none until somebody says something."""

    __tablename__ = "profiles"
    __table_args__ = (CheckConstraint("char_length(bio) <= 500", name="bio"),)

    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    bio: Mapped[str] = mapped_column(Text, server_default="")
    avatar_key: Mapped[str | None] = mapped_column(String(200))
    cover_key: Mapped[str | None] = mapped_column(String(200))
    updated_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


_WRITTEN = "SELECT, INSERT, UPDATE (bio, avatar_key, cover_key, updated_at)"

ACCESS = [
    Access(
        "profiles",
        {"request": _WRITTEN, "system": _WRITTEN},
        [
            Policy("public_read", (REQUEST,), ANY_ACTOR, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_MERCHANT),
            system_policy(),
        ],
    )
]
