"""What can be said, by which channel, and how far it came."""

from enum import StrEnum


class Kind(StrEnum):
    """What a buyer can be told; each at most once per order and occasion."""

    PROOF_RECEIVED = "proof_received"
    TICKET_READY = "ticket_ready"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    EVENT_CANCELLED = "event_cancelled"
    EVENT_MOVED = "event_moved"
    REMINDER = "reminder"
    FOLLOW_UP = "follow_up"
    SESSION_READY = "session_ready"
    SESSION_MOVED = "session_moved"
    SESSION_REMINDER = "session_reminder"
    ORDER_CONFIRMED = "order_confirmed"
    DEPOSIT_RECEIVED = "deposit_received"
    BALANCE_REFUSED = "balance_refused"
    PARCEL_SENT = "parcel_sent"
    PRICE_PROPOSED = "price_proposal"
    TAKEN_BACK = "taken_back"
    TICKETS_REFUNDED = "tickets_refunded"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"
    TICKET_RECEIVED = "ticket_received"
    TICKET_HANDED_ON = "ticket_handed_on"
    TICKET_MOVED = "ticket_moved"
    TICKET_CANCELLED = "ticket_cancelled"


class ChannelName(StrEnum):
    """The channels by which a person can be reached. A new one is an adapter registered under its name."""

    EMAIL = "email"
    WHATSAPP = "whatsapp"


class DeliveryState(StrEnum):
    """Where a delivery stands; `failed` is for good, until somebody tries again by hand."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
