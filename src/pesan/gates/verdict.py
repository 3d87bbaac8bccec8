"""What a gate says about what it was shown: one pure function, which `js/gate/verdict.js` says again offline.

Both pass `vectors.json`; whoever changes one changes the other.
"""

from dataclasses import dataclass
from datetime import datetime

from pesan.gates.states import RESULTS, Direction, Reason, Reentry, Result, StaticCodes


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a ticket stands at its event: how often it came in, and whether its person is inside now."""

    cycle: int = 0
    is_inside: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """How an event's gates work; `opens_at` and `closes_at` are the half-open time in which they let in."""

    opens_at: datetime
    closes_at: datetime
    reentry: Reentry = Reentry.NONE
    static_codes: StaticCodes = StaticCodes.ACCEPT


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known of a code once its signature was checked.

    `is_ours` says that the merchant's key signed it; `is_known` that the event has this ticket, or may have it:
    `is_listed` that whoever judges has seen it in the event's list, which the server always has. `is_live` is a code
    that rotates, and `is_stale` one whose time is over.
    """

    is_readable: bool = True
    is_ours: bool = True
    is_known: bool = True
    is_listed: bool = True
    is_event_cancelled: bool = False
    is_void: bool = False
    is_superseded: bool = False
    is_live: bool = False
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer; `is_warning` asks staff to look twice: at a code that does not rotate, or a ticket on no list."""

    reason: Reason
    is_warning: bool = False

    @property
    def result(self) -> Result:
        """One of the documented answers."""
        return RESULTS[self.reason]


def judge(shown: Shown, rules: Rules, standing: Standing, direction: Direction, at: datetime) -> Verdict:
    """The verdict on a code at `at`, the corrected time of the scan."""
    refused = refusal_of(shown, rules, direction, at, standing)
    is_doubtful = not shown.is_live and rules.static_codes is StaticCodes.WARN
    return Verdict(refused or Reason.GOOD, refused is None and (is_doubtful or not shown.is_listed))


def refusal_of(
    shown: Shown, rules: Rules, direction: Direction, at: datetime, standing: Standing | None
) -> Reason | None:
    """Why the code does not pass; without a `standing`, nothing that was scanned before counts."""
    is_entry = direction is Direction.ENTRY
    checks = (
        (not shown.is_readable, Reason.UNREADABLE),
        (not shown.is_ours, Reason.FORGED),
        (not shown.is_known, Reason.OTHER_EVENT),
        (shown.is_event_cancelled, Reason.EVENT_CANCELLED),
        (shown.is_void, Reason.VOIDED),
        (shown.is_superseded, Reason.SUPERSEDED),
        *_history(standing, rules.reentry, direction),
        # Whoever is inside may leave at any time.
        (is_entry and at < rules.opens_at, Reason.NOT_OPEN),
        (is_entry and at >= rules.closes_at, Reason.CLOSED),
        (shown.is_stale, Reason.SLICE_OVER),
        (not shown.is_live and rules.static_codes is StaticCodes.REFUSE, Reason.STATIC_REFUSED),
    )
    return next((reason for applies, reason in checks if applies), None)


def _history(
    standing: Standing | None, reentry: Reentry, direction: Direction
) -> tuple[tuple[bool, Reason], ...]:
    if standing is None:
        return ()
    if direction is Direction.EXIT:
        return ((not standing.is_inside, Reason.NOT_IN),)
    is_spent = standing.cycle > 0 and reentry is Reentry.NONE
    return ((standing.is_inside, Reason.ALREADY_IN), (is_spent, Reason.ALREADY_USED))
