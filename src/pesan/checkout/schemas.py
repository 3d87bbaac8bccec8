"""What a guest types, and what the booking face answers; the forms' HTML constraints come from here."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    PlainSerializer,
    StringConstraints,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from pesan.kit.names import HTML_PATTERN, MAX_LENGTH, clean_name
from pesan.kit.phone import normalise_phone
from pesan.kit.times import isoformat

MAX_NOTES = 120


class Face(BaseModel):
    """The booking face: camelCase outside, the house's vocabulary inside; unknown members are ignored."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel), populate_by_name=True, extra="ignore"
    )


def _name(value: str) -> str:
    try:
        return clean_name(value)
    except ValueError as error:
        raise PydanticCustomError("name", "at least 3 letters; letters, spaces and . ' - only") from error


def _wa(value: str) -> str:
    try:
        return normalise_phone(value)
    except ValueError as error:
        raise PydanticCustomError("wa", "not a WhatsApp number, like 0812-3456-7890") from error


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _printable(value: str) -> str:
    if any(ord(char) < 32 and char not in "\n\t" for char in value):
        raise PydanticCustomError("text", "control characters are not allowed")
    return value.replace("\r\n", "\n")


def _lower(value: str) -> str:
    return value.lower()


Moment = Annotated[datetime, PlainSerializer(isoformat, return_type=str, when_used="json")]
PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=MAX_LENGTH),
    AfterValidator(_name),
    Field(json_schema_extra={"html_pattern": HTML_PATTERN}),
]
WhatsApp = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40), AfterValidator(_wa)]
Email = Annotated[EmailStr, StringConstraints(max_length=254), AfterValidator(_lower)]
Notes = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=MAX_NOTES), AfterValidator(_printable)
]


class BuyerFields(Face):
    """Who books: a name, and the contact they want to be told by."""

    name: PersonName
    wa: Annotated[WhatsApp | None, BeforeValidator(_blank_is_none)] = None
    email: Annotated[Email | None, BeforeValidator(_blank_is_none)] = None
    notes: Annotated[Notes | None, BeforeValidator(_blank_is_none)] = None


class HoldForm(BuyerFields):
    """The booking sheet, as a page posts it."""

    qty: int = Field(1, ge=1, le=1)


class HoldRequest(HoldForm):
    """`POST /api/bookings/hold`; this face books one place at a time (Rulings: booking quantity)."""

    event_id: UUID


class StateAnswer(Face):
    """Where a booking stands; `holdExpiresAt` and `serverTime` are the database's."""

    id: UUID
    code: str
    state: str
    hold_expires_at: Moment
    server_time: Moment


class HoldAnswer(StateAnswer):
    """A hold that was granted."""

    amount: int
    currency: str
    status_url: str


class MethodChoice(Face):
    """`POST /api/bookings/{id}/select-method`."""

    method_id: UUID


class RejectForm(BaseModel):
    """A reviewer's refusal; the reason is read by the buyer."""

    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=3, max_length=300),
        AfterValidator(_printable),
    ]
