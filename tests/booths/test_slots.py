"""Slots of a booth: what the hours of an outlet come to, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pesan.booths.slots import DAY, Opening, Span, busy_at, find_slot, open_times, slots_of
from pesan.kit.times import in_zone

MINUTE = timedelta(minutes=1)
# Without changes of the clocks, with one of an hour, with one of half an hour, and with one at midnight.
ZONES = ["Asia/Jakarta", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut"]
# The clocks of Berlin skip an hour on the first of these days and show one twice on the second.
GAP, FOLD = date(2026, 3, 29), date(2026, 10, 25)
days = st.dates(date(2026, 1, 1), date(2028, 12, 31)) | st.sampled_from([GAP, FOLD])
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
openings = st.builds(Opening, weekday=st.integers(0, 6), opens=clocks, closes=clocks)
weeks = st.lists(openings, max_size=10)
durations = st.integers(5, 240).map(lambda minutes: timedelta(minutes=minutes))
zones = st.sampled_from(ZONES)
# How long one example takes on a busy machine shows nothing.
unhurried = settings(deadline=None)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def is_open(moment: datetime, hours: list[Opening], zone: str) -> bool:
    """By the clock on the wall alone; right wherever no clock is changed near by."""
    local = in_zone(moment, zone)
    return any(
        _is_during(each, local.weekday(), local.time(), is_next_day=is_next_day)
        for each in hours
        for is_next_day in (False, True)
    )


def _is_during(opening: Opening, weekday: int, clock: time, *, is_next_day: bool) -> bool:
    goes_on = opening.closes <= opening.opens
    if is_next_day:
        return goes_on and weekday == (opening.weekday + 1) % 7 and clock < opening.closes
    return weekday == opening.weekday and opening.opens <= clock and (goes_on or clock < opening.closes)


@unhurried
@given(days, weeks, zones, durations)
def test_slots_are_of_one_length_and_follow_each_other_over_days(day, hours, zone, duration):
    slots = [slot for n in range(-1, 3) for slot in slots_of(day + n * DAY, hours, zone, duration)]

    assert {slot.ends_at - slot.starts_at for slot in slots} <= {duration}
    assert all(one.ends_at <= next_.starts_at for one, next_ in pairwise(slots))


@unhurried
@given(days, weeks, zones, durations)
def test_no_slot_lies_outside_the_hours_and_none_that_fits_is_missing(day, hours, zone, duration):
    slots = list(slots_of(day, hours, zone, duration))
    rest = set(slots)

    for span in open_times(day, hours, zone):
        inside = [slot for slot in slots if span.starts_at <= slot.starts_at and slot.ends_at <= span.ends_at]
        rest -= set(inside)
        ends = [span.starts_at, *(slot.ends_at for slot in inside)]
        assert [slot.starts_at for slot in inside] == ends[:-1]
        assert span.ends_at - ends[-1] < duration
    assert rest == set()


@unhurried
@given(days, weeks)
def test_an_outlet_is_open_when_the_clock_on_its_wall_says_so(day, hours):
    """Minute by quarter of an hour, in a zone whose clocks are never changed."""
    zone = "Asia/Jakarta"
    spans = [span for n in (-1, 0) for span in open_times(day + n * DAY, hours, zone)]
    midnight = datetime.combine(day, time(17), UTC) - DAY

    for minute in range(0, 24 * 60, 7):
        moment = midnight + minute * MINUTE
        shown = any(span.starts_at <= moment < span.ends_at for span in spans)
        assert shown == is_open(moment, hours, zone)


@unhurried
@given(days, openings, zones)
@example(GAP, Opening(6, time(2, 15), time(2, 45)), "Europe/Berlin")
@example(FOLD, Opening(6, time(2, 15), time(2, 45)), "Europe/Berlin")
def test_no_moment_is_open_twice(day, opening, zone):
    twice = [opening, opening, Opening(opening.weekday, opening.opens, time(23, 59))]
    spans = [span for n in (-1, 0, 1) for span in open_times(day + n * DAY, twice, zone)]

    assert all(one.ends_at <= next_.starts_at for one, next_ in pairwise(spans))


@unhurried
@given(days, weeks, zones, durations)
def test_every_slot_is_found_by_its_beginning_and_nothing_beside_it(day, hours, zone, duration):
    for slot in list(slots_of(day, hours, zone, duration))[:5]:
        assert find_slot(slot.starts_at, hours, zone, duration) == slot
        assert find_slot(slot.starts_at + timedelta(seconds=1), hours, zone, duration) is None


def test_hours_go_on_over_midnight():
    hours = [Opening(4, time(22), time(1)), Opening(5, time(0), time(2))]
    friday, saturday = date(2026, 11, 27), date(2026, 11, 28)

    first = list(slots_of(friday, hours, "Asia/Jakarta", timedelta(minutes=60)))
    second = list(slots_of(saturday, hours, "Asia/Jakarta", timedelta(minutes=60)))

    assert [slot.starts_at for slot in first] == [at(f"2026-11-27T{hour}") for hour in (15, 16, 17)]
    assert [slot.starts_at for slot in second] == [at("2026-11-27T18")]


def test_an_hour_that_is_skipped_is_none_and_one_that_is_shown_twice_is_two():
    hours = [Opening(6, time(1), time(4))]
    counts = [len(list(slots_of(day, hours, "Europe/Berlin", timedelta(minutes=30)))) for day in (GAP, FOLD)]

    assert counts == [4, 8]


def test_the_whole_week_is_open_without_a_break():
    hours = [Opening(weekday, time(0), time(0)) for weekday in range(7)]
    slots = list(slots_of(date(2026, 11, 27), hours, "Asia/Jakarta", timedelta(minutes=15)))

    assert (len(slots), slots[0].starts_at, slots[-1].ends_at) == (
        96,
        at("2026-11-26T17"),
        at("2026-11-27T17"),
    )


@unhurried
@given(days, weeks, zones, durations, durations, st.data())
def test_what_is_busy_shares_a_minute_with_what_was_booked_with_another_duration(
    day, hours, zone, duration, other, data
):
    slots = [slot for each in (day - DAY, day) for slot in slots_of(each, hours, zone, duration)]
    booked = [slot for each in (day - DAY, day) for slot in slots_of(each, hours, zone, other)]
    some = st.lists(st.sampled_from(booked), max_size=4) if booked else st.just([])
    taken = data.draw(st.dictionaries(st.integers(1, 5), some))
    minutes = {thing: set().union(*map(minutes_of, spans)) for thing, spans in taken.items()}

    assert busy_at(slots, taken) == [
        {thing for thing, busy in minutes.items() if not busy.isdisjoint(minutes_of(slot))} for slot in slots
    ]


def minutes_of(span: Span) -> set[datetime]:
    return {span.starts_at + minute * MINUTE for minute in range((span.ends_at - span.starts_at) // MINUTE)}


def test_a_session_of_no_length_is_refused():
    with pytest.raises(ValueError, match="a minute"):
        list(slots_of(GAP, [], "Asia/Jakarta", timedelta(0)))


def test_times_that_touch_do_not_take_each_other():
    ten, eleven, noon = (at(f"2026-01-01T{hour}") for hour in (10, 11, 12))

    assert busy_at([Span(ten, eleven), Span(eleven, noon)], {1: [Span(ten, eleven)], 2: []}) == [{1}, set()]


def test_a_day_of_many_things_is_told_by_what_is_taken_and_not_by_all_that_might_be():
    """Every look at a time is counted: of 100 things with 288 times each, half of them taken."""
    looks = 0

    class Counted(datetime):
        def __lt__(self, other: datetime) -> bool:
            nonlocal looks
            looks += 1
            return super().__lt__(other)

    begin = Counted(2026, 1, 1, tzinfo=UTC)
    times = [begin + number * 5 * MINUTE for number in range(289)]
    slots = [Span(*pair) for pair in pairwise(times)]
    busy = busy_at(slots, dict.fromkeys(range(100), slots[::2]))

    assert [len(things) for things in busy] == [100, 0] * 144
    assert 0 < looks < 100 * 144 * 25
