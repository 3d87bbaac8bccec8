"""What a group of moves is decided on, and what comes of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pesan.capacity.states import PoolCounts
from pesan.catalog.queries import Terms
from pesan.catalog.terms import PromoTerms, SeatTerms, SlotTerms, TypeTerms
from pesan.orders.moves import Companion, Move, Moved, OrderFacts
from pesan.orders.pricing import PricedLine, Totals
from pesan.orders.states import OrderState, Transition


class Taken(NamedTuple):
    """A time of a booth's that a live order claims, half-open."""

    order_id: UUID
    resource: int
    starts_at: datetime
    ends_at: datetime
    is_held: bool


@dataclass(slots=True)
class Situation:
    """Everything a group decides on; it changes as moves are granted, so that later ones see earlier ones.

    `claims` are (pool, places) per order; `live` counts unfinished orders per (event, kind, value) of a buyer;
    `unreviewed` are places in REVIEW per event; `next_hold_ends` is the earliest live hold's end per event; `typed`
    are the events that sell ticket types, and so no places of their own; `announced` those whose organizers have
    webhooks. `slots` are the times behind wished and claimed pools, by pool; `taken` is what overlaps them. A time that
    is given back stays taken until its group is written, because claims are written before others are released.
    """

    now: datetime
    orders: dict[UUID, OrderFacts]
    claims: dict[UUID, list[tuple[UUID, int]]]
    pools: dict[UUID, PoolCounts]
    terms: Mapping[UUID, Terms]
    live: dict[tuple[UUID, str, str], int] = field(default_factory=dict)
    unreviewed: dict[UUID, int] = field(default_factory=dict)
    next_hold_ends: Mapping[UUID, datetime] = field(default_factory=dict)
    types: Mapping[UUID, TypeTerms] = field(default_factory=dict)
    seats: Mapping[UUID, SeatTerms] = field(default_factory=dict)
    promos: Mapping[UUID, PromoTerms] = field(default_factory=dict)
    slots: Mapping[UUID, SlotTerms] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    typed: frozenset[UUID] = frozenset()
    announced: frozenset[UUID] = frozenset()


class LineClaim(NamedTuple):
    """What one line takes of one pool; `slot` is the time that the pool is, where it is one."""

    line_id: UUID
    pool_id: UUID
    quantity: int
    slot: SlotTerms | None = None


class Placed(NamedTuple):
    """What a new order consists of, beside its facts."""

    lines: Sequence[PricedLine]
    totals: Totals
    claims: Sequence[LineClaim]


class Granted(NamedTuple):
    """A move that goes through, with the order as it is afterwards.

    `placed` is there when it is a new one, `acquired` what an amended one takes.
    """

    move: Move
    order: OrderFacts
    transition: Transition
    source: OrderState | None
    moved: Moved
    companions: tuple[Companion, ...] = ()
    placed: Placed | None = None
    acquired: Sequence[LineClaim] = ()


def moved_of(order: OrderFacts, now: datetime) -> Moved:
    """What is told of an order as it is `now`."""
    return Moved(
        order_id=order.id,
        merchant_id=order.merchant_id,
        event_id=order.event_id,
        code=order.code,
        state=order.state,
        quantity=order.quantity,
        total_amount=order.total_amount,
        currency=order.currency,
        hold_expires_at=order.hold_expires_at,
        at=now,
        balance_due_amount=order.balance_due_amount,
    )
