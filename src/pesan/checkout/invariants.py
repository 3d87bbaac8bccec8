"""What must always hold of journeys: nobody waits for something that nobody does."""

from pesan.checkout.leftovers import NOT_WOUND_UP, UNFULFILLED
from pesan.db import Invariant

INVARIANTS = (
    Invariant(
        "checkout.paid_orders_are_fulfilled",
        "Nobody who paid, or booked for free, waits longer than a quarter of an hour for what they get.",
        UNFULFILLED.format(age="15 minutes"),
    ),
    Invariant(
        "checkout.cancelled_events_are_wound_up",
        "A cancelled event leaves no order that has places, and no ticket that admits.",
        NOT_WOUND_UP.format(age="15 minutes"),
    ),
)
