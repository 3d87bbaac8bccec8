"""What is to be bought on a trip, for whom, and how much of it was."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from pesan.db import ReadSession
from pesan.jastip.models import Participant, PriceProposal, Purchase, TripOrder
from pesan.jastip.queries.trips import ProductView, list_products
from pesan.jastip.states import ProposalState
from pesan.kit.ids import normalise_code
from pesan.orders.models import Order, OrderLine
from pesan.orders.states import OrderState

MOST_NAMES = 30


@dataclass(frozen=True, slots=True)
class Want:
    """Some pieces of a product in one order, at the price that they have there; unpaid ones are not bought yet."""

    order_id: UUID
    code: str
    person: str
    quantity: int
    unit_amount: int
    is_paid: bool


class Sums(NamedTuple):
    """What all who want a product want of it: in how many orders, how many pieces paid and ordered, for how much."""

    orders: int = 0
    wanted: int = 0
    ordered: int = 0
    amount: int = 0


_NOTHING = Sums()


@dataclass(slots=True)
class Errand:
    """A product to be bought; `bought` were, and not sent yet. `proposed` counts prices by what became of them.

    `wants` are the first MOST_NAMES of those who want it, and `sums` are over all of them.
    """

    view: ProductView
    bought: int = 0
    sums: Sums = _NOTHING
    wants: list[Want] = field(default_factory=list)
    proposed: Counter[ProposalState] = field(default_factory=Counter)

    @property
    def missing(self) -> int:
        """How many are still to be bought."""
        return max(0, self.sums.wanted - self.bought)


async def list_errands(session: ReadSession, trip_id: UUID) -> list[Errand]:
    """What is wanted of a trip or was bought for it, the oldest product first, in four queries however much it is."""
    views = await list_products(session, [trip_id], with_discontinued=True)
    errands = {view.product.id: Errand(view) for view in views}
    bought = select(Purchase.product_id, Purchase.bought).where(Purchase.event_id == trip_id)
    for product_id, count in await session.execute(bought):
        errands[product_id].bought = count
    for product_id, sums, want in await _list_wants(session, trip_id):
        if product_id in errands:
            errands[product_id].sums = sums
            errands[product_id].wants.append(want)
    for product_id, state, count in await _count_proposals(session, trip_id):
        if product_id in errands:
            errands[product_id].proposed[ProposalState(state)] = count
    return [errand for errand in errands.values() if errand.wants or errand.bought]


async def find_wanting(session: ReadSession, *, trip_id: UUID, code: str) -> UUID | None:
    """The order of a trip that has this code."""
    query = (
        select(Order.id)
        .join(TripOrder, TripOrder.order_id == Order.id)
        .where(TripOrder.event_id == trip_id, Order.code == normalise_code(code))
    )
    return await session.scalar(query)


async def count_wanted(session: ReadSession, *, trip_id: UUID, product_id: UUID) -> int:
    """How many pieces of a product are paid for and not sent."""
    query = (
        select(func.coalesce(func.sum(OrderLine.quantity), 0))
        .join(Order, Order.id == OrderLine.order_id)
        .join(TripOrder, TripOrder.order_id == Order.id)
        .where(
            TripOrder.event_id == trip_id,
            OrderLine.ticket_type_id == product_id,
            Order.state == OrderState.PAID,
        )
    )
    return int(await session.scalar(query) or 0)


async def _list_wants(session: ReadSession, trip_id: UUID) -> Sequence[tuple[UUID, Sums, Want]]:
    """Of each product the sums over everybody, with the first who want it: who paid stands first."""
    is_paid = Order.state == OrderState.PAID
    grouped = (
        select(
            OrderLine.ticket_type_id.label("product_id"),
            Order.id.label("order_id"),
            Order.code,
            Participant.name,
            func.sum(OrderLine.quantity).label("quantity"),
            func.max(OrderLine.unit_amount).label("unit_amount"),
            is_paid.label("is_paid"),
        )
        .join(Order, Order.id == OrderLine.order_id)
        .join(TripOrder, TripOrder.order_id == Order.id)
        .join(Participant, Participant.id == TripOrder.participant_id)
        .where(TripOrder.event_id == trip_id, OrderLine.ticket_type_id.is_not(None), _counts())
        .group_by(OrderLine.ticket_type_id, Order.id, Participant.name)
    ).subquery()
    each, own = grouped.c, grouped.c.product_id
    by_name = (each.is_paid.desc(), func.lower(each.name), each.order_id)
    ranked = select(
        grouped,
        func.row_number().over(partition_by=own, order_by=by_name).label("rank"),
        func.count().over(partition_by=own).label("people"),
        func.sum(each.quantity).filter(each.is_paid).over(partition_by=own).label("wanted"),
        func.sum(each.quantity).over(partition_by=own).label("ordered"),
        func.sum(each.quantity * each.unit_amount)
        .filter(each.is_paid)
        .over(partition_by=own)
        .label("amount"),
    ).subquery()
    query = select(ranked).where(ranked.c.rank <= MOST_NAMES).order_by(ranked.c.product_id, ranked.c.rank)
    return [
        (
            row.product_id,
            Sums(row.people, int(row.wanted or 0), int(row.ordered), int(row.amount or 0)),
            Want(row.order_id, row.code, row.name, int(row.quantity), row.unit_amount, row.is_paid),
        )
        for row in await session.execute(query)
    ]


def _counts() -> ColumnElement[bool]:
    """A hold whose time is over is nobody's, whether anything swept it or not."""
    held = (Order.state == OrderState.HOLD) & (Order.hold_expires_at > func.clock_timestamp())
    return or_(Order.state.in_((OrderState.PAID, OrderState.REVIEW)), held)


async def _count_proposals(session: ReadSession, trip_id: UUID) -> Sequence[tuple[UUID, str, int]]:
    """Of orders that are still shopped for: what was withdrawn stands for nothing."""
    query = (
        select(PriceProposal.product_id, PriceProposal.state, func.count())
        .join(Order, Order.id == PriceProposal.order_id)
        .where(
            PriceProposal.event_id == trip_id,
            PriceProposal.state != ProposalState.WITHDRAWN,
            Order.state == OrderState.PAID,
        )
        .group_by(PriceProposal.product_id, PriceProposal.state)
    )
    return [(product_id, state, count) for product_id, state, count in await session.execute(query)]
