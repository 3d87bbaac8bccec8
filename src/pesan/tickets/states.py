"""The states of a ticket, what verifying one can answer, and how long its signature lasts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

GRACE = timedelta(hours=6)
"""How long after the event's end a ticket still verifies: a concert overruns, a gate closes late."""


class TicketState(StrEnum):
    """Where a ticket stands."""

    ACTIVE = "active"
    USED = "used"
    VOID = "void"


class TicketEvent(StrEnum):
    """What can happen to a ticket."""

    USE = "use"
    VOID = "void"
    HAND_ON = "hand_on"


TRANSITIONS: Mapping[tuple[TicketState, TicketEvent], TicketState] = {
    (TicketState.ACTIVE, TicketEvent.USE): TicketState.USED,
    (TicketState.ACTIVE, TicketEvent.VOID): TicketState.VOID,
    (TicketState.ACTIVE, TicketEvent.HAND_ON): TicketState.ACTIVE,
    (TicketState.USED, TicketEvent.VOID): TicketState.VOID,
}
"""Every allowed move; a void ticket stays void."""


class KeyState(StrEnum):
    """A retired key signs nothing new; what it signed before it was retired verifies until that expires."""

    ACTIVE = "active"
    RETIRED = "retired"


class Result(StrEnum):
    """The five answers of `/api/verify/qr`."""

    VALID = "valid"
    INVALID = "invalid"
    VOID = "void"
    WRONG_EVENT = "wrong_event"
    USED = "used"


class Reason(StrEnum):
    """Why a ticket got its result."""

    GOOD = "good"
    UNREADABLE = "unreadable"
    FORGED = "forged"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    VOIDED = "voided"
    EVENT_CANCELLED = "event_cancelled"
    SUPERSEDED = "superseded"
    SLICE_OVER = "slice_over"
    OTHER_EVENT = "other_event"
    ALREADY_USED = "already_used"


RESULTS: Mapping[Reason, Result] = {
    Reason.GOOD: Result.VALID,
    Reason.UNREADABLE: Result.INVALID,
    Reason.FORGED: Result.INVALID,
    Reason.UNKNOWN: Result.INVALID,
    Reason.EXPIRED: Result.INVALID,
    Reason.VOIDED: Result.VOID,
    Reason.EVENT_CANCELLED: Result.VOID,
    Reason.SUPERSEDED: Result.VOID,
    Reason.SLICE_OVER: Result.INVALID,
    Reason.OTHER_EVENT: Result.WRONG_EVENT,
    Reason.ALREADY_USED: Result.USED,
}


def expires_at(event_ends_at: datetime, issued_at: datetime) -> datetime:
    """When a ticket stops verifying; one that was issued late still gets the grace."""
    return max(event_ends_at, issued_at) + GRACE
