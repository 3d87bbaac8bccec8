"""Signing keys and tickets."""

from sqlalchemy import (
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

from pesan.audit import Audited
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import (
    ANY_ACTOR,
    GATE,
    HOLDS_ORDER_CODE,
    HOLDS_TICKET,
    OF_VISIBLE_ORDER,
    REQUEST,
    STAFF_OF_MERCHANT,
    gate_policy,
    sale_policy,
    system_policy,
)
from pesan.db.base import UUID


class SigningKey(Audited, Base):
    """One key of a merchant's ring.

    `verifying_key` is what a verifier needs: the public key; for HS256 the secret, sealed. `private_key_sealed` can
    be read by jobs and commands only, and opened only with the instance's secret.
    """

    __tablename__ = "signing_keys"
    audit_kind = "signing_key"
    __table_args__ = (
        CheckConstraint("alg IN ('EdDSA', 'HS256')", name="alg"),
        CheckConstraint("state IN ('active', 'retired')", name="state"),
        CheckConstraint("(state = 'retired') = (retired_at IS NOT NULL)", name="retired_at"),
        CheckConstraint("octet_length(qr_kid) = 4", name="qr_kid"),
        Index(
            "uq_signing_keys_active", "merchant_id", unique=True, postgresql_where=text("state = 'active'")
        ),
        # Tickets refer to both, so that no ticket can carry another merchant's signature.
        UniqueConstraint("merchant_id", "kid"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    kid: Mapped[str] = mapped_column(String(43), unique=True)
    qr_kid: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    alg: Mapped[str] = mapped_column(String(8))
    verifying_key: Mapped[bytes] = mapped_column(LargeBinary)
    private_key_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[str] = mapped_column(String(8), server_default="active")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    retired_at: Mapped[Timestamp | None]


class Ticket(Base):
    """The right of one person to come in; its id is the `tid` of the token.

    The signed texts are kept: whoever shows a ticket needs no private key, and a rotated key changes none of them.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'used', 'void')", name="state"),
        CheckConstraint("(state = 'void') = (voided_at IS NOT NULL)", name="voided_at"),
        CheckConstraint("state <> 'used' OR used_at IS NOT NULL", name="used_at"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("epoch BETWEEN 0 AND 65535", name="epoch"),
        CheckConstraint("issued_at < expires_at", name="period"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["events.merchant_id", "events.id"]),
        ForeignKeyConstraint(["event_id", "ticket_type_id"], ["ticket_types.event_id", "ticket_types.id"]),
        ForeignKeyConstraint(["merchant_id", "kid"], ["signing_keys.merchant_id", "signing_keys.kid"]),
        # One ticket per unit, however often an order is fulfilled.
        UniqueConstraint("order_line_id", "number"),
        # A seat admits one person, whatever went wrong before.
        Index("uq_tickets_seat", "seat_id", unique=True, postgresql_where=text("voided_at IS NULL")),
        Index("ix_tickets_order", "order_id", "number"),
        Index("ix_tickets_event", "event_id"),
        # Whether a cancelled event still has a ticket that admits.
        Index("ix_tickets_valid", "event_id", postgresql_where=text("voided_at IS NULL")),
        # Whether a retired key is still of use.
        Index("ix_tickets_key", "merchant_id", "kid", "expires_at"),
        # No index knows whether a ticket is used, and a page has room for the row that says so: a scan writes that row
        # and none of the indexes (a heap-only update).
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID]
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("order_lines.id"))
    event_id: Mapped[UUID]
    ticket_type_id: Mapped[UUID | None]
    seat_id: Mapped[UUID | None] = mapped_column(ForeignKey("seats.id"))
    code: Mapped[str] = mapped_column(String(26), unique=True)
    number: Mapped[int]
    holder_name: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(8), server_default="active")
    kid: Mapped[str] = mapped_column(String(43))
    epoch: Mapped[int] = mapped_column(server_default="0")
    qr_text: Mapped[str] = mapped_column(String(152))
    live_text: Mapped[str] = mapped_column(String(152))
    token: Mapped[str] = mapped_column(String(1024))
    issued_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp]
    used_at: Mapped[Timestamp | None]
    voided_at: Mapped[Timestamp | None]
    handed_on_at: Mapped[Timestamp | None]

    @property
    def is_signed(self) -> bool:
        """Whether its texts are there; a ticket that was just handed on waits a moment for them."""
        return bool(self.qr_text)


class TicketTransfer(Base):
    """A ticket that went to another person: the code that it made void, and whose it is since its `epoch`.

    The contact stands here and nowhere else: the ticket's holder is told by it, not by the order's.
    """

    __tablename__ = "ticket_transfers"
    __table_args__ = (
        CheckConstraint("epoch > 0", name="epoch"),
        UniqueConstraint("ticket_id", "epoch"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["events.merchant_id", "events.id"]),
        Index("ix_ticket_transfers_order", "order_id"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    order_id: Mapped[UUID]
    event_id: Mapped[UUID]
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("tickets.id"))
    epoch: Mapped[int]
    code: Mapped[str] = mapped_column(String(26), unique=True)
    from_name: Mapped[str] = mapped_column(String(100))
    to_name: Mapped[str] = mapped_column(String(100))
    to_email: Mapped[str | None] = mapped_column(String(254))
    to_wa: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


_PUBLIC_KEY_COLUMNS = (
    "id, merchant_id, kid, qr_kid, alg, verifying_key, state, created_at, retired_at, audit_seq, audit_head"
)

# A scanner needs no text that opens a gate: whoever is to come in shows one.
_GATE_COLUMNS = (
    "id, merchant_id, event_id, ticket_type_id, seat_id, code, number, holder_name, state, epoch,"
    " issued_at, expires_at, used_at, voided_at, handed_on_at"
)

ACCESS = [
    Access(
        "signing_keys",
        {
            "request": f"SELECT ({_PUBLIC_KEY_COLUMNS})",
            "gate": f"SELECT ({_PUBLIC_KEY_COLUMNS})",
            "system": "SELECT, INSERT,"
            " UPDATE (state, retired_at, audit_seq, audit_head, verifying_key, private_key_sealed)",
        },
        [Policy("public_read", (REQUEST, GATE), ANY_ACTOR, command="SELECT"), system_policy()],
    ),
    Access(
        "tickets",
        {
            # Handing on: the new code at once, its texts when a job signed them.
            "request": "SELECT, UPDATE (code, holder_name, epoch, qr_text, live_text, token, handed_on_at)",
            "sale": "SELECT, INSERT, UPDATE (state, voided_at)",
            "gate": f"SELECT ({_GATE_COLUMNS}), UPDATE (state, used_at)",
            "system": "SELECT, INSERT,"
            " UPDATE (state, used_at, voided_at, kid, epoch, qr_text, live_text, token, expires_at, holder_name)",
        },
        [
            Policy("buyer", (REQUEST,), OF_VISIBLE_ORDER, command="SELECT"),
            Policy("hand_on", (REQUEST,), OF_VISIBLE_ORDER, command="UPDATE"),
            # Somebody who shows a ticket: its signature was checked, or they know its 130-bit code.
            Policy("holder", (REQUEST,), f"{HOLDS_TICKET} OR {HOLDS_ORDER_CODE}", command="SELECT"),
            Policy("staff", (REQUEST,), STAFF_OF_MERCHANT, command="SELECT"),
            sale_policy(),
            gate_policy(),
            system_policy(),
        ],
    ),
    Access(
        "ticket_transfers",
        {
            "request": "SELECT, INSERT",
            # Which codes are void and which epochs since when, and nothing of whose the ticket became.
            "gate": "SELECT (id, event_id, ticket_id, epoch, code, created_at)",
            "system": "SELECT, UPDATE (from_name, to_name, to_email, to_wa)",
        },
        [
            Policy("buyer", (REQUEST,), OF_VISIBLE_ORDER),
            # Somebody who shows the code of before is told that it was replaced.
            Policy("old_holder", (REQUEST,), HOLDS_ORDER_CODE, command="SELECT"),
            gate_policy(),
            system_policy(),
        ],
    ),
]
