"""The forms of the jastip desk."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from pesan.backoffice.forms.types import Count, OptionalLocalTime, Rupiah
from pesan.checkout.schemas import PersonName
from pesan.jastip.models.broadcasts import MAX_TEXT
from pesan.jastip.models.shopping import MAX_NOTE
from pesan.jastip.queries.trips import TripView
from pesan.jastip.service.products import MAX_PRICE, MAX_STOCK, MAX_TITLE
from pesan.jastip.service.trips import WHOLE, TripDraft
from pesan.jastip.states import Audience, ProductStatus, fold_slug
from pesan.kit.i18n import Text
from pesan.kit.phone import normalise_phone
from pesan.kit.times import in_zone

MOST_HOLD_HOURS = 168
_BAD_SLUG = Text(
    id="Pakai 3 sampai 10 huruf, angka, - atau _, misalnya jpn26.",
    en="Use 3 to 10 letters, digits, - or _, such as jpn26.",
)


def _text(limit: int, minimum: int = 0) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=minimum, max_length=limit)


def _folded(value: str) -> str:
    try:
        return fold_slug(value)
    except ValueError as error:
        raise ValueError(_BAD_SLUG) from error


def _one_line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def plain_lines(value: Any) -> Any:
    """A browser ends lines in two signs, of which a chat would count and show both."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _phone(value: Any) -> Any:
    try:
        return normalise_phone(value)
    except ValueError as error:
        raise PydanticCustomError("phone", "not a mobile number") from error


class TripForm(BaseModel):
    """What a jastiper types about a trip. The deadline is the merchant's time; `slug` is what chats call it."""

    model_config = ConfigDict(extra="ignore")

    title: Annotated[str, _text(120, 3)]
    slug: Annotated[str, _text(10, 3), AfterValidator(_folded)]
    description: Annotated[Annotated[str, _text(5_000)], BeforeValidator(plain_lines)] = ""
    deadline: OptionalLocalTime = None
    hold_hours: Annotated[Count, Field(ge=1, le=MOST_HOLD_HOURS)] = 24
    deposit_percent: Annotated[Count, Field(ge=1, le=WHOLE)] = WHOLE
    is_active: bool = False
    announces_products: bool = False
    answers_unknown: bool = False

    def said(self) -> dict[str, Any]:
        """The same, in the jastip desk's words."""
        values = self.model_dump(exclude={"hold_hours"})
        return {**values, "hold_minutes": self.hold_hours * 60}

    def to_draft(self) -> TripDraft:
        """A new trip."""
        return TripDraft(**self.said())


class NewProductForm(BaseModel):
    """What a jastiper types in a shop, with one thumb."""

    model_config = ConfigDict(extra="ignore")

    title: Annotated[str, _text(MAX_TITLE, 1)]
    price_amount: Annotated[Rupiah, Field(le=MAX_PRICE)]
    stock: Annotated[Count, Field(ge=1, le=MAX_STOCK)]
    shop: Annotated[Annotated[str, _text(80)], BeforeValidator(_one_line)] = ""


class ProductForm(NewProductForm):
    """What can be changed of a product later."""

    stock: Annotated[Count, Field(ge=0, le=MAX_STOCK)]
    description: Annotated[Annotated[str, _text(2_000)], BeforeValidator(plain_lines)] = ""
    status: ProductStatus = ProductStatus.ACTIVE


class ParcelForm(BaseModel):
    """By whom a parcel goes, and under which number."""

    model_config = ConfigDict(extra="ignore")

    courier: Annotated[Annotated[str, _text(40, 1)], BeforeValidator(_one_line)]
    tracking_no: Annotated[Annotated[str, _text(60)], BeforeValidator(_one_line)] = ""


class PriceForm(BaseModel):
    """What each piece turned out to cost, and whom to ask; everybody where no order is chosen."""

    model_config = ConfigDict(extra="ignore")

    price_amount: Annotated[Rupiah, Field(gt=0, le=MAX_PRICE)]
    note: Annotated[Annotated[str, _text(MAX_NOTE)], BeforeValidator(_one_line)] = ""
    order_id: Annotated[UUID | None, BeforeValidator(lambda value: value or None)] = None
    order_code: Annotated[Annotated[str, _text(40)], BeforeValidator(_one_line)] = ""


def typed_trip(view: TripView, zone: str) -> dict[str, Any]:
    """A trip, as somebody would have typed it."""
    trip, event = view.trip, view.event
    return {
        "title": event.title,
        "slug": trip.slug,
        "description": event.description,
        "deadline": local_input(event.sale_closes_at, zone),
        "hold_hours": max(1, event.hold_minutes // 60),
        "deposit_percent": event.deposit_percent,
        "is_active": trip.is_active,
        "announces_products": trip.announces_products,
        "answers_unknown": trip.answers_unknown,
    }


def local_input(moment: datetime | None, zone: str) -> str:
    """A moment as a `datetime-local` field holds it."""
    return in_zone(moment, zone).strftime("%Y-%m-%dT%H:%M") if moment else ""


class MemberForm(BaseModel):
    """Somebody whom the jastiper adds by hand."""

    model_config = ConfigDict(extra="ignore")

    name: PersonName
    wa: Annotated[str, BeforeValidator(_phone)]


class BroadcastForm(BaseModel):
    """What is told to whom, and when; at once where no time is said."""

    model_config = ConfigDict(extra="ignore")

    words: Annotated[Annotated[str, _text(MAX_TEXT, 1)], BeforeValidator(plain_lines)]
    audience: Audience = Audience.ALL
    starts_at: OptionalLocalTime = None
