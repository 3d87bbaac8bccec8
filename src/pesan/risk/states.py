"""What orders are recognised by, what is a signal, and where its review stands."""

from enum import StrEnum


class Mark(StrEnum):
    """What an order is recognised by; lists hold the same."""

    EMAIL = "email"
    DOMAIN = "domain"
    PHONE = "phone"
    ADDRESS = "address"
    NETWORK = "network"
    DEVICE = "device"


class ListName(StrEnum):
    """Whose orders raise a review at once, and whose never do."""

    BLOCK = "block"
    ALLOW = "allow"


class Signal(StrEnum):
    """Why a person should look at an order."""

    CONTACT = "contact_velocity"
    DEVICE = "device_velocity"
    ADDRESS = "address_velocity"
    BLOCKED = "blocked"
    CARD_COUNTRY = "card_country"
    PROVIDER = "provider_review"


class ReviewState(StrEnum):
    """Where a review stands; another signal opens it again."""

    OPEN = "open"
    SETTLED = "settled"


class Verdict(StrEnum):
    """What whoever looked made of it; what is to be done about the order itself is done on the booking's page."""

    FINE = "fine"
    FRAUD = "fraud"


COUNTED = {
    Mark.EMAIL: Signal.CONTACT,
    Mark.PHONE: Signal.CONTACT,
    Mark.DEVICE: Signal.DEVICE,
    Mark.ADDRESS: Signal.ADDRESS,
}
"""Which marks are counted, and which signal too many of one are. A domain or a network is shared by strangers."""
