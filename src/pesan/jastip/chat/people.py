"""Who is writing: what they take part in, and what they ordered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from pesan.audit.models import AuditEntry
from pesan.db import ReadSession
from pesan.jastip.models import Participant, PriceProposal, Trip, TripOrder
from pesan.jastip.queries.takers import is_known_as
from pesan.jastip.queries.trips import TripView, list_trips_by_id
from pesan.jastip.states import JoinState, ProposalState
from pesan.messaging.whatsapp.inbound import InboundMessage
from pesan.orders.models import Order, OrderLine
from pesan.orders.states import TRANSITIONS, OrderEvent, OrderState

_TOLD_ORDERS = 5
# Nobody waits for so many; what narrows them further is asked of each.
_UNPAID_ORDERS = 200
# Another price moves an order too, and yet what was sent before may well show money for it.
_MOVED = frozenset(move.action for (_, event), move in TRANSITIONS.items() if event is not OrderEvent.REPRICE)


@dataclass(frozen=True, slots=True)
class Taking:
    """Somebody's part in one trip."""

    person: Participant
    trip: TripView


@dataclass(frozen=True, slots=True)
class Ordered:
    """One of their orders, with what it is of; `moved_at` is when it last moved, but for another price."""

    order: Order
    items: str
    parcel: TripOrder
    moved_at: datetime | None


async def list_takings(session: ReadSession, message: InboundMessage) -> list[Taking]:
    """Every trip that whoever wrote takes part in or said they would, the latest first; none that is archived."""
    query = (
        select(Participant)
        .join(Trip, Trip.event_id == Participant.event_id)
        .where(_is(message), ~Trip.is_archived)
        .order_by(Participant.created_at.desc(), Participant.id.desc())
    )
    people = (await session.scalars(query.limit(50))).all()
    trips = await list_trips_by_id(session, {person.event_id for person in people})
    return [Taking(person, trips[person.event_id]) for person in people]


def find_part(takings: Sequence[Taking], trip_id: UUID) -> Taking | None:
    """Their part in this trip; of two, by number and by id, the one that is sure to be theirs."""
    parts = [each for each in takings if each.person.event_id == trip_id]
    joined = (each for each in parts if each.person.state == JoinState.JOINED)
    return next(joined, parts[0] if parts else None)


def find_trip(takings: Sequence[Taking], trip_ids: Collection[UUID]) -> TripView | None:
    """The trip that an answer is about, whose staff may read it and whose merchant pays for it.

    None where it is about several: what was ordered on one is nothing to those who run the other.
    """
    named = set(trip_ids)
    part = find_part(takings, named.pop()) if len(named) == 1 else None
    return part.trip if part else None


async def list_orders(session: ReadSession, message: InboundMessage) -> list[Ordered]:
    """The latest orders of whoever wrote, however they stand."""
    return await _list(session, message, true(), limit=_TOLD_ORDERS)


async def list_unpaid(session: ReadSession, message: InboundMessage) -> list[Ordered]:
    """The orders of whoever wrote for which money or a proof is awaited, or a proof is looked at, the latest first."""
    awaited = Order.state.in_((OrderState.HOLD, OrderState.REVIEW))
    owes = and_(Order.state == OrderState.PAID, Order.balance_due_amount > 0)
    return await _list(session, message, or_(awaited, owes), limit=_UNPAID_ORDERS)


async def find_ordered(session: ReadSession, message: InboundMessage, order_id: UUID) -> list[Ordered]:
    """This order, if whoever wrote has it."""
    return await _list(session, message, Order.id == order_id, limit=1)


async def find_repriced(session: ReadSession, message: InboundMessage, at: datetime) -> Order | None:
    """An order of whoever wrote that got another price since."""
    query = (
        select(Order)
        .join(PriceProposal, PriceProposal.order_id == Order.id)
        .join(TripOrder, TripOrder.order_id == Order.id)
        .join(Participant, Participant.id == TripOrder.participant_id)
        .where(_is(message), PriceProposal.state == ProposalState.ACCEPTED, PriceProposal.answered_at > at)
    )
    return await session.scalar(query.order_by(PriceProposal.answered_at.desc()).limit(1))


async def _list(
    session: ReadSession, message: InboundMessage, which: ColumnElement[bool], *, limit: int
) -> list[Ordered]:
    line = func.concat(OrderLine.quantity, " × ", OrderLine.title)
    items = select(func.string_agg(line, ", ")).where(OrderLine.order_id == Order.id).scalar_subquery()
    moves = AuditEntry.subject_id == Order.id, AuditEntry.action.in_(_MOVED)
    moved_at = select(func.max(AuditEntry.at)).where(*moves).scalar_subquery()
    query = (
        select(Order, items, TripOrder, moved_at)
        .join(TripOrder, TripOrder.order_id == Order.id)
        .join(Participant, Participant.id == TripOrder.participant_id)
        .where(_is(message), which)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(limit)
    )
    return [Ordered(*row) for row in await session.execute(query)]


def _is(message: InboundMessage) -> ColumnElement[bool]:
    return is_known_as(message.wa, message.user_id)
