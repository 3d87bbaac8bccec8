"""What happened at an outlet, numbered: whoever lost their connection goes on from the last number they heard."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pesan.booths.kinds import FeedKind
from pesan.db import Access, Base, Policy, Timestamp
from pesan.db.access import REQUEST, STAFF_OF_EVENT, gate_policy, sale_policy, system_policy
from pesan.db.base import UUID

_EVENT = (["merchant_id", "event_id"], ["events.merchant_id", "events.id"])
_KINDS = ", ".join(repr(kind.value) for kind in FeedKind)


class BoothFeed(Base):
    """The number of an outlet's last event; the row is locked last, so that numbers have no gap."""

    __tablename__ = "booth_feeds"
    __table_args__ = (ForeignKeyConstraint(*_EVENT),)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    seq: Mapped[int] = mapped_column(BigInteger, server_default="0")


class BoothEvent(Base):
    """One thing that happened at an outlet, as it is told; written once, and kept for a week (`feed.KEPT`)."""

    __tablename__ = "booth_events"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint("seq > 0", name="seq"),
        ForeignKeyConstraint(*_EVENT),
        Index("ix_booth_events_at", "at"),
    )

    event_id: Mapped[UUID] = mapped_column(ForeignKey("booth_feeds.event_id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    merchant_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(16))
    # Ids and not references: what is told may be gone before it is forgotten.
    session_id: Mapped[UUID | None]
    booth_id: Mapped[UUID | None]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[Timestamp]


_POLICIES = [Policy("staff", (REQUEST,), STAFF_OF_EVENT), sale_policy(), gate_policy(), system_policy()]
_COUNT = "SELECT, INSERT, UPDATE (seq)"

ACCESS = [
    Access("booth_feeds", {"request": _COUNT, "sale": _COUNT, "gate": "SELECT", "system": _COUNT}, _POLICIES),
    Access(
        "booth_events",
        {
            "request": "SELECT, INSERT",
            "sale": "SELECT (event_id, session_id, kind), INSERT",
            "gate": "SELECT",
            "system": "SELECT, INSERT, DELETE",
        },
        _POLICIES,
    ),
]
