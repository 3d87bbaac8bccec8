"""The brand form, and whether an accent colour can be read."""

import re
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from pesan.backoffice.forms.types import OptionalPhone
from pesan.kit.times import ZONES
from pesan.tenancy.theme import contrast, on_accent

_HEX = re.compile(r"#[0-9a-f]{6}")
MINIMUM_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3: text on the accent must differ from it this much."""


def _colour(value: Any) -> Any:
    folded = value.strip().lower() if isinstance(value, str) else ""
    if not _HEX.fullmatch(folded):
        raise PydanticCustomError("colour", "not a colour")
    if accent_contrast(folded) < MINIMUM_CONTRAST:
        raise PydanticCustomError("faint_colour", "text on it cannot be read")
    return folded


def _zone(value: Any) -> Any:
    if value not in ZONES:
        raise PydanticCustomError("enum", "not a zone")
    return value


def _email(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        return validate_email(value.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise PydanticCustomError("email", "not an address") from error


class BrandForm(BaseModel):
    """A merchant's face: what every page of theirs carries."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=80)]
    accent: Annotated[str, BeforeValidator(_colour)]
    zone: Annotated[str, BeforeValidator(_zone)]
    contact_email: Annotated[str | None, BeforeValidator(_email)] = None
    contact_wa: OptionalPhone = None


def accent_contrast(accent: str) -> float:
    """How well the text on a button in this colour is read, 1 to 21 (WCAG 2.2, 1.4.3)."""
    colour = (int(accent[1:3], 16), int(accent[3:5], 16), int(accent[5:7], 16))
    return contrast(on_accent(colour), colour)
