"""Times as people read them, in the zone of the place, at the edges of days, years and summers."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.kit.i18n import Locale
from pesan.kit.times import format_clock, format_datetime, format_day, format_long_day, in_zone, isoformat

NOON = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "indonesian", "english"),
    [
        ("Asia/Jakarta", "Sab, 5 Des 2026 · 19.00 WIB", "Sat, 5 Dec 2026 · 19:00 WIB"),
        ("Asia/Pontianak", "Sab, 5 Des 2026 · 19.00 WIB", "Sat, 5 Dec 2026 · 19:00 WIB"),
        ("Asia/Makassar", "Sab, 5 Des 2026 · 20.00 WITA", "Sat, 5 Dec 2026 · 20:00 WITA"),
        ("Asia/Jayapura", "Sab, 5 Des 2026 · 21.00 WIT", "Sat, 5 Dec 2026 · 21:00 WIT"),
    ],
)
def test_moment_is_shown_on_the_clocks_of_the_place(zone: str, indonesian: str, english: str):
    assert format_datetime(NOON, zone, "id") == indonesian
    assert format_datetime(NOON, zone, "en") == english


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2028, 2, 28, 16, 59, 59, 999_999, UTC), "Sen, 28 Feb 2028 · 23.59 WIB"),
        (datetime(2028, 2, 28, 17, 0, tzinfo=UTC), "Sel, 29 Feb 2028 · 00.00 WIB"),
        (datetime(2028, 2, 29, 17, 0, tzinfo=UTC), "Rab, 1 Mar 2028 · 00.00 WIB"),
        (datetime(2027, 2, 28, 17, 0, tzinfo=UTC), "Sen, 1 Mar 2027 · 00.00 WIB"),
        (datetime(2026, 12, 31, 16, 59, 59, 999_999, UTC), "Kam, 31 Des 2026 · 23.59 WIB"),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), "Jum, 1 Jan 2027 · 00.00 WIB"),
    ],
)
def test_day_changes_at_the_places_midnight(moment: datetime, shown: str):
    assert format_datetime(moment, "Asia/Jakarta", "id") == shown


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "01:59 CET"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "03:00 CEST"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "02:30 CEST"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "02:30 CET"),
    ],
)
def test_hour_that_summer_skips_or_repeats_is_told_apart(moment: datetime, shown: str):
    """No merchant may choose such a zone yet; times must not be what stands against it."""
    assert format_clock(moment, "Europe/Amsterdam", "en") == shown


def test_days_have_a_short_and_a_long_form():
    assert format_day(NOON, "Asia/Jakarta", "id") == "Sab, 5 Des 2026"
    assert format_long_day(NOON, "Asia/Jakarta", "id") == "Sabtu, 5 Desember 2026"
    assert format_long_day(NOON, "Asia/Jakarta", "en") == "Saturday, 5 December 2026"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Jakarta", "Asia/Jayapura", "Europe/Amsterdam"])
def test_programs_read_utc_whatever_the_zone(zone: str):
    moment = datetime(2026, 12, 31, 23, 59, 59, 999_400, UTC).astimezone(ZoneInfo(zone))

    assert isoformat(moment) == "2026-12-31T23:59:59.999Z"


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Europe/Amsterdam"]),
    st.sampled_from(["id", "en"]),
)
def test_zone_changes_the_words_and_never_the_moment(moment: datetime, zone: str, locale: Locale):
    assert in_zone(moment, zone) == moment
    assert str(in_zone(moment, zone).year) in format_datetime(moment, zone, locale)
