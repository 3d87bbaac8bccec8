"""The form about a breach: whom it touched, and what is to be said of it."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from pesan.backoffice.forms.types import LocalTime, OptionalLocalTime
from pesan.privacy.holdings import DataClass


def _lines(value: Any) -> Any:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


_Story = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=10, max_length=4000),
    BeforeValidator(_lines),
]


class ScopeForm(BaseModel):
    """Which bookings: all, unless narrowed."""

    model_config = ConfigDict(extra="ignore")

    event: Annotated[str, StringConstraints(max_length=20)] = ""
    from_at: OptionalLocalTime = None
    until_at: OptionalLocalTime = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_at and self.until_at and self.until_at <= self.from_at:
            raise PydanticCustomError("ends_before_start", "ends before it begins", {"field": "until_at"})
        return self


class BreachForm(ScopeForm):
    """The whole notice."""

    discovered_at: LocalTime
    classes: Annotated[list[DataClass], Field(min_length=1)]
    what: _Story
    handling: _Story
    contact: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]
