"""The merchants a person works for, and the first page of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from pesan.db import ReadSession
from pesan.identity.policies import SignedIn
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.risk.models import RiskReview
from pesan.risk.states import ReviewState
from pesan.tenancy.models import Merchant

SHOPS = 500
"""More merchants than anybody chooses from a menu."""


@dataclass(frozen=True, slots=True)
class ShopRow:
    """A merchant with the number of proofs and of fraud checks that wait."""

    merchant: Merchant
    waiting: int
    risks: int


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
        .where(Order.merchant_id == Merchant.id, Order.state == OrderState.REVIEW)
        .correlate(Merchant)
        .scalar_subquery()
    )
    risks = (
        select(func.count())
        .where(RiskReview.merchant_id == Merchant.id, RiskReview.state == ReviewState.OPEN)
        .correlate(Merchant)
        .scalar_subquery()
    )
    query = select(Merchant, waiting, risks).order_by(func.lower(Merchant.name), Merchant.id).limit(SHOPS)
    if not person.is_platform_admin:
        query = query.where(Merchant.id.in_(person.roles))
    return [ShopRow(*row) for row in await session.execute(query)]


async def get_numbers(session: ReadSession, merchant_id: UUID, *, day_began_at: datetime) -> Numbers:
    """The merchant's numbers; `day_began_at` is midnight in its zone."""
    is_waiting = Order.state == OrderState.REVIEW
    was_paid = Order.state.in_((OrderState.PAID, OrderState.COMPLETED)) & (
        Order.state_changed_at >= day_began_at
    )
    clock = func.clock_timestamp()
    is_held = (Order.state == OrderState.HOLD) & (Order.hold_expires_at > clock)
    oldest = func.extract("epoch", clock - func.min(Order.submitted_at).filter(is_waiting)) / 60
    row = await session.execute(
        select(
            func.count().filter(is_waiting),
            func.coalesce(oldest, 0),
            func.coalesce(func.sum(Order.quantity).filter(was_paid), 0),
            func.coalesce(func.sum(Order.total_amount).filter(was_paid), 0),
            func.coalesce(func.sum(Order.quantity).filter(is_held), 0),
        ).where(Order.merchant_id == merchant_id, (is_waiting | was_paid | is_held))
    )
    return Numbers(*(int(value) for value in row.one()))
