"""What a jastiper tells everybody at once, and to whom it was planned to be told."""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import REQUEST, STAFF_OF_EVENT, system_policy
from pesan.db.base import UUID
from pesan.jastip.states import Audience, BroadcastState, RecipientState

_TRIP = (["merchant_id", "event_id"], ["trips.merchant_id", "trips.event_id"])
MAX_TEXT = 600
"""What fits into the one blank of the template that carries it outside of a window."""


def _one_of(column: str, values: type[Audience | BroadcastState | RecipientState]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class Broadcast(Audited, Base):
    """One text for the people of one trip. Text and people are those of the moment when it was planned."""

    __tablename__ = "broadcasts"
    audit_kind = "broadcast"
    __table_args__ = (
        CheckConstraint(_one_of("state", BroadcastState), name="state"),
        CheckConstraint(_one_of("audience", Audience), name="audience"),
        CheckConstraint(f"char_length(text) BETWEEN 1 AND {MAX_TEXT}", name="text"),
        ForeignKeyConstraint(*_TRIP),
        UniqueConstraint("event_id", "id"),
        Index("ix_broadcasts_event", "event_id", text("created_at DESC"), "id"),
        Index("ix_broadcasts_due", "starts_at", postgresql_where=text("state IN ('planned', 'running')")),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    text: Mapped[str] = mapped_column(String(MAX_TEXT))
    audience: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(9), server_default=BroadcastState.PLANNED.value)
    recipients: Mapped[int]
    planned_by: Mapped[UUID | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    starts_at: Mapped[Timestamp]
    begun_at: Mapped[Timestamp | None]
    ended_at: Mapped[Timestamp | None]


class BroadcastRecipient(Base):
    """Somebody that a broadcast is for; the message to them has the same id, so that there is never a second one."""

    __tablename__ = "broadcast_recipients"
    __table_args__ = (
        CheckConstraint(_one_of("state", RecipientState), name="state"),
        ForeignKeyConstraint(["event_id", "broadcast_id"], ["broadcasts.event_id", "broadcasts.id"]),
        ForeignKeyConstraint(["event_id", "participant_id"], ["participants.event_id", "participants.id"]),
        ForeignKeyConstraint(*_TRIP),
        UniqueConstraint("broadcast_id", "participant_id"),
        Index(
            "ix_broadcast_recipients_waiting",
            "broadcast_id",
            "id",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_broadcast_recipients_participant", "participant_id"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    broadcast_id: Mapped[UUID]
    participant_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(String(9), server_default=RecipientState.WAITING.value)


_STAFF = Policy("staff", (REQUEST,), STAFF_OF_EVENT)
_AUDIT = "audit_seq, audit_head"

ACCESS = [
    Access(
        "broadcasts",
        {
            "request": f"SELECT, INSERT, UPDATE (state, ended_at, {_AUDIT})",
            "system": f"SELECT, UPDATE (state, begun_at, ended_at, {_AUDIT})",
        },
        [_STAFF, system_policy()],
    ),
    Access(
        "broadcast_recipients",
        {"request": "SELECT, INSERT, UPDATE (state)", "system": "SELECT, UPDATE (state)"},
        [_STAFF, system_policy()],
    ),
]
