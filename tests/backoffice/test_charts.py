"""The geometry of charts and the folding of hours: numbers alone."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.backoffice.charts import Column, clip, columns, nice_ceiling, share, ticks
from pesan.backoffice.periods import Period, Slot, begin_of, choose_period, fold

at = datetime.fromisoformat
FRIDAY = at("2026-12-04T19:25")
counts = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=80)


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(0, 0, 0.0), (3, 0, 0.0), (1, 3, 33.33), (3, 3, 100.0), (5, 3, 100.0), (-1, 3, 0.0)],
)
def test_share_stays_between_nothing_and_all(part: int, whole: int, percent: float) -> None:
    assert share(part, whole) == percent


@pytest.mark.parametrize(
    ("highest", "ceiling"), [(0, 1), (1, 1), (3, 5), (10, 10), (11, 20), (99, 100), (501, 1000)]
)
def test_ceiling_is_a_round_number(highest: int, ceiling: int) -> None:
    assert nice_ceiling(highest) == ceiling


@given(st.integers(min_value=1, max_value=10**12))
def test_ceiling_is_never_far_above_what_it_covers(highest: int) -> None:
    assert highest <= nice_ceiling(highest) <= 2.5 * highest


def test_columns_stand_side_by_side_on_the_ground() -> None:
    assert columns([0, 5], 10) == [Column(20.0, 100.0, 10.0, 0.0), Column(70.0, 50.0, 10.0, 50.0)]
    assert columns([], 10) == []


@given(counts)
def test_columns_stay_inside_the_plot_and_apart(values: list[int]) -> None:
    drawn = columns(values, nice_ceiling(max(values)))

    assert all(mark.x >= 0 and mark.x + mark.width <= 100 for mark in drawn)
    assert all(0 <= mark.y <= 100 and abs(mark.y + mark.height - 100) < 0.02 for mark in drawn)
    assert all(left.x + left.width < right.x for left, right in pairwise(drawn))


@pytest.mark.parametrize(
    ("count", "named"), [(0, []), (1, [0]), (2, [0, 1]), (3, [0, 1, 2]), (48, [0, 23, 47])]
)
def test_ticks_name_first_middle_and_last(count: int, named: list[int]) -> None:
    assert ticks(count) == named


def test_ticks_leave_the_middle_out_where_names_are_long() -> None:
    assert ticks(48, with_middle=False) == [0, 47]


def test_long_label_is_clipped_and_a_short_one_is_not() -> None:
    assert clip("Reguler") == "Reguler"
    assert clip("Festival Tribun Timur Atas Sekali") == "Festival Tribun Timur A…"


@pytest.mark.parametrize(
    ("length", "wanted", "period"),
    [
        (timedelta(hours=47), None, Period.HOUR),
        (timedelta(hours=48), None, Period.DAY),
        (timedelta(days=61), None, Period.DAY),
        (timedelta(days=62), None, Period.WEEK),
        (timedelta(days=62), Period.HOUR, Period.HOUR),
        (timedelta(hours=2), Period.DAY, Period.DAY),
        (timedelta(days=400), Period.DAY, Period.WEEK),
    ],
)
def test_period_has_room_for_its_columns(length: timedelta, wanted: Period | None, period: Period) -> None:
    assert choose_period(FRIDAY, FRIDAY + length, wanted) is period


@pytest.mark.parametrize(
    ("period", "begins_at"),
    [
        (Period.HOUR, at("2026-12-04T19:00")),
        (Period.DAY, at("2026-12-04T00:00")),
        (Period.WEEK, at("2026-11-30T00:00")),
    ],
)
def test_slot_begins_with_the_hour_the_day_or_the_monday(period: Period, begins_at: datetime) -> None:
    assert begin_of(FRIDAY, period) == begins_at


def test_hours_fold_into_days_with_the_empty_ones_between() -> None:
    hours = [
        Slot(at("2026-12-03T08:00"), 1, 2, 200),
        Slot(at("2026-12-04T09:00"), 1, 1, 100),
        Slot(at("2026-12-04T23:00"), 2, 4, 400),
        Slot(at("2026-12-06T00:00"), 1, 1, 100),
    ]

    folded = fold(hours, Period.DAY, first=at("2026-12-04T09:00"), last=at("2026-12-06T00:00"))

    assert folded == [
        Slot(at("2026-12-04T00:00"), 3, 5, 500),
        Slot(at("2026-12-05T00:00")),
        Slot(at("2026-12-06T00:00"), 1, 1, 100),
    ]
