"""Writes to events and to what they sell."""

from pesan.catalog.service.copying import copy_event
from pesan.catalog.service.events import (
    EventDraft,
    create_event,
    set_cover,
    set_status,
    slugify,
    update_event,
)
from pesan.catalog.service.promo_codes import PromoDraft, create_promo_code, withdraw_promo_code
from pesan.catalog.service.seats import SeatDraft, add_seats, block_seats
from pesan.catalog.service.slots import SlotTime, ensure_slot
from pesan.catalog.service.ticket_types import (
    TicketTypeDraft,
    archive_ticket_type,
    create_ticket_type,
    update_ticket_type,
)

__all__ = [
    "EventDraft",
    "PromoDraft",
    "SeatDraft",
    "SlotTime",
    "TicketTypeDraft",
    "add_seats",
    "archive_ticket_type",
    "block_seats",
    "copy_event",
    "create_event",
    "create_promo_code",
    "create_ticket_type",
    "ensure_slot",
    "set_cover",
    "set_status",
    "slugify",
    "update_event",
    "update_ticket_type",
    "withdraw_promo_code",
]
