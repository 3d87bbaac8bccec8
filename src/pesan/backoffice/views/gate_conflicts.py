"""The conflicts of an event's gates: each with everything that speaks to it, as a person settles it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.gate_words import Mark, conflict_word, reason_word, result_mark
from pesan.gates.board import Logged
from pesan.gates.conflicts import Found
from pesan.gates.states import Result
from pesan.kit.i18n import Locale
from pesan.kit.times import format_day, in_zone


@dataclass(frozen=True, slots=True)
class Frame:
    """How a page shows things: the merchant's zone, the person's language, and how it names tickets."""

    zone: str
    locale: Locale
    naming: Naming


@dataclass(frozen=True, slots=True)
class Evidence:
    """One scan of a conflict: where, by what, when by every clock that was there, and what the screen showed."""

    gate: str
    device: str
    shown: Mark
    why: str
    counts: bool
    scanned_at: str
    device_at: str
    received_at: str
    is_offline: bool
    is_skewed: bool
    offset_seconds: int
    manual_reason: str
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConflictCard:
    """One conflict; without a code it is about what was no ticket of the event."""

    id: UUID
    title: str
    holder_name: str
    sold_as: str
    seat: str
    ticket_code: str
    scans: Sequence[Evidence]
    seen: str
    opened_at: datetime
    is_reopened: bool
    note: str
    earlier_notes: Sequence[str]
    settled_at: datetime | None
    settled_by: str


@dataclass(frozen=True, slots=True)
class ConflictsPage:
    """A page of open conflicts, of `waiting` altogether, and one of those that were settled."""

    event_title: str
    path: str
    open: Sequence[ConflictCard]
    settled: Sequence[ConflictCard]
    waiting: int
    next_open_url: str = ""
    next_settled_url: str = ""
    first_url: str = ""
    problem: str = ""
    done: bool = False
    typed_id: str = ""
    typed: str = ""


def conflict_card(found: Found, frame: Frame) -> ConflictCard:
    """A conflict as a card."""
    conflict, ticket = found.conflict, found.ticket
    return ConflictCard(
        id=conflict.id,
        title=conflict_word(conflict.kind, frame.locale),
        holder_name=ticket.holder_name if ticket else "",
        sold_as=found.type_name or "",
        seat=found.seat.label if found.seat else "",
        ticket_code=frame.naming.code(ticket.code) if ticket else "",
        scans=[evidence(scan, frame) for scan in found.scans],
        seen=found.seen,
        opened_at=conflict.opened_at,
        is_reopened=found.is_reopened,
        note=conflict.note,
        earlier_notes=conflict.earlier_notes,
        settled_at=conflict.settled_at,
        settled_by=found.settled_by or "",
    )


def evidence(found: Logged, frame: Frame) -> Evidence:
    """One scan with all its clocks."""
    scan = found.scan
    return Evidence(
        gate=found.gate,
        device=found.device,
        shown=result_mark(scan.shown, scan.direction, frame.locale),
        why=reason_word(scan.refusal, frame.locale),
        counts=scan.result == Result.OK and scan.undone_at is None,
        scanned_at=exact(scan.scanned_at, frame),
        device_at=exact(scan.device_at, frame),
        received_at=exact(scan.received_at, frame),
        is_offline=scan.is_offline,
        is_skewed=scan.is_skewed,
        offset_seconds=round(scan.offset_ms / 1000),
        manual_reason=scan.manual_reason or "",
        undone_at=scan.undone_at,
    )


def exact(moment: datetime, frame: Frame) -> str:
    """`Sab, 5 Des 2026 · 19.00.07 WIB`: between two scans lie seconds."""
    local = in_zone(moment, frame.zone)
    clock = local.strftime("%H.%M.%S" if frame.locale == "id" else "%H:%M:%S")
    return f"{format_day(moment, frame.zone, frame.locale)} · {clock}\u00a0{local.tzname()}"
