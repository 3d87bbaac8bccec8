"""What goes into the gate, and what comes out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, Self
from uuid import UUID

from pesan.db import Actor, WriteSession
from pesan.idempotency.service import Answer, Wanted
from pesan.kit.i18n import Locale
from pesan.kit.ids import new_code, new_id
from pesan.orders.states import OrderEvent, OrderState


class Companion(Protocol):
    """A row of another module that must be written with a move, or not at all: a proof, a capture, a ticket."""

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Write the companions of one group, in few statements."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A buyer's wish, validated; prices are not in it, because the server computes them.

    `also` are places of further pools that the order claims with the event's own, all or nothing: a seat, a type.
    """

    event_id: UUID
    buyer_name: str
    quantity: int = 1
    wa: str | None = None
    email: str | None = None
    notes: str | None = None
    locale: Locale = "id"
    user_id: UUID | None = None
    also: tuple[tuple[UUID, int], ...] = ()
    order_id: UUID = field(default_factory=new_id)
    line_id: UUID = field(default_factory=new_id)
    code: str = field(default_factory=new_code)


@dataclass(slots=True)
class OrderFacts:
    """One order inside a locked transaction, as much of it as moves decide on and change."""

    id: UUID
    merchant_id: UUID
    event_id: UUID
    code: str
    state: OrderState
    quantity: int
    total_amount: int
    currency: str
    fulfilment: str
    email: str | None
    wa: str | None
    hold_expires_at: datetime
    payment_open_until: datetime | None
    submitted_at: datetime | None
    ended_at: datetime | None
    reject_reason: str | None
    decided_by: UUID | None
    audit_seq: int
    audit_head: bytes


class Moved(NamedTuple):
    """What a move did, at the database's time `at`."""

    order_id: UUID
    merchant_id: UUID
    event_id: UUID
    code: str
    state: OrderState
    quantity: int
    total_amount: int
    currency: str
    hold_expires_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Replayed:
    """The stored answer of an earlier request with the same key."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Move:
    """One wish for one order; everything about it was validated before it is submitted.

    `sale_id` is the event whose combiner runs it. `if_refund_due` takes the companions' place when late money finds no
    places left. With `wanted`, the answer that `render` makes of the outcome is
    stored in the same transaction.
    """

    event: OrderEvent
    sale_id: UUID
    actor: Actor
    order_id: UUID
    placement: Placement | None = None
    reason: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    companions: tuple[Companion, ...] = ()
    if_refund_due: tuple[Companion, ...] = ()
    wanted: Wanted | None = None
    render: Callable[[Moved], Answer] | None = None

    @classmethod
    def place(
        cls,
        placement: Placement,
        actor: Actor,
        *,
        wanted: Wanted | None = None,
        render: Callable[[Moved], Answer] | None = None,
    ) -> "Move":
        """The move from nothing."""
        return cls(
            OrderEvent.PLACE,
            placement.event_id,
            actor,
            placement.order_id,
            placement=placement,
            wanted=wanted,
            render=render,
        )
