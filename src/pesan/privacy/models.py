"""Consents, proofs of who owns a contact, and what people ask about their data."""

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
from pesan.db.access import (
    ANY_ACTOR,
    EVERY_ROW,
    IDENTITY,
    OF_VISIBLE_ORDER,
    REQUEST,
    SALE,
    STAFF_OF_MERCHANT,
    SYSTEM,
    sale_policy,
    system_policy,
)
from pesan.db.base import UUID
from pesan.privacy.states import ConsentChannel, Purpose, RequestKind, RequestState


def _one_of(column: str, values: type[Purpose | ConsentChannel | RequestKind | RequestState]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class Consent(Base):
    """That the buyer of an order agreed to one purpose, to which text and when; the contact stays with the order.

    There is no row for a purpose that nobody agreed to. `version_id` is the privacy notice that was shown, and
    `guardian_name` who consents for somebody under 18.
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint(_one_of("purpose", Purpose), name="purpose"),
        CheckConstraint(_one_of("channel", ConsentChannel), name="channel"),
        CheckConstraint("(purpose = 'guardian') = (guardian_name IS NOT NULL)", name="guardian_name"),
        CheckConstraint("withdrawn_at IS NULL OR withdrawn_at >= given_at", name="withdrawn_at"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        UniqueConstraint("order_id", "purpose"),
        Index("ix_consents_merchant_id", "merchant_id", "purpose"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID]
    purpose: Mapped[str] = mapped_column(String(12))
    version_id: Mapped[UUID] = mapped_column(ForeignKey("legal_versions.id"))
    channel: Mapped[str] = mapped_column(String(12))
    guardian_name: Mapped[str | None] = mapped_column(String(100))
    given_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    withdrawn_at: Mapped[Timestamp | None]


class ContactProof(Base):
    """Somebody's way to their data: an address was typed, a link was mailed there, and was opened once.

    `order_codes` are the bookings with that address when the link was made; only digests of what opens are kept.
    """

    __tablename__ = "contact_proofs"
    __table_args__ = (Index("ix_contact_proofs_asked_at", "asked_at"),)

    id: Mapped[UUID] = primary_key()
    email: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(2), server_default="id")
    order_codes: Mapped[list[str]] = mapped_column(ARRAY(String(13)), server_default=text("'{}'"))
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    visit_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    asked_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[Timestamp | None]


class PrivacyRequest(Audited, Base):
    """What somebody asked one merchant to do with their data, due within 3 × 24 hours.

    `name` and `wa` are what a correction wants to stand there. The contact leaves the row once the answer was sent.
    """

    __tablename__ = "privacy_requests"
    audit_kind = "privacy_request"
    __table_args__ = (
        CheckConstraint(_one_of("kind", RequestKind), name="kind"),
        CheckConstraint(_one_of("state", RequestState), name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("state <> 'refused' OR reason IS NOT NULL", name="reason"),
        # Asked twice is asked once, for as long as nobody answered.
        Index(
            "uq_privacy_requests_waiting",
            "merchant_id",
            "email",
            "kind",
            unique=True,
            postgresql_where=text("state IN ('open', 'approved')"),
        ),
        Index("ix_privacy_requests_list", "merchant_id", "asked_at", "id"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(8), server_default=RequestState.OPEN.value)
    email: Mapped[str | None] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(2), server_default="id")
    name: Mapped[str | None] = mapped_column(String(100))
    wa: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(300))
    asked_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    due_at: Mapped[Timestamp]
    decided_at: Mapped[Timestamp | None]
    decided_by: Mapped[UUID | None]
    done_at: Mapped[Timestamp | None]


class Erasure(Base):
    """That a merchant erased somebody: a keyed mark of their address there, so that a restored backup is caught up.

    Copied to a list outside of the database (`privacy.erasure_list`); `key_id` names the secret of the mark.
    """

    __tablename__ = "erasures"

    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    erased_at: Mapped[Timestamp] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(String(8))


class ProcessorNote(Base):
    """What a merchant says of somebody who handles its buyers' data; who that is, the configuration says.

    `title` is what it was called then. Buyers read `is_named` ones beside the privacy notice.
    """

    __tablename__ = "processor_notes"

    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    processor: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(60), server_default="")
    safeguard: Mapped[str] = mapped_column(String(300), server_default="")
    is_named: Mapped[bool] = mapped_column(server_default="false")


# Who opened the link sees the orders of that address, and so may ask their merchants; staff see orders of others too.
_OF_OWN_ORDERS = (
    "(select current_setting('pesan.actor', true)) IN ('guest', 'user')"
    " AND EXISTS (SELECT 1 FROM orders o WHERE o.merchant_id = privacy_requests.merchant_id"
    " AND o.email = privacy_requests.email)"
)

ACCESS = [
    Access(
        "consents",
        {
            REQUEST: "SELECT, UPDATE (withdrawn_at)",
            SALE: "INSERT",
            SYSTEM: "SELECT, UPDATE (withdrawn_at, guardian_name)",
        },
        [
            Policy("read", (REQUEST,), f"{STAFF_OF_MERCHANT} OR {OF_VISIBLE_ORDER}", command="SELECT"),
            # Taking it back is the buyer's; giving it comes with an order, through the gate.
            Policy("withdraw", (REQUEST,), OF_VISIBLE_ORDER, command="UPDATE"),
            sale_policy(),
            system_policy(),
        ],
    ),
    Access(
        "contact_proofs",
        {
            REQUEST: "INSERT (id, email, locale)",
            IDENTITY: "SELECT, UPDATE (token_digest, visit_digest, expires_at)",
            SYSTEM: "SELECT, UPDATE (order_codes, token_digest, expires_at), DELETE",
        },
        [
            Policy("ask", (REQUEST,), ANY_ACTOR, command="INSERT"),
            Policy("identity", (IDENTITY,), EVERY_ROW),
            system_policy(),
        ],
    ),
    Access(
        "privacy_requests",
        {
            REQUEST: "SELECT, INSERT, UPDATE (state, reason, decided_at, decided_by, audit_seq, audit_head)",
            SYSTEM: "SELECT, UPDATE (state, email, name, wa, decided_at, done_at, audit_seq, audit_head), DELETE",
        },
        [
            Policy("read", (REQUEST,), f"{STAFF_OF_MERCHANT} OR ({_OF_OWN_ORDERS})", command="SELECT"),
            Policy("ask", (REQUEST,), f"state = 'open' AND {_OF_OWN_ORDERS}", command="INSERT"),
            Policy("decide", (REQUEST,), STAFF_OF_MERCHANT, command="UPDATE"),
            system_policy(),
        ],
    ),
    Access("erasures", {SYSTEM: "SELECT, INSERT"}, [system_policy()]),
    Access(
        "processor_notes",
        {REQUEST: "SELECT, INSERT, DELETE", SYSTEM: "SELECT"},
        [
            Policy("staff", (REQUEST,), STAFF_OF_MERCHANT),
            Policy("named", (REQUEST,), f"is_named AND {ANY_ACTOR}", command="SELECT"),
            system_policy(),
        ],
    ),
]
