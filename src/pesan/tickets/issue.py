"""Tickets come into being with their order, and end with it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from pesan.catalog.models import Event, Seat
from pesan.catalog.seating import list_seats_by_line
from pesan.catalog.states import EventStatus
from pesan.db import ReadSession, WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.kit.ids import new_id, new_ticket_code
from pesan.orders.models import Order, OrderLine
from pesan.orders.moves import Stage
from pesan.payments.refunds.errors import Overruled, TicketsGone
from pesan.tenancy.models import Merchant
from pesan.tickets.keys import Algorithm
from pesan.tickets.keystore import KeyStore
from pesan.tickets.locks import lock_tickets_of
from pesan.tickets.signing import Unsigned, sign_texts
from pesan.tickets.states import TRANSITIONS, TicketEvent, expires_at

_TICKET = {
    "id": "uuid",
    "merchant_id": "uuid",
    "order_id": "uuid",
    "order_line_id": "uuid",
    "event_id": "uuid",
    "ticket_type_id": "uuid",
    "seat_id": "uuid",
    "code": "text",
    "number": "integer",
    "holder_name": "text",
    "kid": "text",
    "issued_at": "timestamptz",
    "expires_at": "timestamptz",
    "qr_text": "text",
    "live_text": "text",
    "token": "text",
}
_NAMES = ", ".join(_TICKET)
_INSERT = text(
    f"INSERT INTO tickets ({_NAMES}) SELECT {_NAMES} FROM {recordset(_TICKET)}"  # noqa: S608
    " ON CONFLICT (order_line_id, number) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A signed ticket, to be written with the move that completes its order (a companion of that move)."""

    stage: ClassVar[Stage] = Stage.GOODS

    id: UUID
    merchant_id: UUID
    order_id: UUID
    order_line_id: UUID
    event_id: UUID
    ticket_type_id: UUID | None
    seat_id: UUID | None
    code: str
    number: int
    holder_name: str
    kid: str
    issued_at: datetime
    expires_at: datetime
    qr_text: str = ""
    live_text: str = ""
    token: str = ""

    @classmethod
    async def write_many(cls, executor: Executor, items: Sequence["NewTicket"]) -> None:
        """Insert the tickets that are not there yet; one per line and number, whoever was first."""
        await executor.execute(_INSERT, pack(map(asdict, items)))


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a paid order is entitled to: one ticket per unit of each line, each with its seat where there are seats.

    Read by `read_entitlement`.
    """

    order: Order
    lines: Sequence[OrderLine]
    seats: Mapping[UUID, Sequence[Seat]]
    algorithm: Algorithm
    ends_at: datetime
    is_cancelled: bool
    now: datetime


async def read_entitlement(session: ReadSession, order_id: UUID) -> Entitlement | None:
    """The facts from which an order's tickets are made; None when there is no such order."""
    query = (
        select(Order, Merchant.ticket_key_alg, Event.ends_at, Event.status, func.clock_timestamp())
        .join(Merchant, Merchant.id == Order.merchant_id)
        .join(Event, Event.id == Order.event_id)
        .where(Order.id == order_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    order, algorithm, ends_at, status, now = row
    lines = await session.scalars(
        select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.id)
    )
    seats = await list_seats_by_line(session, order_id)
    is_cancelled = status == EventStatus.CANCELLED
    return Entitlement(order, lines.all(), seats, Algorithm(algorithm), ends_at, is_cancelled, now)


async def make_tickets(keys: KeyStore, entitlement: Entitlement) -> list[NewTicket]:
    """Signed tickets for every unit, written nowhere yet. Opens no transaction of the caller's: a KMS may be slow."""
    key = await keys.signing_key(entitlement.order.merchant_id, entitlement.algorithm)
    drafts = [
        _draft(entitlement, line, number, key.kid)
        for line in entitlement.lines
        for number in range(1, line.quantity + 1)
    ]
    texts = await sign_texts(
        keys, key, [Unsigned(d.id, d.event_id, d.issued_at, d.expires_at) for d in drafts]
    )
    return [
        replace(draft, qr_text=text.qr_text, live_text=text.live_text, token=text.token)
        for draft, text in zip(drafts, texts, strict=True)
    ]


def _draft(entitlement: Entitlement, line: OrderLine, number: int, kid: str) -> NewTicket:
    seats = entitlement.seats.get(line.id)
    return NewTicket(
        id=new_id(),
        merchant_id=line.merchant_id,
        order_id=line.order_id,
        order_line_id=line.id,
        event_id=line.event_id,
        ticket_type_id=line.ticket_type_id,
        seat_id=seats[number - 1].id if seats else None,
        code=new_ticket_code(),
        number=number,
        holder_name=entitlement.order.buyer_name,
        kid=kid,
        issued_at=entitlement.now,
        expires_at=expires_at(entitlement.ends_at, entitlement.now),
    )


_VOIDABLE = ", ".join(f"'{state.value}'" for state, event in TRANSITIONS if event is TicketEvent.VOID)
_VOID = text(
    "UPDATE tickets SET state = 'void', voided_at = clock_timestamp()"  # noqa: S608  the states are our own enum
    f" WHERE order_id = ANY (:order_ids) AND state IN ({_VOIDABLE}) RETURNING order_id"
).bindparams(bindparam("order_ids", type_=ARRAY(Uuid())))


async def void_tickets(session: WriteSession, order_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Void every ticket of these orders, in the transaction that takes the orders away; used ones too.

    Returns the orders that had any.
    """
    await lock_tickets_of(session, order_ids)
    return frozenset(await session.scalars(_VOID, {"order_ids": sorted(order_ids)}))


_VOID_SOME = text(
    "UPDATE tickets SET state = 'void', voided_at = clock_timestamp()"  # noqa: S608  the states are our own enum
    f" WHERE order_id = :order_id AND id = ANY (:ids) AND state IN ({_VOIDABLE}) RETURNING id"
).bindparams(bindparam("ids", type_=ARRAY(Uuid())))


@dataclass(frozen=True, slots=True)
class VoidSomeCompanion:
    """Tickets that go back while their order stays: they admit nobody from the moment of the move, all or none."""

    stage: ClassVar[Stage] = Stage.RETURN

    order_id: UUID
    ticket_ids: tuple[UUID, ...]

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence["VoidSomeCompanion"]) -> None:
        """Void them; raises Overruled for a ticket that is void already, or another order's."""
        await lock_tickets_of(session, [item.order_id for item in items])
        for item in items:
            ids = {"order_id": item.order_id, "ids": sorted(item.ticket_ids)}
            voided = (await session.scalars(_VOID_SOME, ids)).all()
            if len(voided) != len(item.ticket_ids):
                raise Overruled(TicketsGone())


@dataclass(frozen=True, slots=True)
class VoidCompanion:
    """An order that goes back: its tickets admit nobody from the moment of the move."""

    stage: ClassVar[Stage] = Stage.RETURN

    order_id: UUID

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence["VoidCompanion"]) -> None:
        """Void the tickets of a group of orders in one statement."""
        await void_tickets(session, [item.order_id for item in items])
