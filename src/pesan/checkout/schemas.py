"""What a guest types, and what the booking face answers; the forms' HTML constraints come from here."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    AliasGenerator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictInt,
    StringConstraints,
)
from pydantic.alias_generators import to_camel
from pydantic.networks import validate_email

from pesan.kit.i18n import Text
from pesan.kit.names import HTML_PATTERN, MAX_LENGTH, clean_name
from pesan.kit.phone import normalise_phone
from pesan.kit.times import isoformat
from pesan.orders.states import OrderState

MAX_NOTES = 120

# What to do about a field that is refused, in the words of pages and API alike.
NAME_MEND = Text(
    id="Tulis sedikitnya 3 huruf: huruf, spasi, titik, petik atau tanda hubung.",
    en="Write at least 3 letters: letters, spaces, dots, apostrophes or hyphens.",
)
WA_MEND = Text(
    id="Nomor ini belum lengkap. Contoh: +62 812-3456-7890.",
    en="This number is not complete. Example: +62 812-3456-7890.",
)
EMAIL_MEND = Text(
    id="Alamat ini belum lengkap. Contoh: nama@contoh.id.",
    en="This address is not complete. Example: name@example.com.",
)
TEXT_MEND = Text(
    id="Ada karakter yang tidak bisa dipakai. Hapus lalu coba lagi.",
    en="Some characters cannot be used. Remove them and try again.",
)

_DATE_MEND = Text(
    id="Tulis tanggal, jam, dan zona waktunya, misalnya 2026-12-05T19:00:00+07:00.",
    en="Write date, time and time zone, such as 2026-12-05T19:00:00+07:00.",
)


class Face(BaseModel):
    """The booking face: camelCase outside, the house's vocabulary inside; unknown members are ignored."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel), populate_by_name=True, extra="ignore"
    )


def _name(value: str) -> str:
    try:
        return clean_name(value)
    except ValueError as error:
        raise ValueError(NAME_MEND) from error


def _wa(value: str) -> str:
    try:
        return normalise_phone(value)
    except ValueError as error:
        raise ValueError(WA_MEND) from error


def _email(value: str) -> str:
    try:
        return validate_email(value)[1].lower()
    except ValueError as error:
        raise ValueError(EMAIL_MEND) from error


def blank_is_none(value: Any) -> Any:
    """A field of a form that was left empty says nothing."""
    return None if isinstance(value, str) and not value.strip() else value


def _printable(value: str) -> str:
    if any(ord(char) < 32 and char not in "\n\t" for char in value):
        raise ValueError(TEXT_MEND)
    return value.replace("\r\n", "\n")


def _written_out(value: Any) -> Any:
    """A number would be read as seconds since 1970, which nobody means who writes `from=2026`."""
    if isinstance(value, str) and value.strip("-+. ").replace(".", "").isdigit():
        raise ValueError(_DATE_MEND)
    return value


Moment = Annotated[datetime, PlainSerializer(isoformat, return_type=str, when_used="json")]
ClockTime = Annotated[AwareDatetime, BeforeValidator(_written_out)]
PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=MAX_LENGTH),
    AfterValidator(_name),
    Field(json_schema_extra={"html_pattern": HTML_PATTERN}),
]
WhatsApp = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40), AfterValidator(_wa)]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(_email),
    Field(json_schema_extra={"format": "email"}),
]
Notes = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=MAX_NOTES), AfterValidator(_printable)
]


class Asked(Face):
    """A JSON body of this face: what the server computes itself (a price, a state) is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class BuyerFields(Face):
    """Who books: a name, and the contact they want to be told by."""

    name: PersonName
    wa: Annotated[WhatsApp | None, BeforeValidator(blank_is_none)] = None
    email: Annotated[Email | None, BeforeValidator(blank_is_none)] = None
    notes: Annotated[Notes | None, BeforeValidator(blank_is_none)] = None


class HoldForm(BuyerFields):
    """The booking sheet, as a page posts it."""

    qty: int = Field(1, ge=1, le=1)


class HoldRequest(BuyerFields, Asked):
    """`POST /api/bookings/hold`; this face books one place at a time (Rulings: booking quantity)."""

    event_id: UUID
    qty: StrictInt = Field(1, ge=1, le=1)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "eventId": "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f",
                    "name": "Siti Nurhaliza",
                    "qty": 1,
                    "wa": "0812-3456-7890",
                    "email": "siti@contoh.id",
                    "notes": "Kursi dekat panggung",
                }
            ]
        }
    )


class StateAnswer(Face):
    """Where a booking stands; `holdExpiresAt` and `serverTime` are the database's."""

    id: UUID
    code: str
    state: OrderState
    hold_expires_at: Moment
    server_time: Moment


class HoldAnswer(StateAnswer):
    """A hold that was granted."""

    amount: int
    currency: str
    status_url: str


class MethodChoice(Asked):
    """`POST /api/bookings/{id}/select-method`."""

    method_id: UUID = Field(examples=["01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f"])


class RejectForm(BaseModel):
    """A reviewer's refusal; the reason is read by the buyer."""

    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=3, max_length=300),
        AfterValidator(_printable),
    ]
