"""The brand form, and whether an accent colour can be read."""

import re
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from pesan.backoffice.forms.types import OptionalPhone
from pesan.kit.times import ZONES

_HEX = re.compile(r"#[0-9a-f]{6}")
WHITE, INK = "#ffffff", "#1b1712"
MINIMUM_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3: text on the accent must differ from it this much."""


def _colour(value: Any) -> Any:
    folded = value.strip().lower() if isinstance(value, str) else ""
    if not _HEX.fullmatch(folded):
        raise PydanticCustomError("colour", "not a colour")
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


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def is_readable(accent: str) -> bool:
    """Whether white or dark text can be read on the accent; every colour passes one of the two or is too grey."""
    return max(contrast(accent, WHITE), contrast(accent, INK)) >= MINIMUM_CONTRAST


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
