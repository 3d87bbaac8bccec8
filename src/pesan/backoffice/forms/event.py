"""The event form."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from pesan.backoffice.forms.types import (
    Count,
    LocalTime,
    OptionalCount,
    OptionalHours,
    OptionalLocalTime,
    Rupiah,
)
from pesan.capacity.models import CapacityPool
from pesan.catalog.models import Event
from pesan.catalog.service import EventDraft
from pesan.kit.times import in_zone

MOST_TAGS = 8
LONGEST_TAG = 30


def _text(limit: int, minimum: int = 0) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=minimum, max_length=limit)


def _tags(value: Any) -> Any:
    """Words between commas, each once: `Musik, #jazz,` is `musik` and `jazz`."""
    if not isinstance(value, str):
        return value
    words = (" ".join(part.lower().replace("#", " ").split()) for part in value.split(","))
    found = tuple(dict.fromkeys(word for word in words if word))
    if len(found) > MOST_TAGS or any(len(word) > LONGEST_TAG or not word.isprintable() for word in found):
        raise PydanticCustomError("tags", "too many or too long")
    return found


class EventForm(BaseModel):
    """What an organizer types about an event. Times are the merchant's; the hold ratio is in percent."""

    model_config = ConfigDict(extra="ignore")

    title: Annotated[str, _text(120, 3)]
    summary: Annotated[str, _text(200)] = ""
    description: Annotated[str, _text(5_000)] = ""
    venue: Annotated[str, _text(120)] = ""
    address: Annotated[str, _text(200)] = ""
    city: Annotated[str, _text(80)] = ""
    starts_at: LocalTime
    ends_at: OptionalLocalTime = None
    price_amount: Rupiah
    capacity: Annotated[Count, Field(ge=1, le=1_000_000)]
    hold_percent: Annotated[Count, Field(ge=1, le=100)] = 30
    hold_minutes: Annotated[Count, Field(ge=1, le=60)] = 15
    max_per_order: Annotated[Count, Field(ge=1, le=100)] = 1
    max_holds_per_contact: Annotated[Count, Field(ge=1, le=100)] = 2
    max_holds_per_ip: Annotated[Count, Field(ge=1, le=10_000)] = 10
    review_cap: OptionalCount = None
    reminder_hours: OptionalHours = None
    follow_up_hours: OptionalHours = None
    sale_opens_at: OptionalLocalTime = None
    sale_closes_at: OptionalLocalTime = None
    certificate: bool = False
    is_featured: bool = False
    tags: Annotated[tuple[str, ...], BeforeValidator(_tags)] = ()
    transferable: bool = False
    needs_guardian: bool = False
    method_ids: tuple[UUID, ...] = ()

    @model_validator(mode="after")
    def _periods_run_forward(self) -> "EventForm":
        if self.ends_at and self.ends_at <= self.starts_at:
            raise PydanticCustomError("ends_before_start", "ends before it starts", {"field": "ends_at"})
        if self.sale_opens_at and self.sale_closes_at and self.sale_closes_at <= self.sale_opens_at:
            raise PydanticCustomError(
                "sale_closes_before_opening", "closes before it opens", {"field": "sale_closes_at"}
            )
        return self

    def to_draft(self) -> EventDraft:
        """The same, in the catalog's words."""
        values = self.model_dump(exclude={"hold_percent"})
        return EventDraft(**values, hold_ratio=Decimal(self.hold_percent) / 100)


class CopyForm(BaseModel):
    """What an organizer types to have an event once more."""

    model_config = ConfigDict(extra="ignore")

    copy_starts_at: LocalTime
    with_promo_codes: bool = False


def typed_event(event: Event, pool: CapacityPool, *, methods: Sequence[UUID], zone: str) -> Mapping[str, Any]:
    """An existing event as somebody would have typed it into the form."""
    names = (
        "title summary description venue address city hold_minutes max_per_order max_holds_per_contact"
        " max_holds_per_ip review_cap certificate is_featured transferable reminder_hours follow_up_hours"
        " needs_guardian"
    )
    times = ("starts_at", "ends_at", "sale_opens_at", "sale_closes_at")
    return {
        **{name: getattr(event, name) for name in names.split()},
        **{name: local_input(getattr(event, name), zone) for name in times},
        "price_amount": f"{event.price_amount:,}".replace(",", "."),
        "capacity": pool.capacity,
        "tags": ", ".join(event.tags),
        "hold_percent": round(pool.hold_ratio * 100),
        "method_ids": [str(method) for method in methods],
    }


def local_input(moment: datetime | None, zone: str) -> str:
    """A time as `<input type=datetime-local>` wants it."""
    return in_zone(moment, zone).strftime("%Y-%m-%dT%H:%M") if moment else ""
