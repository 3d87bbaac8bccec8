"""The merchants a person works for, and the first page of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text

from pesan.backoffice.queries.review import IS_WAITING, SINCE
from pesan.booths.models import Outlet
from pesan.catalog.models import Event
from pesan.db import ReadSession
from pesan.db.access import WITHIN_LIMITS
from pesan.identity.policies import SignedIn
from pesan.jastip.models import Trip
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.risk.models import RiskReview
from pesan.risk.states import ReviewState
from pesan.tenancy.models import Merchant

SHOPS = 500
"""More merchants than anybody chooses from a menu."""


@dataclass(frozen=True, slots=True)
class ShopRow:
    """A merchant with the number of proofs and of fraud checks that wait.

    `has_booths` is of outlets, `has_trips` of trips that are not archived.
    """

    merchant: Merchant
    waiting: int
    risks: int
    has_booths: bool
    has_trips: bool


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a merchant looks at first; amounts in whole rupiah, `oldest_minutes` of the longest waiting proof."""

    waiting: int
    oldest_minutes: int
    sold_today: int
    income_today: int
    live_holds: int


async def list_shops(session: ReadSession, person: SignedIn) -> Sequence[ShopRow]:
    """The merchants of this person by name; every merchant for an administrator."""
    waiting = (
        select(func.count())
        .where(Order.merchant_id == Merchant.id, IS_WAITING)
        .correlate(Merchant)
        .scalar_subquery()
    )
    risks = (
        select(func.count())
        .where(RiskReview.merchant_id == Merchant.id, RiskReview.state == ReviewState.OPEN)
        .correlate(Merchant)
        .scalar_subquery()
    )
    query = (
        select(Merchant, waiting, risks, _has_booths(), _has_trips())
        .order_by(func.lower(Merchant.name), Merchant.id)
        .limit(SHOPS)
    )
    if not person.is_platform_admin:
        query = query.where(Merchant.id.in_(person.roles))
    return [ShopRow(*row) for row in await session.execute(query)]


def _has_booths() -> ColumnElement[bool]:
    """Whether the person works at an outlet of the merchant."""
    outlets = select(Outlet.event_id).join(Event, Event.id == Outlet.event_id)
    own = (Outlet.merchant_id == Merchant.id, Outlet.is_archived.is_(False), text(WITHIN_LIMITS))
    return outlets.where(*own).correlate(Merchant).exists()


def _has_trips() -> ColumnElement[bool]:
    """Whether the person runs trips of the merchant."""
    own = (Trip.merchant_id == Merchant.id, Trip.is_archived.is_(False), text(WITHIN_LIMITS))
    trips = select(Trip.event_id).join(Event, Event.id == Trip.event_id)
    return trips.where(*own).correlate(Merchant).exists()


async def get_numbers(session: ReadSession, merchant_id: UUID, *, day_began_at: datetime) -> Numbers:
    """The merchant's numbers; `day_began_at` is midnight in its zone."""
    is_waiting = IS_WAITING
    was_paid = Order.state.in_((OrderState.PAID, OrderState.COMPLETED)) & (
        Order.state_changed_at >= day_began_at
    )
    clock = func.clock_timestamp()
    is_held = (Order.state == OrderState.HOLD) & (Order.hold_expires_at > clock)
    oldest = func.extract("epoch", clock - func.min(SINCE).filter(is_waiting)) / 60
    row = await session.execute(
        select(
            func.count().filter(is_waiting),
            func.coalesce(oldest, 0),
            func.coalesce(func.sum(Order.quantity).filter(was_paid), 0),
            func.coalesce(func.sum(Order.total_amount - Order.balance_due_amount).filter(was_paid), 0),
            func.coalesce(func.sum(Order.quantity).filter(is_held), 0),
        ).where(Order.merchant_id == merchant_id, (is_waiting | was_paid | is_held))
    )
    return Numbers(*(int(value) for value in row.one()))
