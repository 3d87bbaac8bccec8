"""The live board of an event's gates: its numbers, a chart for each gate, its devices and its scans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pesan.backoffice.charts import Column, columns, nice_ceiling, share, ticks
from pesan.backoffice.views.codes import Naming
from pesan.backoffice.views.gate_devices import DeviceRow, device_row
from pesan.backoffice.views.gate_words import (
    ALL_PLACES,
    REFUSED,
    Mark,
    reason_word,
    result_mark,
    result_words,
)
from pesan.backoffice.views.sales import Bar
from pesan.gates import board
from pesan.gates.board import Board, Crowd, Logged
from pesan.gates.models import Gate
from pesan.gates.states import Result
from pesan.kit.i18n import Locale
from pesan.kit.times import format_clock


@dataclass(frozen=True, slots=True)
class BoardFilters:
    """What narrows the list of scans, as typed."""

    q: str = ""
    result: str = ""
    gate: str = ""

    def query(self, **more: str) -> dict[str, str]:
        """The filters that are set, for a link that keeps them."""
        own = {"q": self.q, "result": self.result, "gate": self.gate}
        return {name: value for name, value in (own | more).items() if value}


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of a gate with its column; `tick` is empty where the axis says nothing."""

    label: str
    count: int
    column: Column
    tick: str = ""


@dataclass(frozen=True, slots=True)
class GateChart:
    """Who came in at one gate, minute by minute; `latest` is the last minute that is over."""

    id: UUID
    name: str
    is_closed: bool
    minutes: Sequence[Minute]
    total: int
    latest: int
    most: int


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One scan in a list; `counts_as` is empty where it counts as what its screen showed."""

    id: UUID
    at: datetime
    shown: Mark
    why: str
    counts_as: str
    holder_name: str
    sold_as: str
    seat: str
    ticket_code: str
    gate: str
    device: str
    is_offline: bool
    is_skewed: bool
    manual_reason: str
    undone_at: datetime | None
    undo_path: str = ""


@dataclass(frozen=True, slots=True)
class BoardPage:
    """The page; `is_live` where it keeps itself true, which a page of older scans does not."""

    event_title: str
    event_path: str
    path: str
    now: datetime
    all: Crowd
    crowds: Sequence[Crowd]
    charts: Sequence[GateChart]
    ceiling: int
    table: Sequence[tuple[str, Sequence[int]]]
    scans: int
    refused_share: Mapping[str, str]
    results: Sequence[Bar]
    refused: Sequence[ScanRow]
    devices: Sequence[DeviceRow]
    open_conflicts: int
    rows: Sequence[ScanRow]
    filters: BoardFilters
    choices: Mapping[str, str]
    gates: Sequence[tuple[str, str]]
    is_live: bool = True
    is_paused: bool = False
    has_undone: bool = False
    may_undo: bool = False
    next_url: str | None = None
    first_url: str | None = None
    export_urls: Mapping[str, str] | None = None

    @property
    def came(self) -> int:
        """How many came in, whether they are still there or not."""
        return self.all.inside + self.all.left


@dataclass(frozen=True, slots=True)
class UndoPage:
    """A scan that is about to be taken back; its row has no `undo_path` where there is nothing to take back."""

    event_title: str
    board_path: str
    row: ScanRow
    problem: str = ""


def whole(crowds: Sequence[Crowd]) -> Crowd:
    """All people of the event."""
    names = ("expected", "inside", "left", "absent")
    return Crowd(None, *(sum(getattr(crowd, name) for crowd in crowds) for name in names))


def named(crowds: Sequence[Crowd], locale: Locale) -> Sequence[Crowd]:
    """Every ticket type by a name; tickets of none are called after the whole."""
    return [
        Crowd(crowd.name or ALL_PLACES.in_(locale), crowd.expected, crowd.inside, crowd.left, crowd.absent)
        for crowd in crowds
    ]


def gate_charts(found: Board, zone: str, locale: Locale) -> tuple[Sequence[GateChart], int]:
    """A chart for each gate that is open or had somebody come in, all to one scale, and that scale."""
    starts = minutes_of(found)
    labels = [format_clock(start, zone, locale) for start in starts]
    counts = {gate.id: [found.minutes.get((gate.id, start), 0) for start in starts] for gate in found.gates}
    ceiling = nice_ceiling(max((max(each) for each in counts.values()), default=1) or 1)
    charts = [
        _chart(gate, counts[gate.id], labels, ceiling)
        for gate in found.gates
        if gate.closed_at is None or any(counts[gate.id])
    ]
    return charts, ceiling


def minutes_of(found: Board) -> Sequence[datetime]:
    """The minutes that the board looks at, the running one last."""
    return [found.since + timedelta(minutes=number) for number in range(board.MINUTES)]


def minute_table(charts: Sequence[GateChart]) -> Sequence[tuple[str, Sequence[int]]]:
    """The numbers behind the charts: minutes in which somebody came, the latest first, by gate."""
    lines = zip(*(chart.minutes for chart in charts), strict=True)
    table = [(line[0].label, [minute.count for minute in line]) for line in lines]
    return [line for line in reversed(table) if any(line[1])]


def result_bars(shown: Mapping[str, int], locale: Locale) -> Sequence[Bar]:
    """What screens showed, each as its part of all scans; ways that never happened are left out."""
    total = sum(shown.values())
    return [
        Bar(word, str(shown[name]), length := share(shown[name], total), f"{length:.0f}%")
        for name, word in result_words(locale).items()
        if shown.get(name)
    ]


def refused_share(shown: Mapping[str, int], locale: Locale) -> Mapping[str, str]:
    """Duplicates, and everything else that was refused, in percent of all scans."""
    total = sum(shown.values())
    duplicates = shown.get(Result.DUPLICATE, 0)
    others = total - duplicates - shown.get(Result.OK, 0)
    return {
        "duplicates": str(duplicates),
        "duplicate_share": _percent(duplicates, total, locale),
        "others": str(others),
        "other_share": _percent(others, total, locale),
    }


def _percent(part: int, total: int, locale: Locale) -> str:
    """`14,3%`, as each language writes it."""
    written = f"{share(part, total):.1f}%"
    return written.replace(".", ",") if locale == "id" else written


def filter_choices(locale: Locale) -> Mapping[str, str]:
    """What the list can be narrowed to by result."""
    return {board.REFUSED: REFUSED.in_(locale), **result_words(locale)}


def device_rows(found: Board, now: datetime, locale: Locale) -> Sequence[DeviceRow]:
    """Every device of the event."""
    return [device_row(device, gate, now, locale) for device, gate in found.devices]


def scan_row(found: Logged, naming: Naming, locale: Locale, *, undo_path: str = "") -> ScanRow:
    """A scan as one line; only what let somebody pass can be undone."""
    scan, ticket = found.scan, found.ticket
    is_other = scan.result != scan.shown
    may_undo = scan.shown == Result.OK and scan.undone_at is None and ticket is not None
    return ScanRow(
        id=scan.id,
        at=scan.scanned_at,
        shown=result_mark(scan.shown, scan.direction, locale),
        why=reason_word(scan.refusal if scan.shown == Result.OK else scan.reason, locale),
        counts_as=result_mark(scan.result, scan.direction, locale).word if is_other else "",
        holder_name=ticket.holder_name if ticket else "",
        sold_as=found.type_name or "",
        seat=found.seat.label if found.seat else "",
        ticket_code=naming.code(ticket.code) if ticket else "",
        gate=found.gate,
        device=found.device,
        is_offline=scan.is_offline,
        is_skewed=scan.is_skewed,
        manual_reason=scan.manual_reason or "",
        undone_at=scan.undone_at,
        undo_path=f"{undo_path}/{scan.id}/undo" if undo_path and may_undo else "",
    )


def _chart(gate: Gate, counts: Sequence[int], labels: Sequence[str], ceiling: int) -> GateChart:
    shown = ticks(len(counts), with_middle=False)
    drawn = zip(labels, counts, columns(counts, ceiling), strict=True)
    minutes = [
        Minute(label, count, column, label if number in shown else "")
        for number, (label, count, column) in enumerate(drawn)
    ]
    is_closed = gate.closed_at is not None
    return GateChart(gate.id, gate.name, is_closed, minutes, sum(counts), counts[-2], max(counts))
