"""From rows to views: everything that a customers' page shows is decided here, nothing is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from pesan.booths.queries.availability import HORIZON, Offer
from pesan.booths.queries.showing import Day, Shown, Today
from pesan.booths.slots import DAY, Opening
from pesan.booths.views import DayView, HourView, OutletCard, Timetable, TimeView
from pesan.checkout.links import outlet_path
from pesan.kit.i18n import Locale
from pesan.kit.times import format_clock, format_month, format_weekday, in_zone
from pesan.tenancy.brands import show_brand

WEEK = 7
_AT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The day that somebody looks at, of those from `today` to the horizon."""

    day: date
    today: date

    @classmethod
    def of(cls, shown: Shown, asked: str) -> "Chosen":
        """The day that an address asks for; today for anything else that stands there."""
        today = shown.today
        try:
            day = date.fromisoformat(asked)
        except ValueError:
            day = today
        return cls(day if today <= day <= today + HORIZON else today, today)

    @property
    def last(self) -> date:
        """The last day on which a time can be chosen."""
        return self.today + HORIZON

    @property
    def week(self) -> Sequence[date]:
        """The days of the strip, in weeks that begin with today's weekday."""
        first = self.today + ((self.day - self.today).days // WEEK) * WEEK * DAY
        return [first + n * DAY for n in range(WEEK) if first + n * DAY <= self.last]


def write_at(moment: datetime) -> str:
    """A time in an address."""
    return moment.astimezone(UTC).strftime(_AT)


def read_at(text: str) -> datetime | None:
    """The time that an address or a form names; None for anything else."""
    try:
        at = datetime.strptime(text, _AT).replace(tzinfo=UTC)
    except ValueError:
        return None
    # The calendar ends on days that have no yesterday or no tomorrow, which it may be on an outlet's clocks.
    return at if MINYEAR < at.year < MAXYEAR else None


def show_outlet(shown: Shown, today: Today | None = None) -> OutletCard:
    """An outlet as a card."""
    outlet, event, counted = shown.outlet, shown.event, today or Today()
    return OutletCard(
        name=outlet.name,
        location=outlet.location,
        zone=outlet.zone,
        price_amount=event.price_amount,
        path=outlet_path(event.slug, event.short_id),
        short_id=event.short_id,
        brand=show_brand(shown.merchant),
        is_open=shown.is_open,
        free=counted.free,
        has_booths=counted.has_booths,
        times=counted.times,
    )


def show_timetable(
    shown: Shown,
    chosen: Chosen,
    *,
    day: Day,
    locale: Locale,
    own: datetime | None = None,
) -> Timetable:
    """A day's times; `own` is the one that the customer has already."""
    zone, week = shown.outlet.zone, chosen.week
    days = [_show_day(each, chosen, zone, day.hours, locale) for each in week]
    open_days = {opening.weekday for opening in day.hours}
    later = week[-1] + DAY
    ahead = (chosen.day + n * DAY for n in range(1, (chosen.last - chosen.day).days + 1))
    next_day = next((each for each in ahead if each.weekday() in open_days), None)
    return Timetable(
        day=next(each for each in days if each.is_chosen),
        days=days,
        hours=_show_hours(day.offers, chosen.day, zone, locale, own) if day.has_booths else [],
        has_booths=day.has_booths,
        zone_name=in_zone(_noon(chosen.day, zone), zone).tzname() or zone,
        earlier=_query(week[0] - WEEK * DAY) if week[0] > chosen.today else "",
        later=_query(later) if later <= chosen.last else "",
        next_day=_query(next_day) if next_day else "",
    )


def show_times(
    offers: Sequence[Offer], zone: str, locale: Locale, own: datetime | None = None
) -> list[TimeView]:
    """Times as buttons."""
    return [
        TimeView(
            starts_at=offer.span.starts_at,
            label=_clock(offer.span.starts_at, zone, locale),
            at=write_at(offer.span.starts_at),
            is_free=bool(offer.booths),
            is_own=offer.span.starts_at == own,
        )
        for offer in offers
    ]


def _show_hours(
    offers: Sequence[Offer], day: date, zone: str, locale: Locale, own: datetime | None
) -> list[HourView]:
    hours = groupby(
        show_times(offers, zone, locale, own), key=lambda each: _hour_of(in_zone(each.starts_at, zone))
    )
    return [
        HourView(
            label=_clock(hour, zone, locale),
            starts_at=hour,
            times=list(of_hour),
            is_next_day=hour.date() != day,
        )
        for hour, of_hour in hours
    ]


def _show_day(day: date, chosen: Chosen, zone: str, hours: Sequence[Opening], locale: Locale) -> DayView:
    noon = _noon(day, zone)
    return DayView(
        starts_at=noon,
        weekday=format_weekday(noon, zone, locale),
        number=day.day,
        month=format_month(noon, zone, locale),
        query=_query(day),
        is_chosen=day == chosen.day,
        is_closed=day.weekday() not in {opening.weekday for opening in hours},
    )


def _hour_of(local: datetime) -> datetime:
    return local.replace(minute=0, second=0, microsecond=0)


def _noon(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(12), ZoneInfo(zone))


def _clock(moment: datetime, zone: str, locale: Locale) -> str:
    """`19.00`, where the zone is named beside it."""
    return format_clock(moment, zone, locale).rpartition(" ")[0]


def _query(day: date) -> str:
    return f"day={day.isoformat()}"
