"""Dates and times as Indonesians read them; stored as UTC, shown in the merchant's zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from pesan.kit.i18n import Locale

ZONES = ("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura")
DEFAULT_ZONE = "Asia/Jakarta"
_UTC_LENGTH = len("2026-12-05T12:00:00.000")
_BABEL = {"id": "id_ID", "en": "en_GB"}


def format_datetime(moment: datetime, zone: str, locale: Locale) -> str:
    """`Sab, 5 Des 2026 · 19.00 WIB`."""
    return f"{format_day(moment, zone, locale)} · {format_clock(moment, zone, locale)}"


def format_day(moment: datetime, zone: str, locale: Locale) -> str:
    """`Sab, 5 Des 2026`."""
    return format_date(in_zone(moment, zone), "EEE, d MMM y", locale=_BABEL[locale])


def format_short_day(moment: datetime, zone: str, locale: Locale) -> str:
    """`5 Des`, where the year is plain from what stands around it."""
    return format_date(in_zone(moment, zone), "d MMM", locale=_BABEL[locale])


def format_weekday(moment: datetime, zone: str, locale: Locale) -> str:
    """`Sab`."""
    return format_date(in_zone(moment, zone), "EEE", locale=_BABEL[locale])


def format_month(moment: datetime, zone: str, locale: Locale) -> str:
    """`Desember 2026`."""
    return format_date(in_zone(moment, zone), "MMMM y", locale=_BABEL[locale])


def format_long_day(moment: datetime, zone: str, locale: Locale) -> str:
    """`Sabtu, 5 Desember 2026`."""
    return format_date(in_zone(moment, zone), "EEEE, d MMMM y", locale=_BABEL[locale])


def format_clock(moment: datetime, zone: str, locale: Locale) -> str:
    """`19.00 WIB`; the zone is always named, because the country has three."""
    local = in_zone(moment, zone)
    pattern = "HH.mm" if locale == "id" else "HH:mm"
    return f"{format_time(local.timetz(), pattern, locale=_BABEL[locale])} {local.tzname()}"


def in_zone(moment: datetime, zone: str) -> datetime:
    """The same instant on the clocks of `zone`."""
    return moment.astimezone(ZoneInfo(zone))


def isoformat(moment: datetime) -> str:
    """UTC with milliseconds and a `Z`, the one form that the APIs speak."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{in_utc.isoformat(timespec='milliseconds')[:_UTC_LENGTH]}Z"
