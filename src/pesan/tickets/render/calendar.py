"""An event in the guest's own calendar (RFC 5545; protocols §7.5)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event, vText

from pesan.kit.i18n import DEFAULT_LOCALE, Locale, Text

MIME_TYPE = "text/calendar; charset=utf-8"
REMIND_BEFORE = timedelta(hours=2)
_PRODUCT = "-//Pesan//Pesan//ID"
_REMINDER = Text(id="Sebentar lagi: {title}", en="Coming up: {title}")


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One entry.

    `uid` stays the same for the booking's whole life and `sequence` only grows, so that a file that is opened again
    moves the entry instead of adding another.
    """

    uid: str
    title: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    sequence: int = 0
    location: str = ""
    description: str = ""
    url: str = ""
    is_cancelled: bool = False
    locale: Locale = DEFAULT_LOCALE


def calendar_file(entry: CalendarEntry) -> bytes:
    """The `.ics` file: times in UTC, which every calendar shows in its owner's zone, and an alarm two hours before."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", _PRODUCT)
    calendar.add("method", "CANCEL" if entry.is_cancelled else "PUBLISH")
    calendar.add_component(_event(entry))
    return bytes(calendar.to_ical())


def sequence_of(created_at: datetime, updated_at: datetime) -> int:
    """A SEQUENCE that grows with every change: the seconds between creation and the last one."""
    return max(0, int((updated_at - created_at).total_seconds()))


def _event(entry: CalendarEntry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.starts_at.astimezone(UTC))
    event.add("dtend", entry.ends_at.astimezone(UTC))
    for name in ("title", "location", "description"):
        if value := getattr(entry, name):
            event.add("summary" if name == "title" else name, vText(value))
    if entry.url:
        event.add("url", entry.url)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    if not entry.is_cancelled:
        event.add_component(_alarm(entry))
    return event


def _alarm(entry: CalendarEntry) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _REMINDER.in_(entry.locale, title=entry.title))
    alarm.add("trigger", -REMIND_BEFORE)
    return alarm
