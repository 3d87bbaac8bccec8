"""What programs of the booth desk ask and are told: booth-backoffice.md's names, times in UTC."""

import re
from datetime import date, time
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from pesan.booths.models.configs import MOST_MINUTES
from pesan.booths.models.outlets import DEFAULT_RESCHEDULE_MINUTES
from pesan.booths.states import SessionState
from pesan.checkout.schemas import Email as EmailAddress
from pesan.checkout.schemas import Moment, Notes, PersonName, WhatsApp
from pesan.identity.devices.fields import DeviceName
from pesan.kit.i18n import Text
from pesan.kit.times import DEFAULT_ZONE

_NOT_BOTH = Text(
    id="Sebut waktunya, atau ambil yang berikutnya yang kosong, jangan keduanya.",
    en="Name a time, or take the next free one, and not both.",
)
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_CLOCK_MEND = Text(id="Tulis jam dan menit, misalnya 09:30.", en="Write hour and minute, such as 09:30.")
_DAY_MEND = Text(
    id="Tulis tahun, bulan, dan tanggalnya, misalnya 2026-12-05.",
    en="Write year, month and day, such as 2026-12-05.",
)
_LINE_MEND = Text(
    id="Ada karakter yang tidak bisa ditampilkan. Hapus lalu coba lagi.",
    en="Some characters cannot be shown. Remove them and try again.",
)
MOST_AMOUNT = 1_000_000_000


def _clock(value: object) -> time:
    """What a clock on the wall shows: another zone's, or a part of a minute, is not what an outlet opens at."""
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not re.fullmatch(_CLOCK.strip("^$"), value):
        raise ValueError(_CLOCK_MEND)
    return time.fromisoformat(value)


def _day(value: object) -> object:
    """A number would be read as seconds since 1970."""
    if isinstance(value, str) and not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(_DAY_MEND)
    return value


def _in_a_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError(_LINE_MEND)
    return value


WallClock = Annotated[
    time,
    BeforeValidator(_clock),
    PlainSerializer(lambda clock: f"{clock:%H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _CLOCK, "examples": ["09:30"]}),
]
Day = Annotated[date, BeforeValidator(_day)]
OutletName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=120),
    AfterValidator(_in_a_line),
]
Location = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_in_a_line)
]
BoothName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60),
    AfterValidator(_in_a_line),
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Body(BaseModel):
    """A JSON body: what nobody reads is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class BookingRequest(Body):
    """`POST /booking`: a time at an outlet, or the next free one for somebody who stands there."""

    outlet_id: UUID
    booth_id: UUID | None = Field(None, description="Any booth that is free, unless one is named.")
    booking_time: Annotated[AwareDatetime, Field(strict=True)] | None = Field(
        None, description="When the session begins, as the slots say."
    )
    walk_in: StrictBool = Field(False, description="The next free time, for staff of the outlet.")
    paid_in_cash: StrictBool = Field(False, description="The desk took the money; for staff of the outlet.")
    name: PersonName
    wa: WhatsApp | None = None
    email: EmailAddress | None = None
    notes: Notes | None = None

    @property
    def is_at_desk(self) -> bool:
        """Whether staff book for somebody who stands there."""
        return self.walk_in or self.paid_in_cash

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if self.walk_in is (self.booking_time is not None):
            raise ValueError(_NOT_BOTH)
        return self


class BookingAnswer(BaseModel):
    """A booking that was just made: where to look at it and, unless it is paid, where to pay it and until when."""

    id: UUID
    code: str
    status: SessionState
    outlet_id: UUID
    booth_id: UUID
    booking_time: Moment
    end_time: Moment
    amount: int
    currency: str
    hold_expires_at: Moment | None
    pay_url: str | None
    status_url: str
    server_time: Moment


class SessionAnswer(BaseModel):
    """Where a booking and its session stand, by the database's clock."""

    id: UUID
    status: SessionState
    outlet_id: UUID
    booth_id: UUID | None
    booth: str | None
    user: str = Field(description="The customer's name; masked for booths.")
    booking_time: Moment
    end_time: Moment
    arrive_until: Moment | None = None
    arrived_at: Moment | None = None
    started_at: Moment | None = None
    due_at: Moment | None = Field(None, description="When a session that runs is over by itself.")
    finished_at: Moment | None = None
    paid_at: Moment | None = None
    expired_at: Moment | None = None
    override_by: UUID | None = None
    override_at: Moment | None = None
    override_reason: str | None = None
    server_time: Moment


class BookingsAnswer(BaseModel):
    """One page of bookings, the newest first."""

    items: list[SessionAnswer]
    next_cursor: str | None


class MoveAnswer(BaseModel):
    """What a move made of a session."""

    id: UUID
    status: SessionState
    due_at: Moment | None = None
    server_time: Moment


class OverrideRequest(Body):
    """`POST /session/{id}/override`: where an admin puts a session, and why."""

    status: SessionState = Field(SessionState.OVERRIDDEN, description="OVERRIDDEN unless it says otherwise.")
    reason: Reason


class UndoRequest(Body):
    """`POST /session/{id}/override/undo`."""

    reason: Reason | None = None


class HoursPart(Body):
    """Hours of one weekday, Monday being 0; those that close no later than they open go on into the next day."""

    weekday: Annotated[int, Field(ge=0, le=6, strict=True)]
    opens: WallClock
    closes: WallClock


class OutletRequest(Body):
    """`POST /outlets`; the merchant may be left out by whoever works for one alone."""

    merchant_id: UUID | None = None
    name: OutletName
    location: Location = ""
    zone: str = DEFAULT_ZONE
    price_amount: Annotated[int, Field(ge=0, le=MOST_AMOUNT, strict=True)] = 0
    reschedule_minutes: Annotated[int, Field(ge=0, le=10_080, strict=True)] = DEFAULT_RESCHEDULE_MINUTES
    is_open: StrictBool = True
    hours: Annotated[list[HoursPart], Field(max_length=28)] = Field(default_factory=list)


class OutletChange(Body):
    """`PATCH /outlets/{id}`: what is left out stays."""

    name: OutletName | None = None
    location: Location | None = None
    zone: str | None = None
    price_amount: Annotated[int, Field(ge=0, le=MOST_AMOUNT, strict=True)] | None = None
    reschedule_minutes: Annotated[int, Field(ge=0, le=10_080, strict=True)] | None = None
    is_open: StrictBool | None = None
    is_archived: StrictBool | None = None
    hours: Annotated[list[HoursPart], Field(max_length=28)] | None = None


class BoothRequest(Body):
    """`POST /outlets/{id}/booths`."""

    name: BoothName


class BoothChange(Body):
    """`PATCH /outlets/{id}/booths/{booth_id}`: what is left out stays."""

    name: BoothName | None = None
    is_closed: StrictBool | None = None


class BoothPart(BaseModel):
    """A booth of an outlet's."""

    id: UUID
    name: str
    is_closed: bool


class ScreenChange(Body):
    """`PATCH /outlets/{id}/booths/{booth_id}/screens/{device_id}`."""

    name: DeviceName


class ScreenPart(BaseModel):
    """A screen at a booth."""

    id: UUID
    booth_id: UUID
    name: str
    last_seen_at: Moment | None


class OutletAnswer(BaseModel):
    """An outlet as its staff see it."""

    id: UUID
    merchant_id: UUID
    name: str
    location: str
    zone: str
    price_amount: int
    currency: str
    reschedule_minutes: int
    is_open: bool
    is_archived: bool
    hours: list[HoursPart]
    booths: list[BoothPart]


class OutletsAnswer(BaseModel):
    """The outlets that the asker works at, by name."""

    items: list[OutletAnswer]


class SlotPart(BaseModel):
    """A time that can be booked, and the booths that are free then: none when it is taken."""

    booking_time: Moment
    end_time: Moment
    booth_ids: list[UUID]


class SlotsAnswer(BaseModel):
    """The times of one day that are still to come."""

    items: list[SlotPart]


class ConfigPart(Body):
    """`/config/system`: how long a session takes, and how late its customer may come."""

    session_duration_minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES, strict=True)]
    arrival_tolerance_minutes: Annotated[int, Field(ge=0, le=MOST_MINUTES, strict=True)]


class AdminRole(StrEnum):
    """The document's names: a super admin organizes the merchant, an admin works at its outlets or at one."""

    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"


class AdminInvitation(Body):
    """`POST /admin-users`: who is invited, and to what; without an outlet, to all."""

    merchant_id: UUID | None = None
    email: EmailAddress
    role: AdminRole = AdminRole.ADMIN
    outlet_id: UUID | None = None


class AdminChange(Body):
    """`PATCH /admin-users/{id}`: the role from now on; without an outlet, at all of them."""

    merchant_id: UUID | None = None
    role: AdminRole
    outlet_id: UUID | None = None


class AdminAnswer(BaseModel):
    """Somebody who works at outlets, or who is invited to: then without a name, until they take it up."""

    id: UUID
    name: str | None
    email: str
    role: AdminRole
    outlet_id: UUID | None = Field(description="Where they work; null for all outlets, or for several.")
    outlet_ids: list[UUID] | None = Field(description="Where they work; null for all outlets.")
    is_invited: bool


class AdminsAnswer(BaseModel):
    """A merchant's people, and whom it invited."""

    items: list[AdminAnswer]
