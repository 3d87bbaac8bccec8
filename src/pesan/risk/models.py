"""What is watched for, whose orders are trusted or not, by what orders are counted, and what people look at."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import REQUEST, STAFF_OF_EVENT, STAFF_OF_MERCHANT, SYSTEM, system_policy
from pesan.db.base import UUID
from pesan.risk.states import COUNTED, ListName, Mark, ReviewState, Verdict

MOST_HOURS = 168
MOST_ORDERS = 1_000


def _one_of(column: str, values: type[Mark | ListName | ReviewState | Verdict]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


def _limit(column: str) -> CheckConstraint:
    """Nothing is repeated once; 0 switches a signal off."""
    return CheckConstraint(f"{column} = 0 OR {column} BETWEEN 2 AND {MOST_ORDERS}", name=column)


class RiskRules(Base):
    """From how many orders of one contact, device or address within `hours` a merchant wants to look; 0 is never.

    A merchant without a row goes by the defaults.
    """

    __tablename__ = "risk_rules"
    __table_args__ = (
        CheckConstraint(f"hours BETWEEN 1 AND {MOST_HOURS}", name="hours"),
        _limit("contact_limit"),
        _limit("device_limit"),
        _limit("address_limit"),
    )

    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    hours: Mapped[int] = mapped_column(SmallInteger)
    contact_limit: Mapped[int] = mapped_column(SmallInteger)
    device_limit: Mapped[int] = mapped_column(SmallInteger)
    address_limit: Mapped[int] = mapped_column(SmallInteger)
    compares_countries: Mapped[bool]


class RiskEntry(Base):
    """One contact, network or device on a merchant's allow or block list, never on both.

    `label` is how it reads, for those who keep the list; `digest` is what orders are compared with.
    """

    __tablename__ = "risk_entries"
    __table_args__ = (
        CheckConstraint(_one_of("list", ListName), name="list"),
        CheckConstraint(_one_of("mark", Mark), name="mark"),
        UniqueConstraint("merchant_id", "mark", "digest"),
        Index("ix_risk_entries_added_at", "added_at"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    list: Mapped[str] = mapped_column(String(5))
    mark: Mapped[str] = mapped_column(String(8))
    digest: Mapped[str] = mapped_column(String(32))
    label: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(200))
    added_by: Mapped[UUID | None]
    added_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class RiskTrace(Base):
    """That an order with this mark was paid, or that its proof came in; what repeated orders are counted by."""

    __tablename__ = "risk_traces"
    __table_args__ = (
        CheckConstraint(f"mark IN ({', '.join(repr(mark.value) for mark in COUNTED)})", name="mark"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        Index("ix_risk_traces_counted", "merchant_id", "mark", "digest", "at"),
        Index("ix_risk_traces_at", "at"),
    )

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(String(8), primary_key=True)
    merchant_id: Mapped[UUID]
    digest: Mapped[str] = mapped_column(String(32))
    at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class RiskReview(Base):
    """An order that somebody should look at; `signals` says why, each with its numbers. One row per order."""

    __tablename__ = "risk_reviews"
    __table_args__ = (
        CheckConstraint(_one_of("state", ReviewState), name="state"),
        CheckConstraint(_one_of("verdict", Verdict), name="verdict"),
        CheckConstraint(
            "(state = 'settled') = (settled_at IS NOT NULL) AND (settled_at IS NULL) = (verdict IS NULL)",
            name="settled_at",
        ),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        Index("ix_risk_reviews_open", "merchant_id", "opened_at", postgresql_where=text("state = 'open'")),
        Index("ix_risk_reviews_settled", "merchant_id", "settled_at"),
    )

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(String(7), server_default=ReviewState.OPEN.value)
    signals: Mapped[dict[str, Any]] = mapped_column(JSONB)
    verdict: Mapped[str | None] = mapped_column(String(5))
    note: Mapped[str | None] = mapped_column(String(300))
    opened_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    settled_at: Mapped[Timestamp | None]
    settled_by: Mapped[UUID | None]


_RULED = "hours, contact_limit, device_limit, address_limit, compares_countries"

ACCESS = [
    Access(
        "risk_rules",
        {REQUEST: f"SELECT, INSERT, UPDATE ({_RULED})", SYSTEM: "SELECT"},
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT), system_policy()],
    ),
    Access(
        "risk_entries",
        {REQUEST: "SELECT, INSERT, DELETE", SYSTEM: "SELECT, DELETE"},
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT), system_policy()],
    ),
    Access("risk_traces", {SYSTEM: "SELECT, INSERT, DELETE"}, [system_policy()]),
    Access(
        "risk_reviews",
        {
            REQUEST: "SELECT, UPDATE (state, verdict, note, settled_at, settled_by)",
            SYSTEM: "SELECT, INSERT, UPDATE (state, signals, verdict, note, opened_at, settled_at, settled_by)",
        },
        [
            Policy("read", (REQUEST,), STAFF_OF_EVENT, command="SELECT"),
            Policy("settle", (REQUEST,), STAFF_OF_EVENT, command="UPDATE"),
            system_policy(),
        ],
    ),
]
