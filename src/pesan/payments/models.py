"""Methods, payments, the amounts they keep, proofs, and the ledger."""

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
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit.models import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import (
    ANY_ACTOR,
    OF_VISIBLE_ORDER,
    REQUEST,
    SALE,
    STAFF_OF_MERCHANT,
    SYSTEM,
    sale_policy,
    staff_of_order,
    system_policy,
)
from pesan.db.base import UUID
from pesan.payments.gateways.models import ACCESS as GATEWAY_ACCESS
from pesan.payments.gateways.trial_models import ACCESS as TRIAL_ACCESS
from pesan.payments.refunds.models import ACCESS as REFUND_ACCESS
from pesan.payments.statements.models import ACCESS as STATEMENT_ACCESS
from pesan.payments.states import Account, MethodKind, PaymentState, Reason


def _one_of(column: str, values: type[MethodKind | PaymentState | Account | Reason]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class PaymentMethod(Audited, Base):
    """A bank account, a static QRIS or a provider's account; it never changes, a new one is a new method."""

    __tablename__ = "payment_methods"
    __table_args__ = (
        CheckConstraint(_one_of("kind", MethodKind), name="kind"),
        CheckConstraint(
            "kind <> 'bank' OR (bank_name IS NOT NULL AND account_no ~ '^[0-9]{5,20}$'"
            " AND account_holder IS NOT NULL)",
            name="bank_account",
        ),
        CheckConstraint("kind <> 'qris' OR qris_payload IS NOT NULL", name="qris_code"),
        CheckConstraint("(kind = 'gateway') = (gateway_account_id IS NOT NULL)", name="gateway"),
        ForeignKeyConstraint(
            ["merchant_id", "gateway_account_id"], ["gateway_accounts.merchant_id", "gateway_accounts.id"]
        ),
        UniqueConstraint("merchant_id", "id"),
    )
    audit_kind = "payment_methods"

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    kind: Mapped[str] = mapped_column(String(8))
    display_name: Mapped[str] = mapped_column(String(60))
    bank_name: Mapped[str | None] = mapped_column(String(60))
    account_no: Mapped[str | None] = mapped_column(String(20))
    account_holder: Mapped[str | None] = mapped_column(String(80))
    qris_payload: Mapped[str | None] = mapped_column(String(512))
    gateway_account_id: Mapped[UUID | None]
    account_key: Mapped[str] = mapped_column(String(80))
    is_active: Mapped[bool] = mapped_column(server_default="true")
    position: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class Payment(Base):
    """One attempt to pay an order; changed only under the order's lock.

    `method_id` is empty for money that came without a choice of method; `is_balance` says that it asks for the rest of
    an order whose deposit is paid. What a provider knows of it: `reference` is
    ours and new for each attempt, `provider_ref` names the hosted page, `payment_key` the money itself. `flag` says
    why money that came settles nothing until somebody looks at it, and `flagged_for` what the provider told then.
    `closed_at` is when nobody could pay any more.
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint(_one_of("state", PaymentState), name="state"),
        CheckConstraint("base_amount > 0", name="base_amount"),
        CheckConstraint("amount = base_amount + coalesce(unique_code, 0)", name="amount"),
        CheckConstraint("unique_code BETWEEN 1 AND 9999", name="unique_code"),
        CheckConstraint("(state = 'paid') = (settled_at IS NOT NULL)", name="settled"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        ForeignKeyConstraint(
            ["merchant_id", "method_id"], ["payment_methods.merchant_id", "payment_methods.id"]
        ),
        Index(
            "uq_payments_order_method",
            "order_id",
            "method_id",
            "is_balance",
            "base_amount",
            unique=True,
            postgresql_where=text("state IN ('open', 'superseded')"),
        ),
        Index("uq_payments_open_order", "order_id", unique=True, postgresql_where=text("state = 'open'")),
        # The unique ones know only attempts that are not over.
        Index("ix_payments_order_id", "order_id"),
        Index("ix_payments_method_id", "method_id"),
        CheckConstraint("reference IS NULL OR gateway_account_id IS NOT NULL", name="reference"),
        ForeignKeyConstraint(
            ["merchant_id", "gateway_account_id"], ["gateway_accounts.merchant_id", "gateway_accounts.id"]
        ),
        UniqueConstraint("gateway_account_id", "payment_key"),
        # What the merchant's own program calls money that it saw come to an account (`/payment/confirm`).
        Index(
            "uq_payments_confirmed",
            "merchant_id",
            "payment_key",
            unique=True,
            postgresql_where=text("gateway_account_id IS NULL AND payment_key IS NOT NULL"),
        ),
        Index(
            "ix_payments_flagged",
            "merchant_id",
            postgresql_where=text("flag IS NOT NULL AND flag <> 'handled'"),
        ),
        # Money that one attempt brought a second time is a payment without a method, and has its reference.
        Index(
            "uq_payments_reference", "reference", unique=True, postgresql_where=text("method_id IS NOT NULL")
        ),
        # What may have been paid after its end.
        Index(
            "ix_payments_closed",
            "closed_at",
            postgresql_where=text("gateway_account_id IS NOT NULL AND payment_key IS NULL"),
        ),
        # What a provider still may take money for.
        Index(
            "ix_payments_unclosed",
            "checked_at",
            postgresql_where=text("gateway_account_id IS NOT NULL AND closed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID]
    method_id: Mapped[UUID | None]
    base_amount: Mapped[int] = mapped_column(BigInteger)
    unique_code: Mapped[int | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), server_default="IDR")
    is_balance: Mapped[bool] = mapped_column(server_default="false")
    state: Mapped[str] = mapped_column(String(10), server_default="open")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    settled_at: Mapped[Timestamp | None]
    gateway_account_id: Mapped[UUID | None]
    reference: Mapped[str | None] = mapped_column(String(36))
    provider_ref: Mapped[str | None] = mapped_column(String(200))
    payment_key: Mapped[str | None] = mapped_column(String(200))
    redirect_url: Mapped[str | None] = mapped_column(String(2000))
    remote_state: Mapped[str | None] = mapped_column(String(20))
    # Where the bank of the card is, where the provider tells it; nothing else of a card is ever kept.
    issuer_country: Mapped[str | None] = mapped_column(String(2))
    flag: Mapped[str | None] = mapped_column(String(20))
    flagged_for: Mapped[str | None] = mapped_column(String(80))
    flagged_at: Mapped[Timestamp | None]
    checked_at: Mapped[Timestamp | None]
    closed_at: Mapped[Timestamp | None]


class AmountReservation(Base):
    """An exact amount on one account that names one order, until the day after that order's end is over.

    Written by `reserve_amount` alone, because taking over an old amount needs to see somebody else's order.
    """

    __tablename__ = "amount_reservations"
    __table_args__ = (Index("ix_amount_reservations_order_id", "order_id"),)

    account_key: Mapped[str] = mapped_column(String(80), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    # Checked at the end of the transaction: the amount is reserved first, and then part of the payment's row.
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id", deferrable=True, initially="DEFERRED"))
    reserved_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class PaymentProof(Base):
    """What a buyer sent to show that they paid; the picture itself is in the object store."""

    __tablename__ = "payment_proofs"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        Index("ix_payment_proofs_order_id", "order_id"),
        # By which the nightly job asks whether an object is anybody's: a row names one version, the folder holds all.
        Index("ix_payment_proofs_folder", text("regexp_replace(object_key, '/[^/]*$', '')")),
        Index("ix_payment_proofs_merchant_id_sha256", "merchant_id", "sha256"),
        Index("ix_payment_proofs_merchant_id_uploaded_at", "merchant_id", "uploaded_at"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"))
    object_key: Mapped[str] = mapped_column(String(200), unique=True)
    mime: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    phash: Mapped[int | None] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    uploaded_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    missing_since: Mapped[Timestamp | None]


class LedgerEntry(Base):
    """One side of one movement of money; never changed, never deleted, corrected by another movement.

    `source_id` is what caused it (the payment, the order, the refund), and causes it once.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint(_one_of("account", Account), name="account"),
        CheckConstraint(_one_of("reason", Reason), name="reason"),
        CheckConstraint("amount <> 0", name="amount"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        UniqueConstraint("reason", "source_id", "account"),
        Index("ix_ledger_entries_transaction_id", "transaction_id"),
        Index("ix_ledger_entries_order_id", "order_id"),
    )

    id: Mapped[UUID] = primary_key()
    transaction_id: Mapped[UUID]
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID]
    source_id: Mapped[UUID]
    account: Mapped[str] = mapped_column(String(12))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), server_default="IDR")
    reason: Mapped[str] = mapped_column(String(12))
    at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


# A buyer still sees the account they were told to pay into after the merchant switched it off.
_OF_OWN_PAYMENT = "EXISTS (SELECT 1 FROM payments p WHERE p.method_id = payment_methods.id)"
_ACTIVE_OR_OWN = f"(is_active AND {ANY_ACTOR}) OR {_OF_OWN_PAYMENT}"
_PAYS_BACK = f"{staff_of_order()} AND reason = '{Reason.REFUND.value}'"
_UNSETTLED = f"{OF_VISIBLE_ORDER} AND state IN ('open', 'superseded')"

ACCESS = [
    Access(
        "payment_methods",
        {
            REQUEST: "SELECT, INSERT, UPDATE (display_name, is_active, position, audit_seq, audit_head)",
            SYSTEM: "SELECT, INSERT, UPDATE (display_name, is_active, position, audit_seq, audit_head)",
        },
        [
            Policy("offered", (REQUEST,), _ACTIVE_OR_OWN, command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_MERCHANT),
            system_policy(),
        ],
    ),
    Access(
        "payments",
        {
            REQUEST: "SELECT, INSERT, UPDATE (state)",
            SALE: "SELECT, INSERT, UPDATE (state, settled_at, provider_ref, redirect_url, closed_at, flag)",
            SYSTEM: "SELECT, INSERT,"
            " UPDATE (state, provider_ref, payment_key, remote_state, issuer_country, flag, flagged_for, flagged_at,"
            " checked_at, closed_at)",
        },
        [
            Policy("read", (REQUEST,), f"{STAFF_OF_MERCHANT} OR {OF_VISIBLE_ORDER}", command="SELECT"),
            # Choosing a method is the buyer's; that money came is for the gate alone to write.
            Policy("choose", (REQUEST,), _UNSETTLED, command="INSERT"),
            Policy("change", (REQUEST,), _UNSETTLED, command="UPDATE"),
            sale_policy(),
            system_policy(),
        ],
    ),
    Access(
        "amount_reservations",
        {REQUEST: "SELECT", SYSTEM: "SELECT"},
        [Policy("staff", (REQUEST,), STAFF_OF_MERCHANT, command="SELECT"), system_policy()],
    ),
    Access(
        "payment_proofs",
        {REQUEST: "SELECT", SALE: "SELECT, INSERT", SYSTEM: "SELECT, UPDATE (missing_since), DELETE"},
        [
            Policy("read", (REQUEST,), f"{STAFF_OF_MERCHANT} OR {OF_VISIBLE_ORDER}", command="SELECT"),
            sale_policy(),
            system_policy(),
        ],
    ),
    Access(
        "ledger_entries",
        {REQUEST: "SELECT, INSERT", SALE: "SELECT, INSERT", SYSTEM: "SELECT, INSERT"},
        [
            Policy("staff", (REQUEST,), staff_of_order(), command="SELECT"),
            # Staff say that owed money went back; everything else is for the gate alone to write.
            Policy("pay_back", (REQUEST,), _PAYS_BACK, command="INSERT"),
            sale_policy(),
            system_policy(),
        ],
    ),
    *GATEWAY_ACCESS,
    *TRIAL_ACCESS,
    *REFUND_ACCESS,
    *STATEMENT_ACCESS,
]
