"""The forms of the booth desk."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from pesan.backoffice.forms.types import Count, OptionalPhone, Rupiah
from pesan.booths.models.configs import MOST_MINUTES
from pesan.booths.models.outlets import DEFAULT_RESCHEDULE_MINUTES
from pesan.booths.queries.outlets import OutletView
from pesan.booths.service import OutletDraft
from pesan.booths.states import SessionState
from pesan.checkout.schemas import PersonName
from pesan.identity.devices.fields import DeviceName
from pesan.kit.times import DEFAULT_ZONE, ZONES


def _one_line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def _known_zone(value: str) -> str:
    if value not in ZONES:
        raise PydanticCustomError("literal_error", "not one of ours")
    return value


class OverrideForm(BaseModel):
    """Where an admin puts a session, and why."""

    model_config = ConfigDict(extra="ignore")

    target: SessionState
    reason: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=200)], BeforeValidator(_one_line)
    ]


class WalkInForm(BaseModel):
    """Somebody who stands there without a booking; `pays` is by what they pay for it."""

    model_config = ConfigDict(extra="ignore")

    name: PersonName
    wa: OptionalPhone = None
    pays: Literal["cash", "link"] = "cash"


class OutletForm(BaseModel):
    """What a super admin types about an outlet."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=120)]
    location: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    zone: Annotated[str, AfterValidator(_known_zone)] = DEFAULT_ZONE
    price_amount: Rupiah
    reschedule_minutes: Annotated[Count, Field(ge=0, le=10_080)] = DEFAULT_RESCHEDULE_MINUTES
    is_open: bool = False

    def to_draft(self) -> OutletDraft:
        """The same, in the booth desk's words."""
        return OutletDraft(**self.model_dump())


class BoothForm(BaseModel):
    """A booth's name."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class ScreenForm(BaseModel):
    """A screen's name, as its booth's staff say it."""

    model_config = ConfigDict(extra="ignore")

    name: DeviceName


class ConfigForm(BaseModel):
    """How long a session takes, and how late its customer may come."""

    model_config = ConfigDict(extra="ignore")

    session_duration_minutes: Annotated[Count, Field(ge=1, le=MOST_MINUTES)]
    arrival_tolerance_minutes: Annotated[Count, Field(ge=0, le=MOST_MINUTES)]


def typed_outlet(view: OutletView) -> dict[str, Any]:
    """An outlet, as somebody would have typed it."""
    outlet = view.outlet
    return {
        "name": outlet.name,
        "location": outlet.location,
        "zone": outlet.zone,
        "price_amount": f"{view.event.price_amount:,}".replace(",", "."),
        "reschedule_minutes": outlet.reschedule_minutes,
        "is_open": view.is_open,
    }
