"""What an event has sold, when, by whom it is held, and where its money is: a fixed number of sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from pesan.backoffice.periods import Slot
from pesan.backoffice.queries.events import OwnEvent
from pesan.capacity.models import Claim
from pesan.capacity.states import Bucket
from pesan.catalog.offers import Offer, list_offers
from pesan.db import ReadSession
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.models import LedgerEntry
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.states import RefundState
from pesan.payments.states import Account, Reason
from pesan.tickets.models import Ticket

_SOLD = (OrderState.PAID, OrderState.COMPLETED)


@dataclass(frozen=True, slots=True)
class Steps:
    """How far orders came: all that were placed, those that were ever paid, those that ever got their tickets."""

    placed: int
    paid: int
    completed: int


@dataclass(frozen=True, slots=True)
class Use:
    """What orders have of one pool; a hold whose time is over has nothing."""

    sold: int = 0
    in_review: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class SalesFacts:
    """Everything that the page of an event's sales shows."""

    own: OwnEvent
    offers: Sequence[Offer]
    uses: Mapping[UUID, Use]
    hours: Sequence[Slot]
    steps: Steps
    money: Mapping[Account, int]
    tickets: Mapping[str, int]

    @property
    def use(self) -> Use:
        """What orders have of the event's own places."""
        return self.uses.get(self.own.pool.id, Use())


async def load_sales(session: ReadSession, own: OwnEvent, *, zone: str) -> SalesFacts:
    """The sums of one event; hours are those of `zone`."""
    event_id = own.event.id
    offers = await list_offers(session, event_id, with_archived=True)
    pools = [own.pool.id, *(offer.type.pool_id for offer in offers)]
    return SalesFacts(
        own=own,
        offers=offers,
        uses=await _count_uses(session, pools),
        hours=await _sum_hours(session, own, zone),
        steps=await _count_steps(session, own),
        money=await _sum_accounts(session, own),
        tickets=await _count_tickets(session, event_id),
    )


async def _count_uses(session: ReadSession, pool_ids: Sequence[UUID]) -> dict[UUID, Use]:
    is_held = (Order.state == OrderState.HOLD) & (Order.hold_expires_at > func.clock_timestamp())
    query = (
        select(
            Claim.pool_id,
            _places(Order.state.in_(_SOLD)),
            _places(Order.state == OrderState.REVIEW),
            _places(is_held),
        )
        .join(Order, Order.id == Claim.order_id)
        .where(Claim.pool_id.in_(pool_ids), Claim.bucket != Bucket.RELEASED.value)
        .group_by(Claim.pool_id)
    )
    return {row[0]: Use(*row[1:]) for row in await session.execute(query)}


def _places(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(Claim.quantity).filter(condition), 0)


async def _sum_hours(session: ReadSession, own: OwnEvent, zone: str) -> list[Slot]:
    """Sold orders by the hour their first money came; what was free was sold when it was placed.

    Without the tickets that went back since, as an order that went back as a whole is not among them.
    """
    first = (
        select(LedgerEntry.order_id, func.min(LedgerEntry.at).label("at"))
        .join(Order, Order.id == LedgerEntry.order_id)
        .where(LedgerEntry.reason == Reason.CAPTURE.value, *_of(own))
        .group_by(LedgerEntry.order_id)
        .subquery()
    )
    local = func.timezone(zone, func.coalesce(first.c.at, Order.placed_at))
    sold: Select[tuple[object, int, int]] = (
        select(
            func.date_trunc("hour", local).label("hour"),
            (Order.quantity - Order.returned_quantity).label("quantity"),
            (Order.total_amount - Order.balance_due_amount - _returned()).label("total_amount"),
        )
        .outerjoin(first, first.c.order_id == Order.id)
        .where(*_of(own), Order.state.in_(_SOLD))
    )
    each = sold.subquery()
    query = (
        select(each.c.hour, func.count(), func.sum(each.c.quantity), func.sum(each.c.total_amount))
        .group_by(each.c.hour)
        .order_by(each.c.hour)
    )
    return [
        Slot(hour, orders, places, int(amount))
        for hour, orders, places, amount in await session.execute(query)
    ]


def _returned() -> ColumnElement[int]:
    """What the tickets of an order that went back alone had cost."""
    let_go = Refund.state.not_in((RefundState.REQUESTED, RefundState.DECLINED))
    amounts = select(func.coalesce(func.sum(Refund.amount), 0))
    mine = amounts.where(Refund.order_id == Order.id, Refund.ticket_ids.is_not(None), let_go)
    return mine.correlate(Order).scalar_subquery()


async def _count_steps(session: ReadSession, own: OwnEvent) -> Steps:
    """A refunded order was paid, and was completed if it has tickets, void ones."""
    has_tickets = select(Ticket.id).where(Ticket.order_id == Order.id).exists()
    was_refunded = Order.state == OrderState.REFUNDED
    query = select(
        func.count(),
        func.count().filter(Order.state.in_(_SOLD) | was_refunded),
        func.count().filter((Order.state == OrderState.COMPLETED) | (was_refunded & has_tickets)),
    ).where(*_of(own))
    return Steps(*(await session.execute(query)).one())


async def _sum_accounts(session: ReadSession, own: OwnEvent) -> dict[Account, int]:
    query = (
        select(LedgerEntry.account, func.sum(LedgerEntry.amount))
        .join(Order, Order.id == LedgerEntry.order_id)
        .where(*_of(own))
        .group_by(LedgerEntry.account)
    )
    found = {Account(account): abs(int(amount)) for account, amount in await session.execute(query)}
    return {account: found.get(account, 0) for account in Account}


async def _count_tickets(session: ReadSession, event_id: UUID) -> dict[str, int]:
    query = select(Ticket.state, func.count()).where(Ticket.event_id == event_id).group_by(Ticket.state)
    return {row[0]: row[1] for row in await session.execute(query)}


def _of(own: OwnEvent) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Orders of the event; naming the merchant lets the index of its list serve."""
    return Order.merchant_id == own.event.merchant_id, Order.event_id == own.event.id
