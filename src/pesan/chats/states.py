"""How messages wait, leave and arrive, as data."""

from collections.abc import Mapping
from enum import StrEnum


class Line(StrEnum):
    """What a message waits in; jastipin.md §7 names four of them, and answers to what somebody wrote come first."""

    REPLIES = "replies"
    CONFIRMATION = "confirmation"
    PROOF_NOTIFY = "proof_notify"
    NOTIFICATIONS = "notifications"
    BROADCAST = "broadcast"


PRIORITIES: Mapping[Line, int] = {
    Line.REPLIES: 20,
    Line.CONFIRMATION: 10,
    Line.PROOF_NOTIFY: 10,
    Line.NOTIFICATIONS: 0,
    Line.BROADCAST: -10,
}
"""Which line's messages leave first."""


class Category(StrEnum):
    """What a message is to WhatsApp, which decides its price and who may be sent it."""

    MARKETING = "marketing"
    UTILITY = "utility"
    SERVICE = "service"
    """An answer inside the window that somebody opened by writing."""


class MessageState(StrEnum):
    """How far a message came. `unknown`: the network broke after it was handed over, and nobody has told since."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


RANKS: Mapping[MessageState, int] = {
    MessageState.QUEUED: 0,
    MessageState.SENDING: 1,
    MessageState.UNKNOWN: 2,
    MessageState.ACCEPTED: 3,
    MessageState.SENT: 4,
    MessageState.DELIVERED: 5,
    MessageState.READ: 6,
}
"""Statuses come in any order, and a message never goes back (protocols §6.4)."""

WAITS_SECONDS = (2, 4, 8)
"""jastipin.md §7: tried again three times, after 2, 4 and 8 seconds; then it failed, and is kept."""
AWAY_SECONDS = (*WAITS_SECONDS, 30, 60, 120, 300, 600)
"""While WhatsApp is not there for anybody: these waits, and the last of them again and again."""
MOST_TRIES_AWAY = 40
"""For more than five hours; then it failed, and is kept."""
MOST_PER_SECOND = 10
"""jastipin.md §7: messages of one number within any second, over all processes."""

LEASE_SECONDS = 30.0
"""For so long a message, and its slot, belong to the process that hands it over; then it is taken for dead."""
UNKNOWN_SECONDS = 120.0
"""For so long a status may tell what became of a message whose answer was lost, before it is sent once more."""
MOST_TRIES_OF_PAIR = 6
"""To one person who is written to too often: after 4, 16, 64, 256 and 1,024 seconds (protocols §6.8)."""
TEMPLATE_LOOK_SECONDS = 300.0
"""So often a message looks again whether its template is approved, if nobody told that it is."""
TEMPLATE_PATIENCE_HOURS = 24
"""For so long it waits for that; then it is no news any more, and failed."""

OUTSIDE_WINDOW = "chats.outside_window"
STOPPED = "chats.stopped"
UNREACHABLE = "chats.unreachable"
NOT_APPROVED = "chats.template_not_approved"
UNREADABLE = "chats.unreadable"
UNHEARD = "chats.unknown"
NO_PICTURE = "whatsapp.131053"
"""WhatsApp could not fetch the picture; nothing of the message arrived."""
CANCELLED_BY_HAND = "chats.cancelled"


class UpdateKind(StrEnum):
    """What WhatsApp told."""

    MESSAGE = "message"
    STATUS = "status"
    PREFERENCE = "preference"
    TEMPLATE = "template"
    OTHER = "other"
