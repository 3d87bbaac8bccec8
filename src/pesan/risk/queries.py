"""Every read of risk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, String, bindparam, func, select, text

from pesan.catalog.models import Event
from pesan.db import ReadSession
from pesan.identity.models import User
from pesan.orders.models import Order
from pesan.payments.models import Payment
from pesan.risk.models import MOST_ORDERS, RiskEntry, RiskReview, RiskRules
from pesan.risk.states import Mark, ReviewState

MOST_LISTED = 100
MOST_ENTRIES = 5_000
# A statement's own time, because one that moves while it runs could not be looked up in an index.
_COUNT = text(
    "SELECT k.mark, (SELECT count(*) FROM (SELECT 1 FROM risk_traces t WHERE t.merchant_id = :merchant_id"  # noqa: S608
    " AND t.mark = k.mark AND t.digest = k.digest"
    f" AND t.at > statement_timestamp() - make_interval(hours => :hours) LIMIT {MOST_ORDERS}) counted)"
    " FROM unnest(:marks, :digests) AS k (mark, digest)"
).bindparams(bindparam("marks", type_=ARRAY(String())), bindparam("digests", type_=ARRAY(String())))


@dataclass(frozen=True, slots=True)
class Rules:
    """What a merchant watches for; these defaults where they said nothing.

    Many phones of one operator share an address, so its limit is wide.
    """

    hours: int = 24
    contact_limit: int = 5
    device_limit: int = 5
    address_limit: int = 30
    compares_countries: bool = True

    def limit_of(self, mark: Mark) -> int:
        """From how many orders on one mark is a signal; 0 is never."""
        limits = {Mark.DEVICE: self.device_limit, Mark.ADDRESS: self.address_limit}
        return limits.get(mark, self.contact_limit)


@dataclass(frozen=True, slots=True)
class Found:
    """A review with the order that it is about, as its list shows it."""

    review: RiskReview
    order: Order
    event_title: str
    settled_by: str | None
    now: datetime


async def get_rules(session: ReadSession, merchant_id: UUID) -> Rules:
    """What the merchant watches for."""
    row = await session.get(RiskRules, merchant_id)
    if row is None:
        return Rules()
    return Rules(row.hours, row.contact_limit, row.device_limit, row.address_limit, row.compares_countries)


async def find_entries(
    session: ReadSession, merchant_id: UUID, marks: Mapping[Mark, str]
) -> Sequence[RiskEntry]:
    """What the merchant's lists have of these marks."""
    query = select(RiskEntry).where(
        RiskEntry.merchant_id == merchant_id, RiskEntry.digest.in_(marks.values())
    )
    entries = (await session.scalars(query)).all()
    return [entry for entry in entries if marks.get(Mark(entry.mark)) == entry.digest]


async def count_traces(
    session: ReadSession, merchant_id: UUID, marks: Mapping[Mark, str], *, hours: int
) -> Mapping[Mark, int]:
    """How many of the merchant's orders had each of these marks within the last `hours`; at most MOST_ORDERS."""
    values = {"merchant_id": merchant_id, "hours": hours}
    lists = {"marks": [mark.value for mark in marks], "digests": list(marks.values())}
    return {Mark(mark): count for mark, count in await session.execute(_COUNT, values | lists)}


async def read_payments(session: ReadSession, order_id: UUID) -> Sequence[tuple[str | None, str | None]]:
    """Of each attempt to pay an order: where its card is from, and how the provider said it stands."""
    query = select(Payment.issuer_country, Payment.remote_state).where(Payment.order_id == order_id)
    return [(country, state) for country, state in await session.execute(query.order_by(Payment.id))]


async def find_review(session: ReadSession, order_id: UUID) -> RiskReview | None:
    """What was found about an order."""
    return await session.get(RiskReview, order_id)


async def list_reviews(session: ReadSession, merchant_id: UUID, state: ReviewState) -> Sequence[Found]:
    """A merchant's reviews: of the open ones the oldest first, of the settled ones the latest."""
    is_open = state is ReviewState.OPEN
    order = (RiskReview.opened_at,) if is_open else (RiskReview.settled_at.desc(),)
    query: Any = (
        select(RiskReview, Order, Event.title, User.name, func.clock_timestamp())
        .join(Order, Order.id == RiskReview.order_id)
        .join(Event, Event.id == Order.event_id)
        .outerjoin(User, User.id == RiskReview.settled_by)
        .where(RiskReview.merchant_id == merchant_id, RiskReview.state == state)
        .order_by(*order, RiskReview.order_id)
        .limit(MOST_LISTED)
    )
    return [Found(*row) for row in await session.execute(query)]


async def list_entries(
    session: ReadSession, merchant_id: UUID, *, search: str = ""
) -> Sequence[tuple[RiskEntry, str | None]]:
    """Of both lists of a merchant what reads like `search`, the newest first, with who added it."""
    query = (
        select(RiskEntry, User.name)
        .outerjoin(User, User.id == RiskEntry.added_by)
        .where(RiskEntry.merchant_id == merchant_id)
        .order_by(RiskEntry.added_at.desc(), RiskEntry.id)
        .limit(MOST_LISTED)
    )
    if search:
        query = query.where(RiskEntry.label.icontains(search, autoescape=True))
    return [(entry, name) for entry, name in await session.execute(query)]


async def count_entries(session: ReadSession, merchant_id: UUID) -> int:
    """How many entries both lists have."""
    return await session.scalar(select(func.count()).where(RiskEntry.merchant_id == merchant_id)) or 0
