from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from pesan.tickets.render.calendar import CalendarEntry, calendar_file, sequence_of

STARTS = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)


def _entry(**changes) -> CalendarEntry:
    facts = {
        "uid": "0193-order@tiket.example",
        "title": "Senja di Braga",
        "starts_at": STARTS,
        "ends_at": STARTS + timedelta(hours=3),
        "changed_at": STARTS - timedelta(days=9),
        "location": "Gedung Merdeka, Bandung",
        "url": "https://tiket.example/b/K7Q2M9XZ4VBNC",
    }
    return CalendarEntry(**facts | changes)


def _event(data: bytes):
    return icalendar.Calendar.from_ical(data).walk("VEVENT")[0]


def test_calendar_file_is_read_back_as_it_was_meant():
    event = _event(calendar_file(_entry(sequence=4)))

    assert event["UID"] == "0193-order@tiket.example"
    assert event["SEQUENCE"] == 4
    assert event["SUMMARY"] == "Senja di Braga"
    assert event["LOCATION"] == "Gedung Merdeka, Bandung"
    assert event["DTSTART"].dt == STARTS
    assert event["DTEND"].dt == STARTS + timedelta(hours=3)
    assert event["STATUS"] == "CONFIRMED"
    assert event.walk("VALARM")[0]["TRIGGER"].dt == timedelta(hours=-2)


@pytest.mark.parametrize(
    "title",
    [
        "A; B, C\\D",
        "satu\r\nEND:VEVENT\r\nBEGIN:VEVENT",
        "baris\nbaru",
        "{title} {0} %s",
        "x" * 66 + "éyz 🙏",
    ],
)
def test_calendar_file_keeps_any_title_inert(title):
    data = calendar_file(_entry(title=title))

    assert _event(data)["SUMMARY"] == title.replace("\r\n", "\n")
    assert data.count(b"\nBEGIN:VEVENT") == 1


def test_calendar_file_folds_by_octets_and_ends_lines_with_crlf():
    data = calendar_file(_entry(title="é" * 100, description="🙏" * 100))
    lines = data.split(b"\r\n")

    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(len(line) for line in lines) <= 75
    assert [line.decode() for line in lines] == [line.decode(errors="ignore") for line in lines]


def test_calendar_file_of_a_cancelled_booking_takes_the_entry_away():
    data = calendar_file(_entry(is_cancelled=True, sequence=9))
    event = _event(data)

    assert b"METHOD:CANCEL\r\n" in data
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("0193-order@tiket.example", 9, "CANCELLED")
    assert event.walk("VALARM") == []


def test_sequence_grows_with_every_change():
    created = STARTS - timedelta(days=9)

    assert [sequence_of(created, created + timedelta(seconds=n)) for n in (-1, 0, 1, 90)] == [0, 0, 1, 90]
