"""Events and what they sell."""

from pesan.catalog.models import events, promo_codes, seats, slots, ticket_types
from pesan.catalog.models.events import Event, EventPaymentMethod
from pesan.catalog.models.promo_codes import PromoCode
from pesan.catalog.models.seats import Seat
from pesan.catalog.models.slots import Slot
from pesan.catalog.models.ticket_types import TicketType

__all__ = ["ACCESS", "Event", "EventPaymentMethod", "PromoCode", "Seat", "Slot", "TicketType"]

ACCESS = [*events.ACCESS, *ticket_types.ACCESS, *seats.ACCESS, *promo_codes.ACCESS, *slots.ACCESS]
