"""Some tickets of an order go back: which, for how much, and what places they leave. The server computes all of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from pesan.catalog.models import Event, PromoCode, Seat, TicketType
from pesan.db import ReadSession
from pesan.orders import Amendment, Release
from pesan.orders.models import Order, OrderLine
from pesan.orders.queries import list_lines
from pesan.orders.shares import Unit, split_total
from pesan.payments.refunds.errors import NothingToRefund, NoTicketChosen, TicketsGone
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from pesan.tickets.states import TicketState


@dataclass(frozen=True, slots=True)
class Part:
    """Tickets of one order that go back, what they cost, and what they give back; `is_rest` when none would be left."""

    order: Order
    ticket_ids: tuple[UUID, ...]
    amount: int
    amendment: Amendment
    is_rest: bool


async def read_part(session: ReadSession, order: Order, ticket_ids: Sequence[UUID]) -> Part:
    """The part of an order that these tickets are.

    Raises NoTicketChosen, TicketsGone for one that is void or another order's, NothingToRefund for free ones.
    """
    tickets = await list_tickets(session, order.id)
    live = {ticket.id: ticket for ticket in tickets if ticket.state != TicketState.VOID}
    wanted = set(ticket_ids)
    if not wanted:
        raise NoTicketChosen
    if not wanted <= set(live):
        raise TicketsGone
    shares = await read_shares(session, order, tickets)
    amount = sum(shares[ticket_id] for ticket_id in wanted)
    if not amount:
        raise NothingToRefund
    chosen = [live[ticket_id] for ticket_id in sorted(wanted)]
    releases = await _list_releases(session, order, chosen)
    return Part(
        order, tuple(sorted(wanted)), amount, Amendment(len(chosen), releases), len(wanted) == len(live)
    )


async def read_shares(session: ReadSession, order: Order, tickets: Sequence[Ticket]) -> Mapping[UUID, int]:
    """What each of an order's tickets cost, void ones too, in whole rupiah that sum to the order's total."""
    lines = {line.id: line for line in await list_lines(session, order.id)}
    promo = await session.get(PromoCode, order.promo_code_id) if order.promo_code_id else None
    of_type = promo.ticket_type_id if promo else None
    units = [_unit(lines[ticket.order_line_id], of_type) for ticket in tickets]
    shares = split_total(units, discount=order.discount_amount, total=order.total_amount)
    return {ticket.id: share for ticket, share in zip(tickets, shares, strict=True)}


def _unit(line: OrderLine, discounted_type: UUID | None) -> Unit:
    return Unit(line.unit_amount, discounted_type in {None, line.ticket_type_id})


async def _list_releases(
    session: ReadSession, order: Order, tickets: Sequence[Ticket]
) -> tuple[Release, ...]:
    """The event's places, each type's and each seat, by line; a promo code stays used as long as the order lives."""
    event_pool = (await session.get_one(Event, order.event_id)).pool_id
    of_types = await _pools(session, TicketType, {ticket.ticket_type_id for ticket in tickets})
    of_seats = await _pools(session, Seat, {ticket.seat_id for ticket in tickets})
    places: Counter[tuple[UUID, UUID]] = Counter()
    for ticket in tickets:
        pools = (event_pool, of_types.get(ticket.ticket_type_id), of_seats.get(ticket.seat_id))
        places.update((ticket.order_line_id, pool_id) for pool_id in pools if pool_id is not None)
    return tuple(Release(line_id, pool_id, quantity) for (line_id, pool_id), quantity in places.items())


async def _pools(
    session: ReadSession, kind: type[TicketType] | type[Seat], ids: set[UUID | None]
) -> Mapping[UUID | None, UUID]:
    wanted = ids - {None}
    if not wanted:
        return {}
    found = await session.execute(select(kind.id, kind.pool_id).where(kind.id.in_(wanted)))
    return {row_id: pool_id for row_id, pool_id in found}  # noqa: C416  a row is a tuple, which mypy cannot see
