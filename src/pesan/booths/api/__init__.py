"""The booth desk's face: what programs, staff and the screens of booths ask and are told."""

from pesan.booths.api import admins, config, devices, outlets, screens, sessions, ws
from pesan.booths.api.bookings import listing, placing

ROUTERS = (
    placing,
    listing,
    sessions.router,
    sessions.admins,
    outlets.customers,
    outlets.staff,
    outlets.super_admins,
    screens.router,
    admins.router,
    config.router,
    devices.joining,
    devices.router,
    ws.router,
)

TAGS = (
    {
        "name": "booths",
        "description": "Outlets with booths, sessions that are booked there, and the screens at the booths.",
    },
)

__all__ = ["ROUTERS", "TAGS"]
