"""Every read of what was ordered on trips."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_

from pesan.db import ReadSession
from pesan.jastip.models import Participant, Product, TripOrder
from pesan.jastip.states import STATUSES, OrderStatus
from pesan.kit.pagination import Page, decode_moment, encode_moment
from pesan.orders.errors import OrderNotFound
from pesan.orders.models import Order, OrderLine
from pesan.orders.searching import matches_order
from pesan.orders.states import OrderState, effective_state
from pesan.payments.models import PaymentProof


@dataclass(frozen=True, slots=True)
class Ordered:
    """Some pieces of one product, at the price that they were ordered at."""

    product: Product
    line: OrderLine


@dataclass(frozen=True, slots=True)
class Placed:
    """An order of a trip with who ordered, by the database's clock at `now`."""

    order: Order
    trip_order: TripOrder
    participant: Participant
    now: datetime

    @property
    def state(self) -> OrderState:
        """Where it stands."""
        return effective_state(self.order, self.now)


@dataclass(frozen=True, slots=True)
class Details:
    """What belongs to orders: their lines, and the proof that came last."""

    lines: dict[UUID, list[Ordered]]
    proofs: dict[UUID, PaymentProof]


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What narrows a trip's list."""

    trip_id: UUID
    status: OrderStatus | None = None
    search: str = ""


async def get_placed(session: ReadSession, order_id: UUID) -> Placed:
    """An order of a trip, if the session's actor may see it; raises OrderNotFound."""
    row = (await session.execute(_placed().where(Order.id == order_id))).one_or_none()
    if row is None:
        raise OrderNotFound
    return Placed(*row)


async def list_placed(
    session: ReadSession, wanted: OrderFilter, *, cursor: str | None = None, limit: int = 50
) -> Page[Placed]:
    """The orders of a trip, the newest first; raises BadCursor."""
    query = _placed().where(*_conditions(wanted))
    if cursor:
        query = query.where(tuple_(Order.placed_at, Order.id) < tuple_(*decode_moment(cursor)))
    query = query.order_by(Order.placed_at.desc(), Order.id.desc()).limit(limit + 1)
    found = [Placed(*row) for row in await session.execute(query)]
    last = found[limit - 1].order if len(found) > limit else None
    return Page(found[:limit], encode_moment(last.placed_at, last.id) if last else None)


async def list_placed_by(session: ReadSession, participant_ids: Sequence[UUID]) -> dict[UUID, list[Placed]]:
    """What each of these people ordered, the oldest first."""
    query = _placed().where(TripOrder.participant_id.in_(participant_ids))
    found: dict[UUID, list[Placed]] = {}
    for row in await session.execute(query.order_by(Order.placed_at, Order.id)):
        placed = Placed(*row)
        found.setdefault(placed.participant.id, []).append(placed)
    return found


async def get_details(session: ReadSession, order_ids: Sequence[UUID]) -> Details:
    """What belongs to these orders, in two statements however many there are."""
    lines: dict[UUID, list[Ordered]] = {}
    query = select(Product, OrderLine).join(OrderLine, OrderLine.ticket_type_id == Product.id)
    for product, line in await session.execute(
        query.where(OrderLine.order_id.in_(order_ids)).order_by(OrderLine.id)
    ):
        lines.setdefault(line.order_id, []).append(Ordered(product, line))
    proofs = (
        select(PaymentProof)
        .where(PaymentProof.order_id.in_(order_ids))
        .order_by(PaymentProof.uploaded_at, PaymentProof.id)
    )
    return Details(lines, {proof.order_id: proof for proof in await session.scalars(proofs)})


async def is_proof_of(session: ReadSession, order_id: UUID, object_key: str) -> bool:
    """Whether this object was sent as a proof of this order."""
    query = select(PaymentProof.id).where(
        PaymentProof.order_id == order_id, PaymentProof.object_key == object_key
    )
    return await session.scalar(query) is not None


def _placed() -> Select[Order, TripOrder, Participant, datetime]:
    return (
        select(Order, TripOrder, Participant, func.clock_timestamp())
        .join(TripOrder, TripOrder.order_id == Order.id)
        .join(Participant, Participant.id == TripOrder.participant_id)
    )


def _conditions(wanted: OrderFilter) -> Iterator[ColumnElement[bool]]:
    yield TripOrder.event_id == wanted.trip_id
    if wanted.status is not None:
        yield _stands(wanted.status)
    if search := wanted.search.strip():
        yield or_(
            matches_order(search, by_beginning=True), Participant.name.icontains(search, autoescape=True)
        )


def _stands(status: OrderStatus) -> ColumnElement[bool]:
    """By the clock, as `Placed.state` says it."""
    states = [state.value for state, told in STATUSES.items() if told is status]
    ends = func.greatest(Order.hold_expires_at, Order.payment_open_until)
    is_over = (Order.state == OrderState.HOLD) & (ends <= func.clock_timestamp())
    if status is OrderStatus.REJECTED:
        return or_(Order.state.in_(states), is_over)
    return Order.state.in_(states) & ~is_over
