"""Sales by the hour, folded into what a chart can show: hours, days or weeks of the merchant's own clock."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pesan.kit.times import in_zone

HOURS_SHOWN = timedelta(hours=48)
DAYS_SHOWN = timedelta(days=62)


class Period(StrEnum):
    """How long one column lasts."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


_LENGTHS = {
    Period.HOUR: timedelta(hours=1),
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(weeks=1),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """What was sold from `begins_at` on, a local time without a zone, until the next slot."""

    begins_at: datetime
    orders: int = 0
    places: int = 0
    amount: int = 0

    def __add__(self, other: "Slot") -> "Slot":
        return Slot(
            self.begins_at,
            self.orders + other.orders,
            self.places + other.places,
            self.amount + other.amount,
        )


def choose_period(first: datetime, last: datetime, wanted: Period | None = None) -> Period:
    """The finest one whose columns still have room between these two times; whoever wants hours gets hours."""
    length = last - first
    if wanted is Period.HOUR or (wanted is None and length < HOURS_SHOWN):
        return Period.HOUR
    return Period.DAY if length < DAYS_SHOWN else Period.WEEK


def begin_of(moment: datetime, period: Period) -> datetime:
    """When the slot with this moment begins; weeks begin on Monday."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    if period is Period.HOUR:
        return hour
    day = hour.replace(hour=0)
    return day if period is Period.DAY else day - timedelta(days=day.weekday())


def begins(period: Period, first: datetime, last: datetime) -> list[datetime]:
    """When each slot begins that has a part between these two local times."""
    return list(_begins(period, first, last))


def fold(hours: Iterable[Slot], period: Period, *, first: datetime, last: datetime) -> list[Slot]:
    """Every slot from `first` to `last`, empty ones too; hours outside are left out."""
    slots = {begins_at: Slot(begins_at) for begins_at in _begins(period, first, last)}
    for hour in hours:
        begins_at = begin_of(hour.begins_at, period)
        if begins_at in slots:
            slots[begins_at] += hour
    return list(slots.values())


def _begins(period: Period, first: datetime, last: datetime) -> Iterator[datetime]:
    moment = begin_of(first, period)
    while moment <= last:
        yield moment
        moment += _LENGTHS[period]


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month on the merchant's own clock."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @classmethod
    def parse(cls, text: str) -> "Month":
        """The month of `2026-11`."""
        year, _, number = text.partition("-")
        return cls(int(year), int(number))

    @classmethod
    def of(cls, moment: datetime, zone: str) -> "Month":
        """The month that a moment is in."""
        local = in_zone(moment, zone)
        return cls(local.year, local.month)

    @property
    def before(self) -> "Month":
        """The one before."""
        return Month(self.year - 1, 12) if self.number == 1 else Month(self.year, self.number - 1)

    @property
    def after(self) -> "Month":
        """The next one."""
        return Month(self.year + 1, 1) if self.number == 12 else Month(self.year, self.number + 1)

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """When it begins and when it is over, half-open."""
        begins = datetime(self.year, self.number, 1, tzinfo=ZoneInfo(zone))
        ends = datetime(self.after.year, self.after.number, 1, tzinfo=ZoneInfo(zone))
        return begins, ends
