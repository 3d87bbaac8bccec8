"""The booking face: routes with the documents' paths and names."""

from pesan.storefront.api.bookings import guest, holds
from pesan.storefront.api.items import router as items
from pesan.storefront.api.tickets import public as tickets
from pesan.storefront.api.tickets import well_known

# Holds come first: on a hot sale, no other route is tried before theirs.
ROUTERS = (holds, guest, items, tickets, well_known)

TAGS = (
    {
        "name": "booking",
        "description": "The booking desk: find an event, hold a place, pay, follow the booking, verify a ticket.",
    },
    {
        "name": "ticketing",
        "description": "What gates and other programs need to check tickets by themselves.",
    },
)

__all__ = ["ROUTERS", "TAGS"]
