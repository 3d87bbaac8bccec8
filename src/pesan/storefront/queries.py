"""What the pages read beyond one module's own queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, exists, false, func, literal, or_, select, tuple_

from pesan.catalog.models import Event, TicketType
from pesan.catalog.states import EventStatus
from pesan.db import Actor, ReadSession
from pesan.orders.models import Order, OrderLine
from pesan.orders.queries import starts_at_of_order
from pesan.orders.states import SLOTTED
from pesan.tenancy.models import Merchant
from pesan.tickets.errors import TicketNotFound
from pesan.tickets.models import Ticket

TRIPS = "jastip"
"""What another desk makes of its orders."""


class Kept(NamedTuple):
    """A booking as a list shows it: when it takes place, and the database's time."""

    order: Order
    event: Event
    merchant: Merchant
    starts_at: datetime
    now: datetime


_KEPT = (Order, Event, Merchant, func.coalesce(starts_at_of_order(), Event.starts_at), func.clock_timestamp())


async def list_kept_bookings(session: ReadSession, codes: Sequence[str]) -> list[Kept]:
    """The bookings of these codes, the newest first, with the database's time; unknown codes are left out."""
    query = (
        select(*_KEPT)
        .join(Event, Event.id == Order.event_id)
        .join(Merchant, Merchant.id == Order.merchant_id)
        .where(Order.code.in_(codes))
        .order_by(Order.placed_at.desc())
    )
    return [Kept(*row) for row in await session.execute(query)]


async def list_own_bookings(
    session: ReadSession, user_id: UUID, *, before: UUID | None = None, limit: int
) -> list[Kept]:
    """The bookings of a person's account, the newest first and from `before` on, with the database's time."""
    query = (
        select(*_KEPT)
        .join(Event, Event.id == Order.event_id)
        .join(Merchant, Merchant.id == Order.merchant_id)
        .where(Order.user_id == user_id)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(limit)
    )
    if before is not None:
        seen = select(Order.placed_at).where(Order.id == before).scalar_subquery()
        query = query.where(tuple_(Order.placed_at, Order.id) < tuple_(seen, literal(before)))
    return [Kept(*row) for row in await session.execute(query)]


@dataclass(frozen=True, slots=True)
class OwnTicket:
    """A ticket of the asker's own order; `title` is that of its line."""

    ticket: Ticket
    title: str


async def list_own_tickets(
    session: ReadSession, actor: Actor, *, before: UUID | None = None, limit: int
) -> Sequence[OwnTicket]:
    """The tickets of orders that are the actor's own, the newest first.

    Whoever works for a merchant sees all of its tickets elsewhere; here only those that they bought.
    """
    query = _own_tickets(actor).order_by(Ticket.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Ticket.id < before)
    return [OwnTicket(ticket, title) for ticket, title in await session.execute(query)]


async def get_own_ticket(session: ReadSession, actor: Actor, ticket_id: UUID) -> OwnTicket:
    """One of the actor's own tickets; raises TicketNotFound."""
    row = (await session.execute(_own_tickets(actor).where(Ticket.id == ticket_id))).one_or_none()
    if row is None:
        raise TicketNotFound
    return OwnTicket(*row)


def _own_tickets(actor: Actor) -> Select[Ticket, str]:
    own = or_(Order.code.in_(actor.order_codes), Order.user_id == actor.user_id if actor.user_id else false())
    return (
        select(Ticket, OrderLine.title)
        .join(Order, Order.id == Ticket.order_id)
        .join(OrderLine, OrderLine.id == Ticket.order_line_id)
        .where(own)
    )


async def sells_times(session: ReadSession) -> bool:
    """Whether an outlet is open, whose times are another desk's to show."""
    is_open = Event.fulfilment.in_(SLOTTED) & (Event.status == EventStatus.OPEN)
    return bool(await session.scalar(select(exists().where(is_open))))


async def has_open_trip(session: ReadSession, merchant_id: UUID) -> bool:
    """Whether the merchant shops for others now, which its profile shows."""
    is_in_time = Event.sale_closes_at.is_(None) | (Event.sale_closes_at > func.clock_timestamp())
    is_open = (Event.fulfilment == TRIPS) & (Event.status == EventStatus.OPEN) & is_in_time
    return bool(await session.scalar(select(exists().where(Event.merchant_id == merchant_id, is_open))))


async def list_cheapest(session: ReadSession, event_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The price of each event's cheapest ticket type that anybody sees; events without types are absent."""
    query = (
        select(TicketType.event_id, func.min(TicketType.price_amount))
        .where(TicketType.event_id.in_(event_ids), ~TicketType.is_archived, ~TicketType.is_hidden)
        .group_by(TicketType.event_id)
    )
    rows = (await session.execute(query)).all()
    return {row[0]: row[1] for row in rows}
