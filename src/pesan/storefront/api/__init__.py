"""The booking face: routes with the documents' paths and names."""

from pesan.storefront.api.auth import members
from pesan.storefront.api.auth import router as auth
from pesan.storefront.api.bookings import guest, holder, holds
from pesan.storefront.api.items import router as items
from pesan.storefront.api.my_tickets import router as my_tickets
from pesan.storefront.api.my_tickets import signed as qr_codes
from pesan.storefront.api.offers import router as offers
from pesan.storefront.api.orders import guest as orders_of_guests
from pesan.storefront.api.orders import public as orders
from pesan.storefront.api.tickets import public as tickets
from pesan.storefront.api.tickets import well_known

# Holds come first: on a hot sale, no other route is tried before theirs.
ROUTERS = (
    holds,
    orders,
    guest,
    holder,
    orders_of_guests,
    items,
    offers,
    qr_codes,
    my_tickets,
    tickets,
    well_known,
    auth,
    members,
)

TAGS = (
    {
        "name": "booking",
        "description": "The booking desk: find an event, hold a place, pay, follow the booking, verify a ticket.",
    },
    {
        "name": "ticketing",
        "description": "Orders of several ticket types and seats, and what gates need to check tickets by themselves.",
    },
    {
        "name": "accounts",
        "description": "Sign in once for every face: an access token of 12 hours, and a refresh cookie that is used"
        " once and replaced.",
    },
)

__all__ = ["ROUTERS", "TAGS"]
