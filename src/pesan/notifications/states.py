"""What can be said, by which channel, and how far it came."""

from enum import StrEnum


class Kind(StrEnum):
    """The occasions on which a buyer is told something; each at most once per order."""

    HOLD_PLACED = "hold_placed"
    PROOF_RECEIVED = "proof_received"
    TICKET_READY = "ticket_ready"
    REJECTED = "rejected"
    EXPIRED = "expired"


class ChannelName(StrEnum):
    """The channels by which a person can be reached. A new one is an adapter registered under its name."""

    EMAIL = "email"
    WHATSAPP = "whatsapp"


class DeliveryState(StrEnum):
    """Where a delivery stands; `failed` is for good, until somebody tries again by hand."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
