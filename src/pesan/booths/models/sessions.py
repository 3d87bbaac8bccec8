"""Sessions at booths: what an order of an outlet's turned into."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pesan.booths.states import LIVE, SessionState
from pesan.db import Access, Base, Policy, Timestamp
from pesan.db.access import REQUEST, STAFF_OF_EVENT, sale_policy, system_policy
from pesan.db.base import UUID

_STATES = ", ".join(f"'{state.value}'" for state in SessionState if state is not SessionState.PENDING_PAYMENT)
_IS_LIVE = f"state IN ({', '.join(repr(state.value) for state in SessionState if state in LIVE)})"


class BoothSession(Base):
    """One customer's time at a booth, by the id of the order that paid for it; whose history is its history too.

    Times stay when the state goes back; which of them count, the state says. `overridden_from` is where it stood before
    an admin put it by hand where it stands, as long as nothing followed; `replaced` is what it had there
    (`moves.Replaced`).
    """

    __tablename__ = "booth_sessions"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint(f"overridden_from IN ({_STATES})", name="overridden_from"),
        CheckConstraint("starts_at < ends_at", name="period"),
        CheckConstraint("duration_minutes > 0 AND tolerance_minutes >= 0", name="minutes"),
        CheckConstraint(
            "state <> 'ONGOING' OR (started_at IS NOT NULL AND due_at > started_at)", name="ongoing"
        ),
        CheckConstraint("(override_at IS NULL) = (override_reason IS NULL)", name="override"),
        CheckConstraint("overridden_from IS NULL OR override_at IS NOT NULL", name="undoable"),
        CheckConstraint("(replaced IS NULL) = (overridden_from IS NULL)", name="replaced"),
        ForeignKeyConstraint(["merchant_id", "id"], ["orders.merchant_id", "orders.id"]),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["events.merchant_id", "events.id"]),
        ForeignKeyConstraint(["event_id", "booth_id"], ["booths.event_id", "booths.id"]),
        ForeignKeyConstraint(["booth_id", "resource"], ["booths.id", "booths.number"]),
        # A booth serves one customer at a time, and is promised to one at a time.
        Index(
            "uq_booth_sessions_ongoing", "booth_id", unique=True, postgresql_where=text("state = 'ONGOING'")
        ),
        ExcludeConstraint(
            (text("int8range(resource, resource, '[]')"), "&&"),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_booth_sessions_time",
            using="gist",
            where=text(_IS_LIVE),
        ),
        Index("ix_booth_sessions_late", "arrive_until", postgresql_where=text("state = 'AWAITING_CUSTOMER'")),
        Index("ix_booth_sessions_due", "due_at", postgresql_where=text("state = 'ONGOING'")),
        Index("ix_booth_sessions_event", "event_id", "starts_at", "id"),
        Index("ix_booth_sessions_booth", "booth_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    booth_id: Mapped[UUID]
    resource: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(17))
    starts_at: Mapped[Timestamp]
    ends_at: Mapped[Timestamp]
    # Both as they were when the session was made, so that a change of the configuration reaches nobody back.
    duration_minutes: Mapped[int] = mapped_column(SmallInteger)
    tolerance_minutes: Mapped[int] = mapped_column(SmallInteger)
    arrive_until: Mapped[Timestamp]
    arrived_at: Mapped[Timestamp | None]
    started_at: Mapped[Timestamp | None]
    due_at: Mapped[Timestamp | None]
    finished_at: Mapped[Timestamp | None]
    expired_at: Mapped[Timestamp | None]
    override_by: Mapped[UUID | None]
    override_at: Mapped[Timestamp | None]
    override_reason: Mapped[str | None] = mapped_column(Text)
    overridden_from: Mapped[str | None] = mapped_column(String(17))
    replaced: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    changed_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


_CHANGES = (
    "booth_id, resource, state, starts_at, ends_at, duration_minutes, arrive_until, arrived_at, started_at, due_at,"
    " finished_at, expired_at, override_by, override_at, override_reason, overridden_from, replaced,"
    " changed_at"
)
# The order's own policies apply inside: who holds its code, and whose account it is in.
_OF_VISIBLE_ORDER = "EXISTS (SELECT 1 FROM orders o WHERE o.id = booth_sessions.id)"

ACCESS = [
    Access(
        "booth_sessions",
        {
            "request": "SELECT",
            # Only the gate writes, in the role of a sale, whether an order makes a session or somebody moves one.
            "sale": f"SELECT, INSERT, UPDATE ({_CHANGES})",
            "system": "SELECT, UPDATE (override_reason, replaced)",
        },
        [
            Policy("guest", (REQUEST,), _OF_VISIBLE_ORDER, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_EVENT, command="SELECT"),
            sale_policy(),
            system_policy(),
        ],
    ),
]
