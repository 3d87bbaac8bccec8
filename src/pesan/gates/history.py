"""What a ticket's scans come to, whatever order they arrived in: which count, and what a person has to look at.

Every scan keeps what its screen showed. Which one counts follows from all of them together: the earliest by corrected
time, then by receipt (architecture, Rulings: two offline admissions). So a ticket's history is worked out anew whenever
a scan joins it, and is a function of the set of scans alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pesan.gates.states import RESULTS, UNTIMELY, ConflictKind, Direction, Reason, Reentry, Result
from pesan.gates.verdict import Standing


@dataclass(frozen=True, slots=True)
class Seen:
    """One scan of a ticket, with what decides about it.

    `shown` is what the screen said, `refusal` what the server would have said if not ok, and `reentry` what the event
    allowed.
    """

    id: UUID
    gate_id: UUID
    direction: Direction
    shown: Result
    scanned_at: datetime
    received_at: datetime
    refusal: Reason | None = None
    reentry: Reentry = Reentry.NONE
    is_undone: bool = False

    @property
    def was_green(self) -> bool:
        """Whether somebody passed by it."""
        return self.shown is Result.OK and not self.is_undone


@dataclass(frozen=True, slots=True)
class Settled:
    """What a scan comes to: `cycle` is the entry that it counts for, None where it counts for none."""

    result: Result
    cycle: int | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something for a person to look at; `scans` are all that let somebody pass, the one that counts first."""

    kind: ConflictKind
    cycle: int
    scans: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Entered:
    """The entry that opened a cycle: by which scan, when and where."""

    scan_id: UUID
    at: datetime
    gate_id: UUID


@dataclass(frozen=True, slots=True)
class Stood:
    """Where a ticket stands after some scans, and by which entry its person came in."""

    standing: Standing = field(default_factory=Standing)
    entered: Entered | None = None


NOWHERE = Stood()
"""Where a ticket stands that was never scanned."""


@dataclass(slots=True)
class History:
    """What scans come to, where they leave their ticket, and what a person has to look at."""

    settled: dict[UUID, Settled] = field(default_factory=dict)
    stood: Stood = NOWHERE
    conflicts: list[Conflict] = field(default_factory=list)


def work_out(scans: Iterable[Seen], since: Stood = NOWHERE) -> History:
    """The history that these scans of one ticket make, in whatever order they are given.

    With `since`, of scans that all came after those that left the ticket there.
    """
    history = History(stood=since)
    admitted: dict[int, list[UUID]] = defaultdict(list)
    refused: list[UUID] = []
    for scan in sorted(scans, key=lambda scan: (scan.scanned_at, scan.received_at, scan.id)):
        if not scan.was_green:
            history.settled[scan.id] = Settled(scan.shown)
            continue
        if scan.refusal is not None:
            refused.append(scan.id)
        if scan.refusal is not None and scan.refusal not in UNTIMELY:
            history.settled[scan.id] = Settled(RESULTS[scan.refusal])
        elif scan.direction is Direction.ENTRY:
            _enter(history, scan, admitted)
        else:
            _leave(history, scan)
    history.conflicts = [
        Conflict(ConflictKind.DOUBLE_ENTRY, cycle, scans)
        for cycle, scans in admitted.items()
        if len(scans) > 1
    ]
    if refused:
        history.conflicts.append(Conflict(ConflictKind.REFUSED_ADMITTED, 0, refused))
    return history


def _enter(history: History, scan: Seen, admitted: dict[int, list[UUID]]) -> None:
    standing = history.stood.standing
    is_spent = standing.cycle > 0 and scan.reentry is Reentry.NONE
    if standing.is_inside or is_spent:
        history.settled[scan.id] = Settled(Result.DUPLICATE)
        admitted[standing.cycle].append(scan.id)
        return
    cycle = standing.cycle + 1
    history.settled[scan.id] = Settled(Result.OK, cycle)
    entered = Entered(scan.id, scan.scanned_at, scan.gate_id)
    history.stood = Stood(Standing(cycle, is_inside=True), entered)
    admitted[cycle].append(scan.id)


def _leave(history: History, scan: Seen) -> None:
    standing = history.stood.standing
    if not standing.is_inside:
        history.settled[scan.id] = Settled(Result.DUPLICATE)
        return
    history.settled[scan.id] = Settled(Result.OK, standing.cycle)
    history.stood = Stood(Standing(standing.cycle, is_inside=False), history.stood.entered)
