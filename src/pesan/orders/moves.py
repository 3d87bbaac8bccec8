"""What goes into the gate, and what comes out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, ClassVar, NamedTuple, Protocol, Self
from uuid import UUID

from pesan.db import Actor, WriteSession
from pesan.idempotency.service import Answer, Wanted
from pesan.kit.i18n import Locale
from pesan.kit.ids import new_code, new_id
from pesan.orders.pricing import Totals
from pesan.orders.states import OrderEvent, OrderState


class Stage(IntEnum):
    """When in a transaction companions are written, because those of a group may need each other's rows."""

    MONEY = 1
    """What came in."""
    GOODS = 2
    """What it bought: earned money, tickets."""
    EVIDENCE = 3
    """What belongs to a payment, settled or not."""
    RETURN = 4
    """What goes back, after everything that could go back is there: the only stage that reads before it writes."""


class Companion(Protocol):
    """A row of another module that must be written with a move, or not at all: a proof, a capture, a ticket."""

    stage: ClassVar[Stage]

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        """Write the companions of one group, in few statements.

        Before the last stage `session` is the pipe that carries the group's writes, so they take any `Executor`.
        """


@dataclass(frozen=True, slots=True)
class SeatWish:
    """One seat and the pool that it is; a seat keeps its pool for good."""

    seat_id: UUID
    pool_id: UUID


@dataclass(frozen=True, slots=True)
class SlotWish:
    """One time of a booth and the pool that it is."""

    slot_id: UUID
    pool_id: UUID


@dataclass(frozen=True, slots=True)
class TypeWish:
    """A ticket type, its pool, and the access code that was given, for a hidden one."""

    type_id: UUID
    pool_id: UUID
    access_code: str | None = None


@dataclass(frozen=True, slots=True)
class PromoWish:
    """A promo code by its id, and the pool of its uses where they are limited."""

    promo_id: UUID
    pool_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LineWish:
    """Some places of the event itself or of a ticket type, with a seat for each where it is seated; or one time."""

    quantity: int = 1
    type: TypeWish | None = None
    seats: tuple[SeatWish, ...] = ()
    slot: SlotWish | None = None
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Origin:
    """Whence an order is placed, beside the caller's own address: keyed digests, and nothing that names a place.

    `network` is the /24 or /48 around the address, `device` the browser's first-party cookie, `country` what a trusted
    proxy told of the address.
    """

    network: str | None = None
    device: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """A buyer's wish, validated; prices are not in it, because the server computes them.

    What its lines name is claimed all or nothing: the event's places, each type's, each seat or time, one use of the
    promo.
    `has_guardian` says that a parent's or guardian's consent is written with it, by a companion.
    """

    event_id: UUID
    buyer_name: str
    lines: tuple[LineWish, ...] = field(default_factory=lambda: (LineWish(),))
    promo: PromoWish | None = None
    wa: str | None = None
    email: str | None = None
    notes: str | None = None
    locale: Locale = "id"
    user_id: UUID | None = None
    legal_ids: tuple[UUID, ...] = ()
    origin: Origin = Origin()
    has_guardian: bool = False
    order_id: UUID = field(default_factory=new_id)
    code: str = field(default_factory=new_code)

    @property
    def quantity(self) -> int:
        """How many places all lines have."""
        return sum(line.quantity for line in self.lines)

    @property
    def pool_ids(self) -> set[UUID]:
        """The pools that it names beside the event's own; they may be locked before anything is read."""
        types = {line.type.pool_id for line in self.lines if line.type}
        seats = {seat.pool_id for line in self.lines for seat in line.seats}
        promo = {self.promo.pool_id} if self.promo and self.promo.pool_id else set()
        return types | seats | promo | {slot.pool_id for slot in self.slots}

    @property
    def slots(self) -> list[SlotWish]:
        """The times that it names."""
        return [line.slot for line in self.lines if line.slot]


@dataclass(frozen=True, slots=True)
class Release:
    """Places of one line that go back to one pool."""

    line_id: UUID
    pool_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Acquisition:
    """A time that a line takes instead of what it gives back."""

    line_id: UUID
    slot: SlotWish


@dataclass(frozen=True, slots=True)
class Amendment:
    """What an order gives back without ending: how many of its places, all that they claim; and what it takes."""

    places: int = 0
    releases: tuple[Release, ...] = ()
    acquires: tuple[Acquisition, ...] = ()


@dataclass(frozen=True, slots=True)
class Repricing:
    """Another price of each of `quantity` places: of these lines, and of nothing else in the order."""

    line_ids: tuple[UUID, ...] = ()
    quantity: int = 0
    old_amount: int = 0
    new_amount: int = 0

    @property
    def difference(self) -> int:
        """How much more all of it costs; below zero where it costs less."""
        return (self.new_amount - self.old_amount) * self.quantity


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
    returned_quantity: int = 0
    balance_due_amount: int = 0
    balance_submitted_at: datetime | None = None
    subtotal_amount: int = 0


class Moved(NamedTuple):
    """What a move did, at the database's time `at`; `totals` are told of a new order."""

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
    balance_due_amount: int = 0
    totals: Totals | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """The stored answer of an earlier request with the same key."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Move:
    """One wish for one order; everything about it was validated before it is submitted.

    `sale_id` is the event whose combiner runs it. `if_refund_due` takes the companions' place when money buys nothing,
    because no places are left or its time is over. `amendment` is what AMEND gives back and RESCHEDULE exchanges,
    `repricing` what REPRICE changes, `balance_amount` the balance that SETTLE_BALANCE pays or by which REPRICE was
    weighed, and `occasion` the id that its buyer is told of. With `wanted`, the answer that `render` makes of the
    outcome is stored in the same transaction.
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
    amendment: Amendment = Amendment()
    balance_amount: int | None = None
    repricing: Repricing = Repricing()
    occasion: UUID | None = None
    wanted: Wanted | None = None
    render: Callable[[Moved], Answer] | None = None

    @classmethod
    def place(
        cls,
        placement: Placement,
        actor: Actor,
        *,
        companions: tuple[Companion, ...] = (),
        wanted: Wanted | None = None,
        render: Callable[[Moved], Answer] | None = None,
    ) -> "Move":
        """The move from nothing; what the buyer accepted goes into the history too."""
        return cls(
            OrderEvent.PLACE,
            placement.event_id,
            actor,
            placement.order_id,
            placement=placement,
            data={"legal": [str(found) for found in placement.legal_ids]} if placement.legal_ids else {},
            companions=companions,
            wanted=wanted,
            render=render,
        )
