"""Merchants' accounts at payment providers, the webhooks that came, and the pages of the sandbox."""

from typing import Any

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

from pesan.audit.models import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import REQUEST, SALE, STAFF_OF_MERCHANT, SYSTEM, sale_policy, system_policy
from pesan.db.base import UUID


class GatewayAccount(Audited, Base):
    """A merchant's account at a provider; its secrets are written and never shown."""

    __tablename__ = "gateway_accounts"
    __table_args__ = (
        UniqueConstraint("merchant_id", "id"),
        # A merchant's own program has one, whose secrets are replaced one by the other.
        Index(
            "uq_gateway_accounts_confirm",
            "merchant_id",
            unique=True,
            postgresql_where=text("provider = 'confirm'"),
        ),
    )
    audit_kind = "gateway_accounts"

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    provider: Mapped[str] = mapped_column(String(20), index=True)
    is_live: Mapped[bool]
    # The provider's own id of the merchant, where its payments name one.
    account_id: Mapped[str | None] = mapped_column(String(100))
    secrets_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    is_active: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class WebhookEvent(Base):
    """What a provider told, verified and stored as it came, once however often it was sent."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "account_id"], ["gateway_accounts.merchant_id", "gateway_accounts.id"]
        ),
        UniqueConstraint("account_id", "event_key"),
        Index("ix_webhook_events_received_at", "received_at"),
        Index("ix_webhook_events_unhandled", "received_at", postgresql_where=text("handled_at IS NULL")),
        # By these what a provider wrote about a buyer is found, to be erased.
        Index("ix_webhook_events_reference", "account_id", "reference"),
        Index("ix_webhook_events_provider_ref", "account_id", "provider_ref"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    account_id: Mapped[UUID]
    event_key: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(80))
    reference: Mapped[str | None] = mapped_column(String(200))
    provider_ref: Mapped[str | None] = mapped_column(String(200))
    refund_key: Mapped[str | None] = mapped_column(String(60))
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    received_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    handled_at: Mapped[Timestamp | None]
    outcome: Mapped[str | None] = mapped_column(String(20))


class SandboxPayment(Base):
    """A payment at the sandbox, which plays a provider: what its hosted page shows, and what was paid there."""

    __tablename__ = "sandbox_payments"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("captures >= 0", name="captures"),
        ForeignKeyConstraint(
            ["merchant_id", "account_id"], ["gateway_accounts.merchant_id", "gateway_accounts.id"]
        ),
        UniqueConstraint("account_id", "reference"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    account_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(String(36))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(20), server_default="pending")
    captures: Mapped[int] = mapped_column(server_default="0")
    # What was sent back, by the key of each refund.
    refunds: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    return_url: Mapped[str] = mapped_column(String(500))
    expires_at: Mapped[Timestamp]
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


_SHOWN = "id, merchant_id, provider, is_live, account_id, is_active, created_at, audit_seq, audit_head"
_CHANGED = "account_id, secrets_sealed, is_active, audit_seq, audit_head"

ACCESS = [
    Access(
        "gateway_accounts",
        {
            # Whoever types a secret in cannot read it back, not even with SQL.
            REQUEST: f"SELECT ({_SHOWN}), INSERT, UPDATE ({_CHANGED})",
            SALE: "SELECT",
            SYSTEM: f"SELECT, INSERT, UPDATE ({_CHANGED})",
        },
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT), sale_policy(), system_policy()],
    ),
    Access(
        "webhook_events",
        {
            # What a provider wrote is about buyers; whether it was taken up is the merchant's to see.
            REQUEST: "SELECT (id, merchant_id, account_id, kind, reference, provider_ref, received_at, handled_at,"
            " outcome)",
            SALE: "SELECT (id, account_id, event_key), INSERT",
            SYSTEM: "SELECT, UPDATE (handled_at, outcome, body), DELETE",
        },
        [
            Policy("staff", (REQUEST,), STAFF_OF_MERCHANT, command="SELECT"),
            sale_policy(),
            system_policy(),
        ],
    ),
    Access(
        "sandbox_payments",
        {
            SALE: "SELECT, INSERT, UPDATE (state, captures, refunds)",
            SYSTEM: "SELECT, INSERT, UPDATE (state, captures, refunds)",
        },
        [sale_policy(), system_policy()],
    ),
]
