"""Every read of proposed prices."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from pesan.catalog.models import TicketType
from pesan.db import ReadSession
from pesan.jastip.errors import ProposalNotFound
from pesan.jastip.models import PriceProposal, TripOrder
from pesan.jastip.states import ProposalState
from pesan.orders.models import Order, OrderLine
from pesan.orders.states import OrderState


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with what its product is called."""

    proposal: PriceProposal
    title: str


async def get_proposal(session: ReadSession, proposal_id: UUID) -> PriceProposal:
    """The proposal, if the session's actor sees its order; raises ProposalNotFound."""
    found = await session.get(PriceProposal, proposal_id)
    if found is None:
        raise ProposalNotFound
    return found


async def list_proposals(session: ReadSession, order_ids: Collection[UUID]) -> dict[UUID, list[Proposed]]:
    """The latest proposal of each product of these orders, the newest first; what was withdrawn stands for nothing."""
    query = (
        select(PriceProposal, TicketType.name)
        .join(TicketType, TicketType.id == PriceProposal.product_id)
        .where(PriceProposal.order_id.in_(order_ids), PriceProposal.state != ProposalState.WITHDRAWN)
        .order_by(PriceProposal.created_at.desc(), PriceProposal.id.desc())
    )
    found: dict[UUID, dict[UUID, Proposed]] = {}
    for proposal, title in await session.execute(query):
        found.setdefault(proposal.order_id, {}).setdefault(proposal.product_id, Proposed(proposal, title))
    return {order_id: list(latest.values()) for order_id, latest in found.items()}


async def list_open(
    session: ReadSession, order_ids: Collection[UUID], product_id: UUID
) -> dict[UUID, list[PriceProposal]]:
    """What the buyers of these orders are asked to agree to now for this product, by order, the oldest first."""
    query = select(PriceProposal).where(
        PriceProposal.order_id.in_(order_ids),
        PriceProposal.product_id == product_id,
        PriceProposal.state == ProposalState.PROPOSED,
    )
    found: dict[UUID, list[PriceProposal]] = {}
    for proposal in await session.scalars(query.order_by(PriceProposal.created_at, PriceProposal.id)):
        found.setdefault(proposal.order_id, []).append(proposal)
    return found


async def list_lines_of(
    session: ReadSession, order_ids: Collection[UUID], product_id: UUID
) -> dict[UUID, list[OrderLine]]:
    """The lines of these orders that hold this product, by order; an order without it is absent."""
    query = select(OrderLine).where(OrderLine.order_id.in_(order_ids), OrderLine.ticket_type_id == product_id)
    found: dict[UUID, list[OrderLine]] = {}
    for line in await session.scalars(query.order_by(OrderLine.id)):
        found.setdefault(line.order_id, []).append(line)
    return found


async def list_askable(
    session: ReadSession, *, trip_id: UUID, product_id: UUID, order_id: UUID | None = None
) -> Sequence[UUID]:
    """The orders of a trip, or the one, that are paid, not sent, and hold this product."""
    lines = select(OrderLine.id).where(OrderLine.order_id == Order.id, OrderLine.ticket_type_id == product_id)
    query = (
        select(Order.id)
        .join(TripOrder, TripOrder.order_id == Order.id)
        .where(TripOrder.event_id == trip_id, Order.state == OrderState.PAID, lines.exists())
    )
    if order_id is not None:
        query = query.where(Order.id == order_id)
    return (await session.scalars(query.order_by(Order.id))).all()
