"""Tests of merchants' accounts at payment providers."""

from sqlalchemy import BigInteger, ForeignKeyConstraint, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import REQUEST, STAFF_OF_MERCHANT, SYSTEM, system_policy
from pesan.db.base import UUID

REFERENCE_LENGTH = 26


class TrialPayment(Base):
    """One test of an account: its times say which steps worked, `problem` and `fault` say which did not."""

    __tablename__ = "trial_payments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "account_id"], ["gateway_accounts.merchant_id", "gateway_accounts.id"]
        ),
        UniqueConstraint("account_id", "reference"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    account_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(String(REFERENCE_LENGTH))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), server_default="IDR")
    provider_ref: Mapped[str | None] = mapped_column(String(200))
    redirect_url: Mapped[str | None] = mapped_column(String(2_000))
    problem: Mapped[str | None] = mapped_column(String(200))
    fault: Mapped[str | None] = mapped_column(String(10))
    remote_state: Mapped[str | None] = mapped_column(String(20))
    opened_at: Mapped[Timestamp | None]
    heard_at: Mapped[Timestamp | None]
    asked_at: Mapped[Timestamp | None]
    expires_at: Mapped[Timestamp]
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


_NOTED = "provider_ref, redirect_url, problem, fault, remote_state, opened_at, heard_at, asked_at"

ACCESS = [
    Access(
        "trial_payments",
        {
            REQUEST: f"SELECT, INSERT, UPDATE ({_NOTED})",
            SYSTEM: f"SELECT, UPDATE ({_NOTED})",
        },
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT), system_policy()],
    ),
]
