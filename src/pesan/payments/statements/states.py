"""Where a line of a bank statement stands."""

from enum import StrEnum

MATCH_TASK = "checkout.match_statement"


class LineState(StrEnum):
    """NEW lines wait for the job, OPEN ones for a person."""

    NEW = "new"
    OPEN = "open"
    MATCHED = "matched"
    DISMISSED = "dismissed"


class MatchKind(StrEnum):
    """How a line found its order: its exact amount, a person, or the approval that was there before it."""

    EXACT = "exact"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
