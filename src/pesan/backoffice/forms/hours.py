"""The form of an outlet's opening hours: a few spans for each day of the week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from pesan.booths.service.hours import MOST_A_DAY
from pesan.booths.slots import Opening
from pesan.kit.i18n import Text

_INCOMPLETE = Text(
    id="Isi jam buka dan jam tutupnya, misalnya 09:00 dan 21:00.",
    en="Enter when it opens and when it closes, such as 09:00 and 21:00.",
)


@dataclass(frozen=True, slots=True)
class SpanField:
    """Two fields of a day, as they were typed."""

    name: str
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class DayFields:
    """A day of the week with its spans, one of them empty for another."""

    weekday: int
    spans: Sequence[SpanField]
    error: Text | None = None


def shown_hours(hours: Sequence[Opening]) -> list[DayFields]:
    """The hours as fields."""
    week: list[list[tuple[str, str]]] = [[] for _ in range(7)]
    for each in hours:
        week[each.weekday].append((f"{each.opens:%H:%M}", f"{each.closes:%H:%M}"))
    return [_day(weekday, spans, None) for weekday, spans in enumerate(week)]


def read_hours(form: Mapping[str, Any]) -> tuple[list[Opening] | None, list[DayFields]]:
    """The hours that were typed, or None and what is wrong on which day."""
    hours: list[Opening] = []
    days = []
    for weekday in range(7):
        spans = [_typed(form, weekday, number) for number in range(MOST_A_DAY)]
        spans = [span for span in spans if any(span)]
        read = [_opening(weekday, opens, closes) for opens, closes in spans]
        hours += [each for each in read if each is not None]
        days.append(_day(weekday, spans, _INCOMPLETE if None in read else None))
    return (None if any(day.error for day in days) else hours), days


def _typed(form: Mapping[str, Any], weekday: int, number: int) -> tuple[str, str]:
    name = f"{weekday}-{number}"
    return str(form.get(f"opens-{name}", "")).strip()[:5], str(form.get(f"closes-{name}", "")).strip()[:5]


def _opening(weekday: int, opens: str, closes: str) -> Opening | None:
    try:
        return Opening(weekday, time.fromisoformat(opens), time.fromisoformat(closes))
    except ValueError:
        return None


def _day(weekday: int, spans: Sequence[tuple[str, str]], error: Text | None) -> DayFields:
    shown = [*spans, ("", "")][:MOST_A_DAY]
    fields = [SpanField(f"{weekday}-{number}", opens, closes) for number, (opens, closes) in enumerate(shown)]
    return DayFields(weekday, fields, error)
