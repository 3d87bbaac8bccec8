"""The review queue: what waits, the proof that is looked at, and where the same proof was seen before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, and_, case, cast, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from pesan.catalog.models import Event
from pesan.db import ReadSession
from pesan.identity.models import User
from pesan.orders.models import Order
from pesan.orders.states import SHIPPED, OrderState
from pesan.payments.models import Payment, PaymentMethod, PaymentProof
from pesan.payments.queries import goes_back, was_asked_for
from pesan.risk.models import RiskReview
from pesan.risk.states import ReviewState

QUEUE_LENGTH = 50

_LIVE_PAYMENTS = ("open", "paid")
_SETTLED = (OrderState.PAID, OrderState.COMPLETED)
IS_WAITING = or_(Order.state == OrderState.REVIEW, Order.balance_submitted_at.is_not(None))
"""Whether a proof waits for a decision: that of the order itself, or of its balance."""
SINCE = func.coalesce(Order.balance_submitted_at, Order.submitted_at)
"""Since when it waits."""
OWES = and_(Order.state == OrderState.PAID, Order.balance_due_amount > 0)
"""Whether its deposit is paid, and the rest is not."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One order in the queue, with how long it has been there by the database's clock."""

    order_id: UUID
    code: str
    buyer_name: str
    event_title: str
    amount: int
    waiting_minutes: int
    submitted_at: datetime | None
    is_flagged: bool
    is_risky: bool


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One order with its event, its live payment and the reviewer who decided it."""

    order: Order
    event: Event
    payment: Payment | None
    method: PaymentMethod | None
    reviewer: str | None
    waiting_minutes: int


async def list_waiting(
    session: ReadSession, merchant_id: UUID, *, limit: int = QUEUE_LENGTH
) -> Sequence[Waiting]:
    """The orders in review, the one that waits longest first."""
    query = (
        select(Order.id.label("order_id"), Order.code, Order.buyer_name, Event.title.label("event_title"))
        .add_columns(asked_amount().label("amount"))
        .add_columns(
            SINCE.label("submitted_at"), _minutes().label("waiting_minutes"), _has_twin().label("is_flagged")
        )
        .add_columns(_is_risky().label("is_risky"))
        .join(Event, Event.id == Order.event_id)
        .where(Order.merchant_id == merchant_id, IS_WAITING)
        .order_by(SINCE, Order.id)
        .limit(limit)
    )
    return [Waiting(**row) for row in (await session.execute(query)).mappings()]


async def count_waiting(session: ReadSession, merchant_id: UUID) -> int:
    """How many orders of the merchant are in review."""
    query = select(func.count()).where(Order.merchant_id == merchant_id, IS_WAITING)
    return await session.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class Near:
    """A waiting order beside another."""

    order_id: UUID
    code: str


async def find_neighbours(session: ReadSession, order: Order) -> tuple[Near | None, Near | None]:
    """The waiting orders before and after this one, which need not wait itself any more."""
    place = tuple_(SINCE, Order.id)
    here = tuple_(literal(since_of(order)), literal(order.id))
    waiting = select(Order.id, Order.code).where(Order.merchant_id == order.merchant_id, IS_WAITING)
    before = waiting.where(place < here).order_by(SINCE.desc(), Order.id.desc()).limit(1)
    after = waiting.where(place > here).order_by(SINCE, Order.id).limit(1)
    return await _first(session, before), await _first(session, after)


def since_of(order: Order) -> datetime | None:
    """When the proof was sent that is looked at."""
    return order.balance_submitted_at or order.submitted_at


async def _first(session: ReadSession, query: Select[UUID, str]) -> Near | None:
    row = (await session.execute(query)).first()
    return Near(*row) if row else None


async def find_reviewed(
    session: ReadSession, merchant_id: UUID, which: ColumnElement[bool]
) -> Reviewed | None:
    """The order of this merchant that `which` names, in whatever state it is."""
    query: Select[Any] = (
        select(Order, Event, Payment, PaymentMethod, User.name, _minutes())
        .join(Event, Event.id == Order.event_id)
        .outerjoin(Payment, (Payment.order_id == Order.id) & _asks())
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .outerjoin(User, User.id == Order.decided_by)
        .where(Order.merchant_id == merchant_id, which)
        .order_by(goes_back(), Payment.created_at.desc())
        .limit(1)
    )
    row: Any = (await session.execute(query)).first()
    if row is None:
        return None
    order, event, payment, method, reviewer, minutes = row
    return Reviewed(order, event, payment, method, reviewer, minutes)


def asked_amount() -> ColumnElement[int]:
    """What the buyer was asked to pay, kode unik included; what is due before a method was chosen.

    What was paid in parts comes to what it costs, whatever the last part asked for.
    """
    latest = (
        select(Payment.amount)
        .where(Payment.order_id == Order.id, _asks())
        .order_by(goes_back(), Payment.created_at.desc(), Payment.id.desc())
        .limit(1)
        .correlate(Order)
        .scalar_subquery()
    )
    due = case((OWES, Order.balance_due_amount), else_=Order.total_amount - Order.balance_due_amount)
    is_over = and_(Order.fulfilment.in_(SHIPPED), Order.state.in_(_SETTLED), ~OWES)
    return case((is_over, Order.total_amount), else_=func.coalesce(latest, due))


def _asks() -> ColumnElement[bool]:
    """Whether a payment is what is asked for now, or was last; that of a deposit is not what asks for the balance."""
    return and_(Payment.state.in_(_LIVE_PAYMENTS), or_(Payment.state == "open", ~OWES), was_asked_for())


def _minutes() -> ColumnElement[Any]:
    waited = func.extract("epoch", func.clock_timestamp() - SINCE) / 60
    return cast(func.floor(case((SINCE.is_(None), 0), else_=waited)), Integer)


def _is_risky() -> ColumnElement[bool]:
    """Whether something speaks against the order that nobody has looked at."""
    is_open = RiskReview.order_id == Order.id, RiskReview.state == ReviewState.OPEN
    return select(literal(1)).where(*is_open).correlate(Order).exists()


def _has_twin() -> ColumnElement[bool]:
    ours, theirs = aliased(PaymentProof), aliased(PaymentProof)
    return (
        select(literal(1))
        .where(ours.order_id == Order.id, theirs.merchant_id == ours.merchant_id)
        .where(theirs.sha256 == ours.sha256, theirs.order_id != ours.order_id)
        .correlate(Order)
        .exists()
    )
