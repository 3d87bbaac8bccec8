"""The jastip desk's face: jastipin.md's paths and names."""

from pesan.jastip.api import estimates, health, orders, participants, products, profiles, trips

# `/api/profile/me` before every other name.
ROUTERS = (
    health.router,
    profiles.own,
    profiles.public,
    trips.router,
    estimates.router,
    products.of_trip,
    products.public,
    products.router,
    participants.joining,
    participants.of_trip,
    participants.leaving,
    orders.placing,
    orders.router,
)


TAGS = (
    {
        "name": "jastip",
        "description": "Personal shopping: profiles, trips with what can be ordered on them, people, orders.",
    },
)

__all__ = ["ROUTERS", "TAGS"]
