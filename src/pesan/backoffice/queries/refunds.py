"""The list of refunds: what waits first, searched, paged by key, exported whole."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, cast, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from pesan.catalog.models import Event
from pesan.db import ReadSession
from pesan.identity.models import User
from pesan.kit.pagination import Page, decode_moment, encode_moment
from pesan.orders.models import Order
from pesan.orders.searching import matches_order
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.states import OPEN, RefundState

PAGE_SIZE = 50
EXPORT_CHUNK = 500
LATE_AFTER_MINUTES = 3 * 24 * 60
"""From here on a refund is shown as late: somebody waits for their money."""
SHOWN: dict[str, frozenset[RefundState]] = {
    "open": OPEN,
    "paid": frozenset({RefundState.PAID}),
    "declined": frozenset({RefundState.DECLINED}),
}
"""What the list can be narrowed to; the first is what a person comes for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows the list; `shown` is a key of SHOWN, or empty for all; `by_beginning` is of `matches_order`."""

    search: str = ""
    shown: str = "open"
    by_beginning: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """How many refunds wait, and for how long the oldest does."""

    count: int
    oldest_minutes: int

    @property
    def is_late(self) -> bool:
        """Somebody has been waiting for their money for too long."""
        return self.oldest_minutes >= LATE_AFTER_MINUTES


@dataclass(frozen=True, slots=True)
class Returned:
    """One refund with its order, the people who had a hand in it, and its age by the database's clock."""

    refund: Refund
    order: Order
    event_title: str
    asked_by: str | None
    approved_by: str | None
    paid_by: str | None
    waiting_minutes: int


async def list_refunds(
    session: ReadSession,
    merchant_id: UUID,
    wanted: Wanted,
    *,
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[Returned]:
    """The merchant's refunds, the one that waits longest first; raises BadCursor."""
    query = _filtered(merchant_id, wanted).order_by(Refund.requested_at, Refund.id)
    if cursor:
        query = query.where(tuple_(Refund.requested_at, Refund.id) > tuple_(*decode_moment(cursor)))
    rows = [Returned(*row) for row in await session.execute(query.limit(limit + 1))]
    last = rows[limit - 1].refund if len(rows) > limit else None
    return Page(rows[:limit], encode_moment(last.requested_at, last.id) if last else None)


async def count_refunds(session: ReadSession, merchant_id: UUID, wanted: Wanted) -> tuple[int, int]:
    """How many refunds match, and how much money they are."""
    matching = _filtered(merchant_id, wanted).with_only_columns(Refund.amount).subquery()
    totals = select(func.count(), func.coalesce(func.sum(matching.c.amount), 0)).select_from(matching)
    count, amount = (await session.execute(totals)).one()
    return count, int(amount)


async def get_due(session: ReadSession, merchant_id: UUID) -> Due:
    """What a merchant has not sent back yet."""
    waiting = select(func.count(), func.coalesce(func.max(_minutes()), 0))
    row = await session.execute(waiting.where(Refund.merchant_id == merchant_id, Refund.state.in_(OPEN)))
    return Due(*row.one())


async def stream_refunds(
    session: ReadSession, merchant_id: UUID, wanted: Wanted
) -> AsyncIterator[Sequence[Returned]]:
    """Every matching refund in portions, the oldest first."""
    cursor: str | None = None
    while True:
        page = await list_refunds(session, merchant_id, wanted, cursor=cursor, limit=EXPORT_CHUNK)
        yield page.items
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def _filtered(merchant_id: UUID, wanted: Wanted) -> Select[Any]:
    asker, approver, payer = aliased(User), aliased(User), aliased(User)
    query: Any = (
        select(Refund, Order, Event.title, asker.name, approver.name, payer.name, _minutes())
        .join(Order, Order.id == Refund.order_id)
        .join(Event, Event.id == Order.event_id)
        .outerjoin(asker, asker.id == Refund.requested_by)
        .outerjoin(approver, approver.id == Refund.approved_by)
        .outerjoin(payer, payer.id == Refund.paid_by)
        .where(Refund.merchant_id == merchant_id, *_conditions(wanted))
    )
    narrowed: Select[Any] = query
    return narrowed


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.shown:
        yield Refund.state.in_(SHOWN[wanted.shown])
    if search := wanted.search.strip():
        of_order = matches_order(search, by_beginning=wanted.by_beginning)
        yield or_(of_order, Refund.reference.icontains(search, autoescape=True))


def _minutes() -> ColumnElement[Any]:
    waited = func.extract("epoch", func.clock_timestamp() - Refund.requested_at) / 60
    return cast(func.floor(waited), Integer)
