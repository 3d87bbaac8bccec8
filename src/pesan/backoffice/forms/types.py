"""Field types shared by the forms: rupiah, local times, blanks that mean nothing."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from pesan.kit.money import parse_rupiah
from pesan.kit.phone import normalise_phone
from pesan.kit.times import DEFAULT_ZONE

_YEARS = range(2000, 2200)


def _blank_to_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _rupiah(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_rupiah(value)
    except ValueError as error:
        raise PydanticCustomError("rupiah", "not an amount in rupiah") from error


def _local_time(value: Any, info: ValidationInfo) -> Any:
    """`datetime-local` carries no zone: what staff type is their merchant's time."""
    if not isinstance(value, str) or not value.strip():
        return _blank_to_none(value)
    try:
        local = datetime.fromisoformat(value)
    except ValueError as error:
        raise PydanticCustomError("local_time", "not a local time") from error
    # At the ends of the calendar another zone, or an hour more, is beyond it.
    if local.year not in _YEARS:
        raise PydanticCustomError("local_time", "not a local time")
    zone = (info.context or {}).get("zone", DEFAULT_ZONE)
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _phone(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        return normalise_phone(value)
    except ValueError as error:
        raise PydanticCustomError("phone", "not a mobile number") from error


def _whole_number(value: Any) -> Any:
    """Indonesians group thousands by dots; a browser's number field sends none."""
    return value.strip().replace(".", "") if isinstance(value, str) else value


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
# The limit stands inside: a blank has no length to measure.
OptionalCode = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] | None,
    BeforeValidator(_blank_to_none),
]
Rupiah = Annotated[int, BeforeValidator(_rupiah), Field(ge=0)]
LocalTime = Annotated[datetime, BeforeValidator(_local_time)]
OptionalLocalTime = Annotated[datetime | None, BeforeValidator(_local_time)]
Count = Annotated[int, BeforeValidator(_whole_number)]
OptionalCount = Annotated[Annotated[int, Field(ge=1, le=1_000_000)] | None, BeforeValidator(_blank_to_none)]
OptionalHours = Annotated[Annotated[int, Field(ge=0, le=720)] | None, BeforeValidator(_blank_to_none)]
OptionalPhone = Annotated[str | None, BeforeValidator(_phone)]
