"""What was bought of each product, and the prices that buyers were asked to agree to."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import (
    HOLDS_ORDER_CODE,
    OF_VISIBLE_ORDER,
    REQUEST,
    STAFF_OF_EVENT,
    sale_policy,
    system_policy,
)
from pesan.db.base import UUID
from pesan.jastip.states import ProposalState

MAX_NOTE = 200
_STATES = ", ".join(f"'{state.value}'" for state in ProposalState)
_PRODUCT = (["event_id", "product_id"], ["ticket_types.event_id", "ticket_types.id"])


class Purchase(Base):
    """How many pieces of a product were bought and not sent yet.

    Sending an order takes its pieces off. One that comes to nothing leaves them, because they are in the bag all the
    same.
    """

    __tablename__ = "purchases"
    __table_args__ = (
        CheckConstraint("bought >= 0", name="bought"),
        ForeignKeyConstraint(*_PRODUCT),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["trips.merchant_id", "trips.event_id"]),
        Index("ix_purchases_event", "event_id"),
    )

    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    bought: Mapped[int] = mapped_column(server_default="0")
    updated_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class PriceProposal(Base):
    """Another price of one product in one order, for its buyer to agree to; changed only under the order's lock.

    `old_amount` and `new_amount` are of one piece, `quantity` how many the order has.
    """

    __tablename__ = "price_proposals"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("(state = 'proposed') = (answered_at IS NULL)", name="answered_at"),
        CheckConstraint("new_amount > 0 AND old_amount >= 0 AND new_amount <> old_amount", name="amounts"),
        CheckConstraint("quantity > 0", name="quantity"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["orders.merchant_id", "orders.id"]),
        ForeignKeyConstraint(*_PRODUCT),
        # Nobody is asked two things about one product at a time.
        Index(
            "uq_price_proposals_open",
            "order_id",
            "product_id",
            unique=True,
            postgresql_where=text("state = 'proposed'"),
        ),
        Index("ix_price_proposals_order", "order_id", "created_at"),
        Index("ix_price_proposals_product", "event_id", "product_id"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID]
    event_id: Mapped[UUID]
    order_id: Mapped[UUID]
    product_id: Mapped[UUID]
    old_amount: Mapped[int] = mapped_column(BigInteger)
    new_amount: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[int]
    note: Mapped[str] = mapped_column(String(MAX_NOTE), server_default="")
    state: Mapped[str] = mapped_column(String(9), server_default=ProposalState.PROPOSED.value)
    proposed_by: Mapped[UUID | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    answered_at: Mapped[Timestamp | None]

    @property
    def difference(self) -> int:
        """How much more the order would cost; below zero where it would cost less."""
        return (self.new_amount - self.old_amount) * self.quantity


_OPEN = "state = 'proposed'"
_OWN = f"EXISTS (SELECT 1 FROM orders o WHERE o.id = order_id AND o.{HOLDS_ORDER_CODE})"  # noqa: S608

ACCESS = [
    Access(
        "purchases",
        {
            "request": "SELECT, INSERT, UPDATE (bought, updated_at)",
            "sale": "SELECT, UPDATE (bought, updated_at)",
            "system": "SELECT",
        },
        [Policy("staff", (REQUEST,), STAFF_OF_EVENT), sale_policy(), system_policy()],
    ),
    Access(
        "price_proposals",
        {
            "request": "SELECT, INSERT, UPDATE (state, answered_at)",
            "sale": "SELECT, UPDATE (state, answered_at)",
            "system": "SELECT, UPDATE (note)",
        },
        [
            Policy("read", (REQUEST,), f"{STAFF_OF_EVENT} OR {OF_VISIBLE_ORDER}", command="SELECT"),
            Policy("propose", (REQUEST,), f"{STAFF_OF_EVENT} AND {_OPEN}", command="INSERT"),
            # Each takes back or refuses what is open; that somebody agreed is for the gate alone to write.
            Policy(
                "withdraw",
                (REQUEST,),
                f"{STAFF_OF_EVENT} AND {_OPEN}",
                command="UPDATE",
                check=f"{STAFF_OF_EVENT} AND state = 'withdrawn'",
            ),
            Policy(
                "decline",
                (REQUEST,),
                f"{_OWN} AND {_OPEN}",
                command="UPDATE",
                check=f"{_OWN} AND state = 'declined'",
            ),
            sale_policy(),
            system_policy(),
        ],
    ),
]
