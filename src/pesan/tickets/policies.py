"""Who may do something with a ticket."""

from datetime import datetime

from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.db import Actor
from pesan.orders.models import Order
from pesan.orders.policies import is_buyer
from pesan.tickets.models import Ticket
from pesan.tickets.states import TRANSITIONS, TicketEvent, TicketState


def may_hand_on(actor: Actor, order: Order) -> bool:
    """Whoever bought the ticket, by the order's code or their account, and the merchant's staff; not its holder."""
    return is_buyer(actor, order) or actor.works_for(order.merchant_id, order.event_id)


def is_before_entry(ticket: Ticket, event: Event, now: datetime) -> bool:
    """Whether the ticket can still become another person's."""
    is_open = (TicketState(ticket.state), TicketEvent.HAND_ON) in TRANSITIONS
    return is_open and event.status != EventStatus.CANCELLED and now < event.starts_at


def can_be_handed_on(ticket: Ticket, event: Event, now: datetime) -> bool:
    """What a page goes by that offers it to a buyer, whose it is until it was handed on."""
    return event.transferable and ticket.handed_on_at is None and is_before_entry(ticket, event, now)
