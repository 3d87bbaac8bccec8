"""A ticket becomes another person's: a new code and epoch at once, new texts as soon as a job has signed them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from pesan.audit import record
from pesan.catalog.models import Event
from pesan.db import Actor, ReadSession, WriteSession
from pesan.jobs import enqueue
from pesan.kit.ids import new_id, new_ticket_code
from pesan.orders.errors import OrderNotFound
from pesan.orders.models import Order
from pesan.payments.refunds.locks import lock_order
from pesan.tickets.errors import (
    HandingOnOff,
    HandingOnOver,
    TicketChanged,
    TicketHandedOn,
    TicketNotFound,
)
from pesan.tickets.locks import lock_ticket
from pesan.tickets.models import Ticket, TicketTransfer
from pesan.tickets.policies import is_before_entry, may_hand_on
from pesan.tickets.queries import find_ticket

SIGN_TASK = "tickets.sign_transfer"
TELL_TRANSFER_TASK = "checkout.tell_of_transfer"
HANDED_ON = "order:ticket:handed_on"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whose the ticket becomes, and where they are told."""

    name: str
    email: str | None = None
    wa: str | None = None


async def hand_on(
    session: WriteSession, *, ticket_id: UUID, version: int, recipient: Recipient, actor: Actor
) -> Ticket:
    """Make the ticket `recipient`'s. Whatever showed it before is void from the commit on.

    `version` is the ticket's epoch as the asker knows it: of many who wish at once, the first one gets it.
    **Locks** the order, then the ticket. **Enqueues** `tickets.sign_transfer`. Raises TicketNotFound, HandingOnOff,
    HandingOnOver, TicketChanged, TicketHandedOn.
    """
    seen = await find_ticket(session, ticket_id)
    if seen is None:
        raise TicketNotFound
    try:
        order = await lock_order(session, seen.order_id)
    except OrderNotFound as error:
        raise TicketNotFound from error  # its holder, who knows its code, may look at it and nothing else
    if not may_hand_on(actor, order):
        raise TicketNotFound
    ticket = await lock_ticket(session, ticket_id)
    await _check(session, ticket, version, is_staff=actor.works_for(ticket.merchant_id, ticket.event_id))
    transfer = _change(ticket, recipient)
    session.add(transfer)
    ticket.handed_on_at = (await session.scalars(select(func.clock_timestamp()))).one()
    await _note(session, order, transfer, actor)
    await enqueue(session, SIGN_TASK, transfer_id=transfer.id)
    await session.flush()
    return ticket


async def _check(session: ReadSession, ticket: Ticket, version: int, *, is_staff: bool) -> None:
    """Read after the locks, by the database's clock."""
    query = select(Event, func.clock_timestamp()).where(Event.id == ticket.event_id)
    event, now = (await session.execute(query)).one()
    if not (event.transferable or is_staff):
        raise HandingOnOff
    if not is_before_entry(ticket, event, now):
        raise HandingOnOver
    if ticket.epoch != version:
        raise TicketChanged
    if ticket.handed_on_at is not None and not is_staff:
        raise TicketHandedOn  # it is its new holder's, whom whoever bought it must not shut out


def _change(ticket: Ticket, recipient: Recipient) -> TicketTransfer:
    transfer = TicketTransfer(
        id=new_id(),
        merchant_id=ticket.merchant_id,
        order_id=ticket.order_id,
        event_id=ticket.event_id,
        ticket_id=ticket.id,
        epoch=ticket.epoch + 1,
        code=ticket.code,
        from_name=ticket.holder_name,
        to_name=recipient.name,
        to_email=recipient.email,
        to_wa=recipient.wa,
    )
    ticket.code, ticket.holder_name, ticket.epoch = new_ticket_code(), recipient.name, transfer.epoch
    ticket.qr_text = ticket.live_text = ticket.token = ""
    return transfer


async def _note(session: WriteSession, order: Order, transfer: TicketTransfer, actor: Actor) -> None:
    data = {"ticket_id": str(transfer.ticket_id), "epoch": transfer.epoch}
    before, after = {"holder_name": transfer.from_name}, {"holder_name": transfer.to_name}
    await record(session, order, action=HANDED_ON, actor=actor, data=data, before=before, after=after)
