"""The forms of what an event sells: a ticket type, a promo code."""

import re
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from pesan.backoffice.forms.event import local_input
from pesan.backoffice.forms.types import Count, OptionalCode, OptionalCount, OptionalLocalTime, Rupiah
from pesan.catalog.models.ticket_types import DEFAULT_COLOUR
from pesan.catalog.offers import Offer
from pesan.catalog.service import PromoDraft, TicketTypeDraft
from pesan.catalog.states import PromoKind

_HEX = re.compile(r"#[0-9a-f]{6}")
_PROMO = re.compile(r"[A-Z0-9]{3,20}")
_PERCENT = 100


def _colour(value: Any) -> Any:
    folded = value.strip().lower() if isinstance(value, str) else ""
    if not _HEX.fullmatch(folded):
        raise PydanticCustomError("colour", "not a colour")
    return folded


def _promo_code(value: Any) -> Any:
    folded = value.strip().upper() if isinstance(value, str) else ""
    if not _PROMO.fullmatch(folded):
        raise PydanticCustomError("promo_code", "not a promo code")
    return folded


class TicketTypeForm(BaseModel):
    """What an organizer types about a ticket type. Times are the merchant's."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=80)]
    description: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    price_amount: Rupiah
    inventory: Annotated[Count, Field(ge=1, le=1_000_000)]
    max_per_order: Annotated[Count, Field(ge=1, le=100)] = 10
    sale_opens_at: OptionalLocalTime = None
    sale_closes_at: OptionalLocalTime = None
    is_hidden: bool = False
    access_code: OptionalCode = None
    is_seated: bool = False
    colour: Annotated[str, BeforeValidator(_colour)] = DEFAULT_COLOUR
    position: Annotated[Count, BeforeValidator(lambda value: value or 0), Field(ge=0, le=1_000)] = 0

    @model_validator(mode="after")
    def _sale_runs_forward(self) -> "TicketTypeForm":
        if self.sale_opens_at and self.sale_closes_at and self.sale_closes_at <= self.sale_opens_at:
            raise PydanticCustomError(
                "sale_closes_before_opening", "closes before it opens", {"field": "sale_closes_at"}
            )
        if self.access_code and not self.is_hidden:
            raise PydanticCustomError("access_code", "nothing to open", {"field": "access_code"})
        return self

    def to_draft(self) -> TicketTypeDraft:
        """The same, in the catalog's words."""
        return TicketTypeDraft(**self.model_dump())


class PromoForm(BaseModel):
    """What an organizer types about a promo code; `value` is percent or rupiah."""

    model_config = ConfigDict(extra="ignore")

    code: Annotated[str, BeforeValidator(_promo_code)]
    kind: PromoKind
    value: Annotated[Rupiah, Field(ge=1)]
    max_uses: OptionalCount = None
    ticket_type_id: Annotated[UUID | None, BeforeValidator(lambda value: value or None)] = None
    valid_from: OptionalLocalTime = None
    valid_until: OptionalLocalTime = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "PromoForm":
        if self.kind is PromoKind.PERCENT and self.value > _PERCENT:
            raise PydanticCustomError("less_than_equal", "more than all", {"field": "value", "le": _PERCENT})
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise PydanticCustomError(
                "sale_closes_before_opening", "ends before it starts", {"field": "valid_until"}
            )
        return self

    def to_draft(self) -> PromoDraft:
        """The same, in the catalog's words."""
        return PromoDraft(**self.model_dump())


def typed_offer(offer: Offer, zone: str) -> dict[str, Any]:
    """An existing ticket type as somebody would have typed it into the form."""
    kind = offer.type
    names = "name description max_per_order is_hidden access_code is_seated colour position"
    return {
        **{name: getattr(kind, name) for name in names.split()},
        "price_amount": f"{kind.price_amount:,}".replace(",", "."),
        "inventory": offer.inventory,
        "sale_opens_at": local_input(kind.sale_opens_at, zone),
        "sale_closes_at": local_input(kind.sale_closes_at, zone),
    }
