"""The table in which rate limits are counted."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base
from pesan.db.access import REQUEST, SYSTEM


class RateCounter(Base):
    """How often one caller asked within a window. Unlogged: a crash forgives, and nothing waits for a disk."""

    __tablename__ = "rate_counters"
    __table_args__ = (
        CheckConstraint("count >= 0", name="count_positive"),
        Index("ix_rate_counters_expires_at", "expires_at"),
        {"prefixes": ["UNLOGGED"]},
    )

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime]


# No row is anybody's: keys are keyed digests, and there is nothing in them to read back.
ACCESS = [
    Access(
        "rate_counters",
        grants={REQUEST: "SELECT, INSERT, UPDATE", SYSTEM: "SELECT, DELETE"},
    )
]
