"""The screens of booths, and the codes by which they join."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import EVERY_ROW, IDENTITY, REQUEST, STAFF_OF_EVENT, system_policy
from pesan.db.base import UUID
from pesan.identity.devices.keys import KeyKind

_EVENT = (["merchant_id", "event_id"], ["events.merchant_id", "events.id"])
_BOOTH = (["event_id", "booth_id"], ["booths.event_id", "booths.id"])
_KINDS = ", ".join(repr(kind.value) for kind in KeyKind)


class BoothPairing(Base):
    """A code that lets one screen join a booth, once and soon; only its digest is kept."""

    __tablename__ = "booth_pairings"
    __table_args__ = (
        CheckConstraint("octet_length(code_digest) = 32", name="code_digest"),
        ForeignKeyConstraint(*_EVENT),
        ForeignKeyConstraint(*_BOOTH),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    booth_id: Mapped[UUID]
    code_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_by: Mapped[UUID]
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[Timestamp]
    used_at: Mapped[Timestamp | None]


class BoothDevice(Audited, Base):
    """A screen at a booth. What it tells of itself is for people to see; nothing is decided by it.

    `registered_by` showed the code that it joined by. `renewed_ms` is the time inside the last proof by which it got a
    token, so that no proof serves twice.
    """

    __tablename__ = "booth_devices"
    audit_kind = "booth_device"
    __table_args__ = (
        CheckConstraint(f"key_kind IN ({_KINDS})", name="key_kind"),
        CheckConstraint("battery BETWEEN 0 AND 100", name="battery"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
        ForeignKeyConstraint(*_EVENT),
        ForeignKeyConstraint(*_BOOTH),
        Index("ix_booth_devices_booth", "booth_id"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    booth_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(60))
    key_kind: Mapped[str] = mapped_column(String(7))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    registered_by: Mapped[UUID]
    registered_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    renewed_ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    last_seen_at: Mapped[Timestamp | None]
    battery: Mapped[int | None] = mapped_column(SmallInteger)
    app_version: Mapped[str] = mapped_column(String(20), server_default="")
    revoked_at: Mapped[Timestamp | None]
    revoked_by: Mapped[UUID | None]


_STAFF = Policy("staff", (REQUEST,), STAFF_OF_EVENT)
_DEVICE = (
    "name, renewed_ms, last_seen_at, battery, app_version, revoked_at, revoked_by, audit_seq, audit_head"
)

ACCESS = [
    Access(
        "booth_pairings",
        {
            "request": "SELECT, INSERT, UPDATE (used_at)",
            # Whose code it is, is found out before anybody knows for which merchant to act.
            "identity": "SELECT (merchant_id, event_id, code_digest, created_by)",
            "system": "SELECT, DELETE",
        },
        [_STAFF, Policy("identity", (IDENTITY,), EVERY_ROW, command="SELECT"), system_policy()],
    ),
    Access(
        "booth_devices",
        {"request": f"SELECT, INSERT, UPDATE ({_DEVICE})", "system": "SELECT"},
        [_STAFF, system_policy()],
    ),
]
