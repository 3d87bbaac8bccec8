"""Lines of bank statements, what they were matched with, and how an account's bank writes."""

from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import REQUEST, SALE, STAFF_OF_MERCHANT, SYSTEM, sale_policy, system_policy
from pesan.db.base import UUID
from pesan.payments.statements.states import LineState, MatchKind


def _one_of(column: str, values: type[LineState] | type[MatchKind]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class BankLine(Base):
    """Money that a bank says came to one account; the same line is kept once, however often it is uploaded."""

    __tablename__ = "bank_lines"
    __table_args__ = (
        CheckConstraint(_one_of("state", LineState), name="state"),
        CheckConstraint("amount > 0", name="amount"),
        ForeignKeyConstraint(
            ["merchant_id", "method_id"], ["payment_methods.merchant_id", "payment_methods.id"]
        ),
        UniqueConstraint("method_id", "fingerprint"),
        UniqueConstraint("merchant_id", "id"),
        Index("ix_bank_lines_day", "method_id", "posted_on", "amount"),
        Index("ix_bank_lines_new", "method_id", "posted_on", "id", postgresql_where=text("state = 'new'")),
        Index(
            "ix_bank_lines_open", "merchant_id", "posted_on", "id", postgresql_where=text("state = 'open'")
        ),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    method_id: Mapped[UUID]
    posted_on: Mapped[date]
    amount: Mapped[int] = mapped_column(BigInteger)
    description: Mapped[str] = mapped_column(String(300))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    # What the bank calls it, where a program said so: tells lines of one day apart that read the same.
    reference: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10), server_default=LineState.NEW.value)
    uploaded_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    decided_by: Mapped[UUID | None]


class BankMatch(Base):
    """The one order that a line's money belongs to; written with the move that the money makes, or not at all."""

    __tablename__ = "bank_matches"
    __table_args__ = (
        CheckConstraint(_one_of("kind", MatchKind), name="kind"),
        ForeignKeyConstraint(["merchant_id", "line_id"], ["bank_lines.merchant_id", "bank_lines.id"]),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        Index("ix_bank_matches_order_id", "order_id"),
        # A payment that a person approved is confirmed by one line; a second one is money again.
        Index(
            "uq_bank_matches_payment",
            "payment_id",
            unique=True,
            postgresql_where=text("payment_id IS NOT NULL"),
        ),
    )

    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"))
    kind: Mapped[str] = mapped_column(String(10))
    matched_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class StatementFormat(Base):
    """The columns in which an account's bank writes, as they were last read."""

    __tablename__ = "statement_formats"
    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "method_id"], ["payment_methods.merchant_id", "payment_methods.id"]
        ),
    )

    method_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    columns: Mapped[dict[str, str]] = mapped_column(JSONB)


_LINES = "SELECT, INSERT, UPDATE (state, decided_by, reference)"

ACCESS = [
    Access(
        "bank_lines",
        {REQUEST: _LINES, SALE: "SELECT, UPDATE (state)", SYSTEM: "SELECT, UPDATE (state, description)"},
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT), sale_policy(), system_policy()],
    ),
    Access(
        "bank_matches",
        {REQUEST: "SELECT", SALE: "SELECT, INSERT", SYSTEM: "SELECT, INSERT"},
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT, command="SELECT"), sale_policy(), system_policy()],
    ),
    Access(
        "statement_formats",
        {REQUEST: "SELECT, INSERT, UPDATE (columns)", SYSTEM: "SELECT"},
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT), system_policy()],
    ),
]
