"""The purposes that need somebody's consent, what people may ask about their data, and how long each step takes."""

from datetime import timedelta
from enum import StrEnum

SEND_LINK_TASK = "privacy.send_link"
CARRY_OUT_TASK = "privacy.carry_out"
ANSWER_TASK = "privacy.answer"
NOTE_ERASURES_TASK = "privacy.note_erasures"
ERASED = "—"
"""What stands where a name was."""
ANSWER_WITHIN = timedelta(hours=72)
"""UU 27/2022: what somebody asks about their data is done within 3 × 24 hours."""
LINK_WITHIN = timedelta(hours=1)
VISIT_WITHIN = timedelta(hours=1)
"""How long somebody who opened the link may look and ask."""


class Purpose(StrEnum):
    """What needs a consent of its own."""

    MARKETING = "marketing"
    GUARDIAN = "guardian"
    """A parent's or guardian's consent that somebody under 18 comes, and that their data is kept for it."""


class ConsentChannel(StrEnum):
    """Where consent was given."""

    CHECKOUT = "checkout"
    API = "api"


class RequestKind(StrEnum):
    """What is asked; seeing and taking one's data needs nobody's decision, and so no request."""

    CORRECTION = "correction"
    ERASURE = "erasure"


class RequestState(StrEnum):
    """Where a request stands; between approved and done a job works."""

    OPEN = "open"
    APPROVED = "approved"
    DONE = "done"
    REFUSED = "refused"
