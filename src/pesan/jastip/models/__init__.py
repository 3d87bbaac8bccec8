"""Trips, products, whoever takes part, what they ordered and were told, shopping, profiles, visits of links."""

from pesan.jastip.models import broadcasts, participants, profiles, ratings, shopping, trips, visits
from pesan.jastip.models.broadcasts import Broadcast, BroadcastRecipient
from pesan.jastip.models.participants import Participant, TripOrder
from pesan.jastip.models.profiles import Profile
from pesan.jastip.models.ratings import Rating
from pesan.jastip.models.shopping import PriceProposal, Purchase
from pesan.jastip.models.trips import Product, Trip
from pesan.jastip.models.visits import ShortlinkVisit

__all__ = [
    "ACCESS",
    "Broadcast",
    "BroadcastRecipient",
    "Participant",
    "PriceProposal",
    "Product",
    "Profile",
    "Purchase",
    "Rating",
    "ShortlinkVisit",
    "Trip",
    "TripOrder",
]

ACCESS = [
    *trips.ACCESS,
    *participants.ACCESS,
    *broadcasts.ACCESS,
    *profiles.ACCESS,
    *ratings.ACCESS,
    *shopping.ACCESS,
    *visits.ACCESS,
]
