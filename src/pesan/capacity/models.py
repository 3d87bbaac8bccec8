"""Pools of places, and the claims that orders have on them."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, Numeric, String, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import (
    ANY_ACTOR,
    COLLEAGUE_OF_MERCHANT,
    OF_VISIBLE_ORDER,
    REQUEST,
    STAFF_OF_MERCHANT,
    sale_policy,
    system_policy,
)
from pesan.db.base import UUID

ONE_AT_A_TIME = "ex_claims_time"
DEFAULT_HOLD_RATIO = Decimal("0.30")


class CapacityPool(Base):
    """A number of places, of which `held` are promised for minutes and `used` for good.

    The CHECK constraints are the product's first promise: the database itself cannot hold an oversold pool.
    """

    __tablename__ = "capacity_pools"
    __table_args__ = (
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("used >= 0", name="used"),
        CheckConstraint("used + held <= capacity", name="never_oversold"),
        CheckConstraint("hold_ratio > 0 AND hold_ratio <= 1", name="hold_ratio"),
        CheckConstraint("max_per_order BETWEEN 1 AND 1000", name="max_per_order"),
        # Counters change with every hold: room on the page keeps those updates off the indexes.
        {"postgresql_with": {"fillfactor": "50"}},
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    capacity: Mapped[int]
    hold_ratio: Mapped[Decimal] = mapped_column(Numeric(4, 3), server_default="0.30")
    max_per_order: Mapped[int] = mapped_column(server_default="1")
    held: Mapped[int] = mapped_column(server_default="0")
    used: Mapped[int] = mapped_column(server_default="0")


class Claim(Base):
    """What one order line has of one pool; in the bucket of its order's state, or released.

    Where the pool is a time of something, `resource` names the thing and `period` the time, half-open.
    """

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("bucket IN ('held', 'used', 'released')", name="bucket"),
        Index("ix_claims_pool_id_live", "pool_id", postgresql_where=text("bucket <> 'released'")),
        CheckConstraint("(resource IS NULL) = (period IS NULL)", name="time"),
        CheckConstraint("NOT isempty(period)", name="period"),
        Index("ix_claims_begins_at", "begins_at", postgresql_where=text("begins_at IS NOT NULL")),
        # Two claims on one resource never overlap, whatever pools they are on. As a range of one number, because plain
        # equality under GiST would need an extension.
        ExcludeConstraint(
            (text("int8range(resource, resource, '[]')"), "&&"),
            (text("period"), "&&"),
            name=ONE_AT_A_TIME,
            using="gist",
            where=text("resource IS NOT NULL AND bucket <> 'released'"),
        ),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("order_lines.id"))
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("capacity_pools.id"))
    quantity: Mapped[int]
    bucket: Mapped[str] = mapped_column(String(8))
    resource: Mapped[int | None] = mapped_column(BigInteger)
    period: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE)
    # When it begins as a plain column: under row-level security no index is asked through a function of a range.
    begins_at: Mapped[Timestamp | None] = mapped_column(Computed("lower(period)", persisted=True))


ACCESS = [
    Access(
        "capacity_pools",
        {
            "request": "SELECT, INSERT, UPDATE (capacity, hold_ratio, max_per_order)",
            "sale": "SELECT, INSERT, UPDATE (held, used)",
            "system": "SELECT, INSERT, UPDATE (capacity, hold_ratio, max_per_order)",
        },
        [
            Policy("public_read", (REQUEST,), ANY_ACTOR, command="SELECT"),
            # A pool knows no event; which one may be changed by whom follows from what refers to it.
            Policy("staff", (REQUEST,), COLLEAGUE_OF_MERCHANT),
            sale_policy(),
            system_policy(),
        ],
    ),
    Access(
        "claims",
        {"request": "SELECT", "sale": "SELECT, INSERT, UPDATE (bucket, quantity)", "system": "SELECT"},
        [
            # A buyer's own claims say which seats are theirs.
            Policy("guest", (REQUEST,), OF_VISIBLE_ORDER, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_MERCHANT, command="SELECT"),
            sale_policy(),
            system_policy(),
        ],
    ),
]
