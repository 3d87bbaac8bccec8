"""Promo codes: a discount whose uses are places in a pool, so that its limit holds under any race."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit import Audited
from pesan.catalog.states import PromoKind
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import REQUEST, STAFF_OF_EVENT, sale_policy, system_policy
from pesan.db.base import UUID

_KINDS = ", ".join(f"'{kind.value}'" for kind in PromoKind)


class PromoCode(Audited, Base):
    """A code that makes an order of one event cheaper; `value` is percent, or rupiah off the whole order.

    Without a pool it may be used as often as people like; with a ticket type it counts only that type's lines.
    """

    __tablename__ = "promo_codes"
    audit_kind = "promo_code"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint("value > 0 AND (kind <> 'percent' OR value <= 100)", name="value"),
        CheckConstraint("code ~ '^[A-Z0-9]{3,20}$'", name="code"),
        CheckConstraint("valid_from < valid_until", name="period"),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["events.merchant_id", "events.id"]),
        ForeignKeyConstraint(["event_id", "ticket_type_id"], ["ticket_types.event_id", "ticket_types.id"]),
        Index("uq_promo_codes_code", "event_id", "code", unique=True, postgresql_where=text("is_active")),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    ticket_type_id: Mapped[UUID | None]
    pool_id: Mapped[UUID | None] = mapped_column(ForeignKey("capacity_pools.id"), unique=True)
    code: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(8))
    value: Mapped[int] = mapped_column(BigInteger)
    valid_from: Mapped[Timestamp | None]
    valid_until: Mapped[Timestamp | None]
    is_active: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


_CHANGES = "SELECT, INSERT, UPDATE (is_active, valid_from, valid_until, audit_seq, audit_head)"

ACCESS = [
    Access(
        "promo_codes",
        {"request": _CHANGES, "sale": "SELECT", "system": _CHANGES},
        # Codes are nobody's to list; whoever types one is answered by the gate.
        [Policy("staff", (REQUEST,), STAFF_OF_EVENT), sale_policy(), system_policy()],
    ),
]
