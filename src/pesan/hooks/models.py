"""Where organizers' programs listen, the secrets that sign what they are told, and what became of each message."""

from sqlalchemy import (
    ARRAY,
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
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit.models import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import REQUEST, STAFF_OF_MERCHANT, SYSTEM, system_policy
from pesan.db.base import UUID
from pesan.hooks.states import HookState


class HookEndpoint(Audited, Base):
    """An address that is told of a merchant's orders."""

    __tablename__ = "hook_endpoints"
    __table_args__ = (
        UniqueConstraint("merchant_id", "id"),
        CheckConstraint("is_active = (ended IS NULL)", name="ended"),
    )
    audit_kind = "hook_endpoints"

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    url: Mapped[str] = mapped_column(String(500))
    kinds: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    is_active: Mapped[bool] = mapped_column(server_default="true")
    # Since when nothing was taken; none while the last message was.
    failing_since: Mapped[Timestamp | None]
    ended: Mapped[str | None] = mapped_column(String(10))
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class HookSecret(Base):
    """What signs an endpoint's messages; a replaced one does until `ends_at`."""

    __tablename__ = "hook_secrets"
    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "endpoint_id"], ["hook_endpoints.merchant_id", "hook_endpoints.id"]
        ),
        Index("ix_hook_secrets_endpoint_id", "endpoint_id"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    endpoint_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    ends_at: Mapped[Timestamp | None]


class HookDelivery(Base):
    """One message to one endpoint, exactly as it is sent however often; `message_id` is the same for every endpoint."""

    __tablename__ = "hook_deliveries"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state.value) for state in HookState)})", name="state"),
        CheckConstraint("attempts >= 0", name="attempts"),
        ForeignKeyConstraint(
            ["merchant_id", "endpoint_id"], ["hook_endpoints.merchant_id", "hook_endpoints.id"]
        ),
        UniqueConstraint("endpoint_id", "message_id"),
        Index("ix_hook_deliveries_due", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_hook_deliveries_merchant", "merchant_id", "id"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    endpoint_id: Mapped[UUID]
    message_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10), server_default=HookState.WAITING.value)
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    last_attempt_at: Mapped[Timestamp | None]
    last_status: Mapped[int | None]
    last_problem: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


_CHANGED = "kinds, is_active, failing_since, ended, audit_seq, audit_head"
_TRIED = "state, attempts, due_at, last_attempt_at, last_status, last_problem"

ACCESS = [
    Access(
        "hook_endpoints",
        {
            REQUEST: f"SELECT, INSERT, UPDATE ({_CHANGED})",
            SYSTEM: f"SELECT, UPDATE ({_CHANGED})",
        },
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT), system_policy()],
    ),
    Access(
        "hook_secrets",
        {
            # Whoever was shown a secret once cannot read it back, not even with SQL.
            REQUEST: "SELECT (id, merchant_id, endpoint_id, ends_at), INSERT, UPDATE (ends_at)",
            SYSTEM: "SELECT, UPDATE (sealed), DELETE",
        },
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT), system_policy()],
    ),
    Access(
        "hook_deliveries",
        {
            REQUEST: "SELECT, UPDATE (state, attempts, due_at)",
            SYSTEM: f"SELECT, INSERT, UPDATE ({_TRIED}), DELETE",
        },
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT), system_policy()],
    ),
]
