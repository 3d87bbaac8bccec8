"""Gates, the devices at them, how they work, and every scan that was made."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import REQUEST, STAFF_OF_EVENT, gate_policy, system_policy
from pesan.db.base import UUID
from pesan.gates.states import ConflictKind, Direction, Reentry, Result, StaticCodes
from pesan.identity.devices.keys import KeyKind

_EVENT = (["merchant_id", "event_id"], ["events.merchant_id", "events.id"])


def _one_of(
    column: str, values: type[ConflictKind | Direction | KeyKind | Reentry | Result | StaticCodes]
) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class Gate(Audited, Base):
    """A place where people come in, by name and where to find it; a closed one takes no more devices."""

    __tablename__ = "gates"
    audit_kind = "gate"
    __table_args__ = (
        ForeignKeyConstraint(*_EVENT),
        # What belongs to a gate refers to both, so that no device stands at another event's gate.
        UniqueConstraint("event_id", "id"),
        Index("uq_gates_name", "event_id", text("lower(name)"), unique=True),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(60))
    location: Mapped[str] = mapped_column(String(120), server_default="")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    closed_at: Mapped[Timestamp | None]


class GateRules(Base):
    """How an event's gates work; an event without a row goes by the defaults (see `queries.get_rules`)."""

    __tablename__ = "gate_rules"
    __table_args__ = (
        CheckConstraint(_one_of("reentry", Reentry), name="reentry"),
        CheckConstraint(_one_of("static_codes", StaticCodes), name="static_codes"),
        CheckConstraint("opens_at < closes_at", name="period"),
        ForeignKeyConstraint(*_EVENT),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    opens_at: Mapped[Timestamp | None]
    closes_at: Mapped[Timestamp | None]
    reentry: Mapped[str] = mapped_column(String(10), server_default=Reentry.NONE.value)
    static_codes: Mapped[str] = mapped_column(String(6), server_default=StaticCodes.ACCEPT.value)


class GatePairing(Base):
    """A code that lets one device join a gate, once and soon; only its digest is kept."""

    __tablename__ = "gate_pairings"
    __table_args__ = (
        CheckConstraint("octet_length(code_digest) = 32", name="code_digest"),
        ForeignKeyConstraint(["event_id", "gate_id"], ["gates.event_id", "gates.id"]),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    gate_id: Mapped[UUID]
    code_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_by: Mapped[UUID]
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[Timestamp]
    used_at: Mapped[Timestamp | None]


class GateDevice(Audited, Base):
    """A phone or tablet at a gate. What it tells of itself is for people to see; nothing is decided by it.

    `skew_ms` is how far its clock was behind the server's when it last said so, and `renewed_ms` the time inside the
    last proof by which it got a token, so that no proof serves twice. It stands at `gate_id` since `moved_at`, and was
    at `moved_from` before; one that never moved has neither.
    """

    __tablename__ = "gate_devices"
    audit_kind = "gate_device"
    __table_args__ = (
        CheckConstraint(_one_of("key_kind", KeyKind), name="key_kind"),
        CheckConstraint("battery BETWEEN 0 AND 100", name="battery"),
        CheckConstraint("queue_length >= 0", name="queue_length"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
        CheckConstraint("(moved_at IS NULL) = (moved_from IS NULL)", name="moved"),
        ForeignKeyConstraint(["event_id", "gate_id"], ["gates.event_id", "gates.id"]),
        ForeignKeyConstraint(["event_id", "moved_from"], ["gates.event_id", "gates.id"]),
        UniqueConstraint("event_id", "id"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    gate_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(60))
    key_kind: Mapped[str] = mapped_column(String(7))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    registered_by: Mapped[UUID]
    registered_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    renewed_ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    last_seen_at: Mapped[Timestamp | None]
    battery: Mapped[int | None] = mapped_column(SmallInteger)
    app_version: Mapped[str] = mapped_column(String(20), server_default="")
    queue_length: Mapped[int | None]
    skew_ms: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[Timestamp | None]
    revoked_by: Mapped[UUID | None]
    moved_at: Mapped[Timestamp | None]
    moved_from: Mapped[UUID | None]


class Scan(Base):
    """Something that was held before a gate. `shown` is what the screen said.

    `result` is what it comes to once every scan of the ticket is known: of several that let somebody in for one cycle,
    one is ok. `ticket_id` is empty for what is no ticket of this event. Times: `scanned_at` is the device's, corrected
    by its measured `offset_ms`; `is_skewed` says that this is not to be trusted.
    """

    __tablename__ = "scans"
    __table_args__ = (
        CheckConstraint(_one_of("direction", Direction), name="direction"),
        CheckConstraint(_one_of("shown", Result), name="shown"),
        CheckConstraint(_one_of("reentry", Reentry), name="reentry"),
        CheckConstraint(_one_of("result", Result), name="result"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone"),
        CheckConstraint("cycle IS NULL OR (cycle > 0 AND result = 'ok')", name="cycle"),
        CheckConstraint("scanned_at <= received_at", name="scanned_at"),
        ForeignKeyConstraint(*_EVENT),
        ForeignKeyConstraint(["event_id", "gate_id"], ["gates.event_id", "gates.id"]),
        ForeignKeyConstraint(["event_id", "device_id"], ["gate_devices.event_id", "gate_devices.id"]),
        # The rule itself: nobody comes in twice on one ticket, whatever the code above it gets wrong.
        Index(
            "uq_scans_entry",
            "ticket_id",
            "cycle",
            unique=True,
            postgresql_where=text("result = 'ok' AND direction = 'entry' AND undone_at IS NULL"),
        ),
        # A scan that is sent again is the same scan.
        UniqueConstraint("device_id", "nonce"),
        Index("ix_scans_ticket", "ticket_id"),
        Index("ix_scans_event", "event_id", "received_at", "id"),
        Index("ix_scans_gate", "event_id", "gate_id", "scanned_at"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    gate_id: Mapped[UUID]
    device_id: Mapped[UUID]
    nonce: Mapped[UUID]
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("tickets.id"))
    direction: Mapped[str] = mapped_column(String(5))
    shown: Mapped[str] = mapped_column(String(11))
    result: Mapped[str] = mapped_column(String(11))
    # What the server had answered, where the screen could not wait for it and showed something else.
    answered: Mapped[str | None] = mapped_column(String(11))
    reason: Mapped[str] = mapped_column(String(16))
    refusal: Mapped[str | None] = mapped_column(String(16))
    # As the event had it when the scan came: a change of the rules rewrites nothing that happened.
    reentry: Mapped[str] = mapped_column(String(10), server_default=Reentry.NONE.value)
    cycle: Mapped[int | None]
    is_live: Mapped[bool] = mapped_column(server_default="false")
    is_offline: Mapped[bool] = mapped_column(server_default="false")
    is_skewed: Mapped[bool] = mapped_column(server_default="false")
    # Why somebody was let in without a code that was read, in the words of whoever did it.
    manual_reason: Mapped[str | None] = mapped_column(String(200))
    device_at: Mapped[Timestamp]
    offset_ms: Mapped[int] = mapped_column(BigInteger)
    scanned_at: Mapped[Timestamp]
    received_at: Mapped[Timestamp]
    undone_at: Mapped[Timestamp | None]
    undone_by: Mapped[UUID | None]


class TicketStanding(Base):
    """Where a ticket stands, worked out of its scans; `seq` numbers the changes of its event without a gap."""

    __tablename__ = "ticket_standings"
    __table_args__ = (
        CheckConstraint("cycle >= 0", name="cycle"),
        ForeignKeyConstraint(*_EVENT),
        Index("ix_ticket_standings_changes", "event_id", "seq"),
    )

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    cycle: Mapped[int]
    is_inside: Mapped[bool]
    entered_at: Mapped[Timestamp | None]
    entered_gate_id: Mapped[UUID | None]
    entered_by: Mapped[UUID | None]
    seq: Mapped[int] = mapped_column(BigInteger)


class GateFeed(Base):
    """The number of an event's last change at its gates; the row is locked last, so that numbers have no gap."""

    __tablename__ = "gate_feeds"
    __table_args__ = (ForeignKeyConstraint(*_EVENT),)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    seq: Mapped[int] = mapped_column(BigInteger, server_default="0")


class ScanConflict(Base):
    """Something that a gate did and a person has to look at; `subject_id` is the ticket, or the scan of none.

    `scan_ids` are the scans it is about, and `scan_count` how many; `settled_ids` are those that somebody looked at who
    settled it: when it comes to be about any other, it opens again, and what was noted then joins `earlier_notes` as
    soon as it is settled anew.
    """

    __tablename__ = "scan_conflicts"
    __table_args__ = (
        CheckConstraint(_one_of("kind", ConflictKind), name="kind"),
        CheckConstraint("scan_count > 0", name="scan_count"),
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled"),
        ForeignKeyConstraint(*_EVENT),
        UniqueConstraint("subject_id", "kind", "cycle"),
        Index("ix_scan_conflicts_open", "event_id", "opened_at", postgresql_where=text("settled_at IS NULL")),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("tickets.id"))
    kind: Mapped[str] = mapped_column(String(16))
    cycle: Mapped[int]
    scan_count: Mapped[int]
    scan_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    opened_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    settled_at: Mapped[Timestamp | None]
    settled_by: Mapped[UUID | None]
    note: Mapped[str] = mapped_column(String(500), server_default="")
    settled_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default="{}")
    earlier_notes: Mapped[list[str]] = mapped_column(ARRAY(String(500)), server_default="{}")


def _staff(command: str = "ALL") -> Policy:
    return Policy("staff", (REQUEST,), STAFF_OF_EVENT, command=command)


_AUDIT = "audit_seq, audit_head"

ACCESS = [
    Access(
        "gates",
        {
            "request": f"SELECT, INSERT, UPDATE (name, location, closed_at, {_AUDIT})",
            "gate": f"SELECT, UPDATE ({_AUDIT})",
            "system": "SELECT",
        },
        [_staff(), gate_policy(), system_policy()],
    ),
    Access(
        "gate_rules",
        {
            "request": "SELECT, INSERT, UPDATE (opens_at, closes_at, reentry, static_codes)",
            "gate": "SELECT",
            "system": "SELECT",
        },
        [_staff(), gate_policy(), system_policy()],
    ),
    Access(
        "gate_pairings",
        {"request": "SELECT, INSERT, UPDATE (used_at)", "system": "SELECT, DELETE"},
        [_staff(), system_policy()],
    ),
    Access(
        "gate_devices",
        {
            "request": "SELECT, INSERT,"
            f" UPDATE (name, gate_id, moved_at, moved_from, revoked_at, revoked_by, {_AUDIT})",
            "gate": "SELECT, UPDATE (renewed_ms, last_seen_at, battery, app_version, queue_length, skew_ms)",
            "system": "SELECT",
        },
        [_staff(), gate_policy(), system_policy()],
    ),
    Access(
        "scans",
        {
            "request": "SELECT",
            "gate": "SELECT, INSERT, UPDATE (shown, answered, result, reason, cycle, is_offline, undone_at, undone_by)",
            "system": "SELECT",
        },
        [_staff("SELECT"), gate_policy(), system_policy()],
    ),
    Access(
        "ticket_standings",
        {
            "request": "SELECT",
            "gate": "SELECT, INSERT, UPDATE (cycle, is_inside, entered_at, entered_gate_id, entered_by, seq)",
            "system": "SELECT",
        },
        [_staff("SELECT"), gate_policy(), system_policy()],
    ),
    Access(
        "gate_feeds",
        {"request": "SELECT", "gate": "SELECT, INSERT, UPDATE (seq)", "system": "SELECT"},
        [_staff("SELECT"), gate_policy(), system_policy()],
    ),
    Access(
        "scan_conflicts",
        {
            "request": "SELECT, UPDATE (settled_at, settled_by, note, settled_ids, earlier_notes)",
            "gate": "SELECT, INSERT, DELETE, UPDATE (scan_count, scan_ids, settled_at, settled_by, opened_at)",
            "system": "SELECT",
        },
        [_staff(), gate_policy(), system_policy()],
    ),
]
