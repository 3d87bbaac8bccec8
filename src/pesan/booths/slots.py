"""When a booth can be booked: pure arithmetic over an outlet's opening hours, in the zone of its clocks."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pesan.kit.times import in_zone

DAY = timedelta(days=1)
SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """Hours of one weekday (Monday is 0); hours that close no later than they open go on into the next day."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open time in UTC: in which one session fits, or during which an outlet is open."""

    starts_at: datetime
    ends_at: datetime


def slots_of(day: date, hours: Sequence[Opening], zone: str, duration: timedelta) -> Iterator[Span]:
    """The slots in the hours that open on `day`, in order; the last one ends before its hours do.

    A slot is as long as `duration` whatever the clocks do meanwhile: an hour that is shown twice is two hours long, and
    one that is skipped is none.
    """
    if duration < SHORTEST:
        raise ValueError("a session takes a minute at least")
    for times in open_times(day, hours, zone):
        starts_at = times.starts_at
        while starts_at + duration <= times.ends_at:
            yield Span(starts_at, starts_at + duration)
            starts_at += duration


def open_times(day: date, hours: Sequence[Opening], zone: str) -> Iterator[Span]:
    """When the outlet is open by the hours that open on `day`, in order, and no moment twice.

    What still belongs to the hours of the day before is theirs.
    """
    earlier = max((span.ends_at for span in _spans(day - DAY, hours, zone)), default=None)
    for span in _merged(sorted(_spans(day, hours, zone))):
        starts_at = span.starts_at if earlier is None else max(span.starts_at, earlier)
        if starts_at < span.ends_at:
            yield Span(starts_at, span.ends_at)


def find_slot(starts_at: datetime, hours: Sequence[Opening], zone: str, duration: timedelta) -> Span | None:
    """The slot that begins at this moment, if the hours have one."""
    day = in_zone(starts_at, zone).date()
    slots = (slot for each in (day - DAY, day) for slot in slots_of(each, hours, zone, duration))
    return next((slot for slot in slots if slot.starts_at == starts_at), None)


def busy_at(slots: Sequence[Span], taken: Mapping[int, Iterable[Span]]) -> list[set[int]]:
    """For each of `slots`, which things have it or some of it taken, whatever length that has.

    The slots are as `slots_of` says them, in order; each that is taken is looked up, and no slot is gone through.
    """
    starts, ends = [slot.starts_at for slot in slots], [slot.ends_at for slot in slots]
    busy: list[set[int]] = [set() for _ in slots]
    for thing, spans in taken.items():
        for span in spans:
            for place in range(bisect_right(ends, span.starts_at), bisect_left(starts, span.ends_at)):
                busy[place].add(thing)
    return busy


def _spans(day: date, hours: Iterable[Opening], zone: str) -> Iterator[Span]:
    for opening in hours:
        if opening.weekday == day.weekday():
            closes_on = day if opening.closes > opening.opens else day + DAY
            yield Span(_instant(day, opening.opens, zone), _instant(closes_on, opening.closes, zone))


def _instant(day: date, clock: time, zone: str) -> datetime:
    """The instant at which the clocks of `zone` show this; of two, the first, and of none, that after the gap."""
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Times that touch or overlap are one."""
    last: Span | None = None
    for span in spans:
        if last is not None and span.starts_at <= last.ends_at:
            last = Span(last.starts_at, max(last.ends_at, span.ends_at))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
