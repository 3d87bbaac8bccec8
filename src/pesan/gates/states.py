"""What a scan can answer and why, which ways people pass a gate, and what a person has to look at."""

from collections.abc import Mapping
from enum import StrEnum


class Result(StrEnum):
    """The answers of a scan, as pestapora.md §9 and §12 name them."""

    OK = "ok"
    DUPLICATE = "duplicate"
    INVALID = "invalid"
    VOID = "void"
    WRONG_EVENT = "wrong_event"
    NOT_YET = "not_yet"
    TOO_LATE = "too_late"


class Reason(StrEnum):
    """Why a scan got its result; both sides of the wire use these words."""

    GOOD = "good"
    UNREADABLE = "unreadable"
    FORGED = "forged"
    UNKNOWN = "unknown"
    OTHER_EVENT = "other_event"
    EVENT_CANCELLED = "event_cancelled"
    VOIDED = "voided"
    SUPERSEDED = "superseded"
    NOT_OPEN = "not_open"
    CLOSED = "closed"
    SLICE_OVER = "slice_over"
    STATIC_REFUSED = "static_refused"
    ALREADY_IN = "already_in"
    ALREADY_USED = "already_used"
    NOT_IN = "not_in"


RESULTS: Mapping[Reason, Result] = {
    Reason.GOOD: Result.OK,
    Reason.UNREADABLE: Result.INVALID,
    Reason.FORGED: Result.INVALID,
    Reason.UNKNOWN: Result.INVALID,
    Reason.OTHER_EVENT: Result.WRONG_EVENT,
    Reason.EVENT_CANCELLED: Result.VOID,
    Reason.VOIDED: Result.VOID,
    Reason.SUPERSEDED: Result.VOID,
    Reason.NOT_OPEN: Result.NOT_YET,
    Reason.CLOSED: Result.TOO_LATE,
    Reason.SLICE_OVER: Result.INVALID,
    Reason.STATIC_REFUSED: Result.INVALID,
    Reason.ALREADY_IN: Result.DUPLICATE,
    Reason.ALREADY_USED: Result.DUPLICATE,
    Reason.NOT_IN: Result.DUPLICATE,
}


UNTIMELY = frozenset({Reason.NOT_OPEN, Reason.CLOSED, Reason.SLICE_OVER, Reason.STATIC_REFUSED})
"""Refusals of a ticket that is good in itself: whoever a screen let in against one is inside all the same."""


class Direction(StrEnum):
    """Which way somebody passes."""

    ENTRY = "entry"
    EXIT = "exit"


class Reentry(StrEnum):
    """Whether whoever went out may come back: never, or after an exit was scanned."""

    NONE = "none"
    AFTER_EXIT = "after_exit"


class StaticCodes(StrEnum):
    """What a gate makes of a code that does not rotate: a print, or a picture that somebody may have passed on."""

    ACCEPT = "accept"
    WARN = "warn"
    REFUSE = "refuse"


class ConflictKind(StrEnum):
    """What a gate did that it would not have done, had it known."""

    DOUBLE_ENTRY = "double_entry"
    """Two screens let the same ticket in."""
    REFUSED_ADMITTED = "refused_admitted"
    """A screen let in what was void, replaced or not ours."""
