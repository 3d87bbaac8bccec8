"""What can be told, where a delivery stands, and when it is tried again."""

from datetime import timedelta
from enum import StrEnum

from pesan.orders.states import ANNOUNCED

KINDS = tuple(ANNOUNCED.values())
"""What an organizer may choose to hear."""
WAITS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 5 * 60, 10 * 60, 14 * 60, 20 * 60, 24 * 60)
)
"""How long a delivery rests after each failed try; after the last of them it is given up: three days in all."""
FAILING_FOR = timedelta(days=5)
"""An endpoint that took nothing for so long is switched off, and its organizers are told."""
OLD_SECRET_FOR = timedelta(hours=24)
"""How long a replaced secret signs beside the new one."""

DELIVER_TASK = "hooks.deliver"
TELL_TASK = "hooks.tell_of_end"


class HookState(StrEnum):
    """Where a delivery stands; FAILED is given up until somebody sends it again by hand."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Ended(StrEnum):
    """Why an endpoint hears no more."""

    BY_HAND = "by_hand"
    FAILING = "failing"
    GONE = "gone"
    """It answered 410: whoever runs it wants no more."""
