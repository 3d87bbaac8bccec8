"""What is to be bought on a trip, for whom, and how much of it was."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from pesan.db import ReadSession
from pesan.jastip.models import Participant, PriceProposal, Purchase, TripOrder
from pesan.jastip.queries.trips import ProductView, list_products
from pesan.jastip.states import ProposalState
from pesan.orders.models import Order, OrderLine
from pesan.orders.states import OrderState


@dataclass(frozen=True, slots=True)
class Want:
    """Some pieces of a product in one order, at the price that they have there; unpaid ones are not bought yet."""

    order_id: UUID
    code: str
    person: str
    quantity: int
    unit_amount: int
    is_paid: bool


@dataclass(slots=True)
class Errand:
    """A product to be bought; `bought` were, and not sent yet. `proposed` counts prices by what became of them."""

    view: ProductView
    bought: int = 0
    wants: list[Want] = field(default_factory=list)
    proposed: Counter[ProposalState] = field(default_factory=Counter)

    @property
    def wanted(self) -> int:
        """How many pieces are paid for and not sent."""
        return sum(want.quantity for want in self.wants if want.is_paid)

    @property
    def waiting(self) -> int:
        """How many more are ordered, and not paid for."""
        return sum(want.quantity for want in self.wants if not want.is_paid)

    @property
    def missing(self) -> int:
        """How many are still to be bought."""
        return max(0, self.wanted - self.bought)

    @property
    def amount(self) -> int:
        """What those who want it pay for it."""
        return sum(want.quantity * want.unit_amount for want in self.wants if want.is_paid)


async def list_errands(session: ReadSession, trip_id: UUID) -> list[Errand]:
    """What is wanted of a trip or was bought for it, the oldest product first, in four queries however much it is."""
    views = await list_products(session, [trip_id], with_discontinued=True)
    errands = {view.product.id: Errand(view) for view in views}
    bought = select(Purchase.product_id, Purchase.bought).where(Purchase.event_id == trip_id)
    for product_id, count in await session.execute(bought):
        errands[product_id].bought = count
    for product_id, want in await _list_wants(session, trip_id):
        if product_id in errands:
            errands[product_id].wants.append(want)
    for product_id, state, count in await _count_proposals(session, trip_id):
        if product_id in errands:
            errands[product_id].proposed[ProposalState(state)] = count
    return [errand for errand in errands.values() if errand.wants or errand.bought]


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


async def _list_wants(session: ReadSession, trip_id: UUID) -> Sequence[tuple[UUID, Want]]:
    query = (
        select(
            OrderLine.ticket_type_id,
            Order.id,
            Order.code,
            Participant.name,
            func.sum(OrderLine.quantity),
            func.max(OrderLine.unit_amount),
            Order.state == OrderState.PAID,
        )
        .join(Order, Order.id == OrderLine.order_id)
        .join(TripOrder, TripOrder.order_id == Order.id)
        .join(Participant, Participant.id == TripOrder.participant_id)
        .where(TripOrder.event_id == trip_id, _counts())
        .group_by(OrderLine.ticket_type_id, Order.id, Participant.name)
        .order_by(func.lower(Participant.name), Order.id)
    )
    rows = await session.execute(query)
    return [
        (product_id, Want(order_id, code, person, int(quantity), unit_amount, is_paid))
        for product_id, order_id, code, person, quantity, unit_amount, is_paid in rows
        if product_id is not None
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
