"""The audit's tables, and the columns of every row whose history it keeps."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit.entries import GENESIS
from pesan.db.access import (
    ANY_ACTOR,
    GATE,
    IDENTITY,
    REQUEST,
    SALE,
    SYSTEM,
    Access,
    Policy,
    sale_policy,
    staff_of_order,
    system_policy,
)
from pesan.db.base import Base

_GENESIS_SQL = text("decode(repeat('00', 32), 'hex')")


class Audited:
    """Columns of a row whose history is kept: the head of its chain, under the row's own lock.

    `audit_kind` names the subject in its entries. `audit verify` compares each such table with the entries, so
    that entries cut off at the end are missed.
    """

    audit_kind: ClassVar[str]

    audit_seq: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    audit_head: Mapped[bytes] = mapped_column(LargeBinary, default=GENESIS, server_default=_GENESIS_SQL)


class AuditEntry(Base):
    """One thing that happened to one subject; never changed, never deleted."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_xact_id", "xact_id"),)

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(64))
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    action: Mapped[str] = mapped_column(String(128))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(String(64))
    ip_digest: Mapped[str | None] = mapped_column(String(64))
    merchant_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    private_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    # The writing transaction. Blocks seal by it, because every transaction below the oldest running one has ended,
    # while times and counters become visible out of order.
    xact_id: Mapped[int] = mapped_column(
        BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)")
    )


class AuditPrivate(Base):
    """The part of an entry that may name a person; emptied when the person asks to be forgotten."""

    __tablename__ = "audit_private"

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason: Mapped[str | None] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    erased_at: Mapped[datetime | None]


class AuditBlock(Base):
    """A seal over the heads of every chain that grew between two transactions; chained to the one before."""

    __tablename__ = "audit_blocks"
    __table_args__ = (UniqueConstraint("prev_hash"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    since_xact: Mapped[int] = mapped_column(BigInteger)
    upto_xact: Mapped[int] = mapped_column(BigInteger)
    entry_count: Mapped[int] = mapped_column(Integer)
    heads_digest: Mapped[bytes] = mapped_column(LargeBinary)
    latest_at: Mapped[datetime]
    sealed_at: Mapped[datetime]


# Nobody names `xact_id`: the database fills it in, or an entry could be slipped into the past.
_WRITTEN = ", ".join(column.name for column in AuditEntry.__table__.columns if column.name != "xact_id")
_OF_VISIBLE_ENTRY = (
    "EXISTS (SELECT 1 FROM audit_entries e WHERE e.subject_id = audit_private.subject_id"
    " AND e.seq = audit_private.seq)"
)

ACCESS = [
    Access(
        "audit_entries",
        {
            REQUEST: f"SELECT, INSERT ({_WRITTEN})",
            SALE: f"INSERT ({_WRITTEN})",
            IDENTITY: f"INSERT ({_WRITTEN})",
            GATE: f"INSERT ({_WRITTEN})",
            SYSTEM: f"SELECT, INSERT ({_WRITTEN})",
        },
        [
            Policy("write", (REQUEST,), ANY_ACTOR, command="INSERT"),
            Policy("staff", (REQUEST,), staff_of_order("subject_id"), command="SELECT"),
            Policy("identity", (IDENTITY, GATE), ANY_ACTOR, command="INSERT"),
            sale_policy(),
            system_policy(),
        ],
    ),
    Access(
        "audit_private",
        {
            REQUEST: "SELECT, INSERT",
            SALE: "INSERT",
            IDENTITY: "INSERT",
            GATE: "INSERT",
            SYSTEM: "SELECT, INSERT, UPDATE (salt, reason, before, after, erased_at)",
        },
        [
            Policy("write", (REQUEST,), ANY_ACTOR, command="INSERT"),
            Policy("staff", (REQUEST,), _OF_VISIBLE_ENTRY, command="SELECT"),
            Policy("identity", (IDENTITY, GATE), ANY_ACTOR, command="INSERT"),
            sale_policy(),
            system_policy(),
        ],
    ),
    Access("audit_blocks", {SYSTEM: "SELECT, INSERT"}),
]

# The grants stop the application; these stop whoever owns the tables from doing it by mistake.
FUNCTIONS = (
    """
    CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    *(
        f"CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()"
        for table in ("audit_entries", "audit_blocks")
    ),
)
