"""Objects that the store did not take: kept here until it does."""

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Timestamp
from pesan.db.access import SALE, SYSTEM, sale_policy, system_policy
from pesan.storage.uploads import MAX_BYTES


class KeptObject(Base):
    """An object whose store was away, or what is left of it: without bytes once it was deleted.

    `attempts` counts who took it to move it, and is what the last of them knows it by; `lease_until` says how long it
    is theirs. A deleted one stays until the store was told, because somebody may be handing it over just then.
    """

    __tablename__ = "kept_objects"
    __table_args__ = (
        CheckConstraint(f"size BETWEEN 0 AND {MAX_BYTES}", "size"),
        CheckConstraint("size = length(content)", "whole"),
        CheckConstraint("removed_at IS NULL OR size = 0", "removed"),
        Index("ix_kept_objects_next_at", "next_at"),
    )

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(Integer)
    mime: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    next_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    lease_until: Mapped[Timestamp | None]
    removed_at: Mapped[Timestamp | None]
    error_code: Mapped[str | None] = mapped_column(String(60))


# Whoever knows an object's key has it by the functions, as they would have it from the store; nobody who serves people
# may list them. What is measured of them, the sale's role reads.
ACCESS = [
    Access(
        "kept_objects",
        {SALE: "SELECT (size, kept_at, removed_at)", SYSTEM: "SELECT, UPDATE, DELETE"},
        policies=[sale_policy(), system_policy()],
    )
]
