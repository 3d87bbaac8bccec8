"""The purposes that need somebody's consent, and the ways in which they may give it."""

from enum import StrEnum


class Purpose(StrEnum):
    """What a contact may be used for beside the booking itself, each by a consent of its own."""

    MARKETING = "marketing"


class ConsentChannel(StrEnum):
    """Where consent was given."""

    CHECKOUT = "checkout"
