"""Trips as their jastiper looks at them: people, orders and money, and the orders as a board."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select

from pesan.backoffice.queries.review import IS_WAITING, OWES, asked_amount
from pesan.db import ReadSession
from pesan.jastip.models import Participant, TripOrder
from pesan.jastip.queries.trips import TripView, list_trips
from pesan.orders.models import Order, OrderLine
from pesan.orders.searching import matches_order
from pesan.orders.states import OrderState
from pesan.payments.models import PaymentProof

COLUMN_LENGTH = 60
"""How many orders of one column are on a page; the search finds the others."""

EARNED = (OrderState.PAID, OrderState.COMPLETED)
AWAITED = (OrderState.HOLD, OrderState.REVIEW)
_OVER = (OrderState.REJECTED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REFUNDED)
COLUMNS: Mapping[str, ColumnElement[bool]] = {
    "waiting": Order.state == OrderState.HOLD,
    "review": IS_WAITING,
    "balance": OWES,
    "confirmed": Order.state == OrderState.PAID,
    "shipped": Order.state == OrderState.COMPLETED,
    "rejected": Order.state.in_(_OVER),
}
"""What stands where: in the first column that fits, so that a proof of a balance is among the proofs."""


@dataclass(slots=True)
class Tally:
    """A trip with how many take part, how many orders stand where, and their money in whole rupiah."""

    view: TripView
    people: int = 0
    orders: dict[OrderState, int] = field(default_factory=dict)
    earned: int = 0
    awaited: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """An order with whose it is, what it holds, and the proofs that wait for a decision, the newest first."""

    order: Order
    parcel: TripOrder
    person: Participant
    amount: int
    lines: Sequence[OrderLine] = ()
    proofs: Sequence[PaymentProof] = ()


@dataclass(slots=True)
class Column:
    """The orders of one column; `total` and `money` are of all of them, also of those that are not shown.

    Money is what is asked for now, and of what is paid all of it.
    """

    orders: list[Placed] = field(default_factory=list)
    total: int = 0
    money: int = 0


async def list_tallies(session: ReadSession, merchant_id: UUID) -> list[Tally]:
    """The merchant's trips that are not archived, the latest first, in three queries however many there are."""
    views = await list_trips(session, [merchant_id], limit=200)
    found = {view.trip.event_id: Tally(view) for view in views}
    people = select(Participant.event_id, func.count()).where(Participant.event_id.in_(found))
    for trip_id, count in await session.execute(people.group_by(Participant.event_id)):
        found[trip_id].people = count
    sums = func.count(), func.sum(Order.total_amount), func.sum(Order.balance_due_amount)
    orders = select(Order.event_id, Order.state, *sums).where(Order.event_id.in_(found))
    for row in await session.execute(orders.group_by(Order.event_id, Order.state)):
        tally, state = found[row[0]], OrderState(row[1])
        count, money, rest = (int(number) for number in row[2:])
        tally.orders[state] = count
        tally.earned += money - rest if state in EARNED else 0
        tally.awaited += money if state in AWAITED else rest if state in EARNED else 0
    return list(found.values())


async def get_board(session: ReadSession, trip_id: UUID, *, search: str = "") -> dict[str, Column]:
    """A trip's orders by column, in three queries however many there are.

    Whoever waits longest stands first, and what is done, the other way round.
    """
    ranked = _ranked(trip_id, search)
    query = (
        select(Order, TripOrder, Participant, asked_amount(), ranked.c.column, ranked.c.total, ranked.c.money)
        .join(ranked, ranked.c.id == Order.id)
        .join(TripOrder, TripOrder.order_id == Order.id)
        .join(Participant, Participant.id == TripOrder.participant_id)
        .where(ranked.c.rank <= COLUMN_LENGTH)
        .order_by(ranked.c.rank)
    )
    rows = (await session.execute(query)).all()
    ids = [row[0].id for row in rows]
    lines = await _lines_of(session, ids)
    proofs = await _proofs_of(session, [row[0].id for row in rows if row.column == "review"])
    board = {name: Column() for name in COLUMNS}
    for order, parcel, person, amount, name, total, money in rows:
        column = board[name]
        column.total, column.money = total, int(money)
        column.orders.append(
            Placed(order, parcel, person, amount, lines.get(order.id, ()), proofs.get(order.id, ()))
        )
    return board


def _ranked(trip_id: UUID, search: str) -> Subquery:
    column = case(*((stands, name) for name, stands in COLUMNS.items()))
    moved = func.extract("epoch", func.coalesce(Order.balance_submitted_at, Order.state_changed_at))
    is_over = Order.state.in_((OrderState.COMPLETED, *_OVER))
    asked = Order.total_amount - Order.balance_due_amount
    due = case((OWES, Order.balance_due_amount), (Order.state.in_((*AWAITED, *EARNED)), asked))
    order = case((is_over, -moved), else_=moved)
    rank = func.row_number().over(partition_by=column, order_by=(order, Order.id))
    query = (
        select(
            Order.id,
            column.label("column"),
            rank.label("rank"),
            func.count().over(partition_by=column).label("total"),
            func.sum(func.coalesce(due, Order.total_amount)).over(partition_by=column).label("money"),
        )
        .join(TripOrder, TripOrder.order_id == Order.id)
        .where(Order.event_id == trip_id)
    )
    return (query.where(_matches(search)) if search else query).subquery()


def _matches(search: str) -> ColumnElement[bool]:
    """By whoever ordered, by the order's code, by what was ordered, or by the parcel's number."""
    pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    titled = and_(OrderLine.order_id == Order.id, OrderLine.title.ilike(pattern, escape="\\"))
    return or_(
        matches_order(search, by_beginning=True),
        TripOrder.tracking_no.ilike(pattern, escape="\\"),
        select(OrderLine.id).where(titled).correlate(Order).exists(),
    )


async def _lines_of(session: ReadSession, order_ids: Sequence[UUID]) -> dict[UUID, list[OrderLine]]:
    query = select(OrderLine).where(OrderLine.order_id.in_(order_ids)).order_by(OrderLine.id)
    found: dict[UUID, list[OrderLine]] = {}
    for line in await session.scalars(query):
        found.setdefault(line.order_id, []).append(line)
    return found


async def _proofs_of(session: ReadSession, order_ids: Sequence[UUID]) -> dict[UUID, list[PaymentProof]]:
    query = select(PaymentProof).where(PaymentProof.order_id.in_(order_ids))
    found: dict[UUID, list[PaymentProof]] = {}
    for proof in await session.scalars(query.order_by(PaymentProof.uploaded_at.desc(), PaymentProof.id)):
        found.setdefault(proof.order_id, []).append(proof)
    return found
