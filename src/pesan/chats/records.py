"""How WhatsApp judged our templates, what messages cost, and what each has cost."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Numeric, String, func
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import REQUEST, STAFF_OF_EVENT, system_policy
from pesan.db.base import UUID


class TemplateStanding(Base):
    """How a template in one language stands with WhatsApp, which may move it to another category by itself."""

    __tablename__ = "chat_templates"

    name: Mapped[str] = mapped_column(String(512), primary_key=True)
    language: Mapped[str] = mapped_column(String(10), primary_key=True)
    category: Mapped[str] = mapped_column(String(40), server_default="")
    status: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(300), server_default="")
    checked_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class ChatRate(Base):
    """What one message of a category costs in rupiah from a day on, until a later row of the same.

    `free_units` are those of a number's calendar month that cost nothing.
    """

    __tablename__ = "chat_rates"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("free_units >= 0", name="free_units"),
    )

    category: Mapped[str] = mapped_column(String(40), primary_key=True)
    in_window: Mapped[bool] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    free_units: Mapped[int] = mapped_column(server_default="0")
    source: Mapped[str] = mapped_column(String(200))
    checked_on: Mapped[date]


class ChatCharge(Base):
    """What one delivered message cost whom; written once and never changed, also when the message is forgotten."""

    __tablename__ = "chat_charges"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["events.merchant_id", "events.id"]),
        Index("ix_chat_charges_merchant", "merchant_id", "at"),
    )

    message_id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID | None]
    event_id: Mapped[UUID | None]
    phone_number_id: Mapped[str] = mapped_column(String(40), server_default="")
    category: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    at: Mapped[Timestamp]


class ChatAllowance(Base):
    """How many messages of a category a number had charged as usual in a calendar month, the free ones first."""

    __tablename__ = "chat_allowances"

    phone_number_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    category: Mapped[str] = mapped_column(String(40), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    used: Mapped[int] = mapped_column(server_default="0")


ACCESS = [
    Access("chat_templates", {"request": "SELECT", "system": "SELECT, INSERT, UPDATE"}),
    Access("chat_rates", {"request": "SELECT", "system": "SELECT"}),
    Access(
        "chat_charges",
        {"request": "SELECT", "system": "SELECT, INSERT"},
        [Policy("staff", (REQUEST,), STAFF_OF_EVENT, command="SELECT"), system_policy()],
    ),
    Access("chat_allowances", {"request": "SELECT", "system": "SELECT, INSERT, UPDATE"}),
]
