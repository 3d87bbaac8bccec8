"""The log-in form and the form for a new password."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, StringConstraints

from pesan.identity.passwords import MAX_LENGTH, MIN_LENGTH


class LogInForm(BaseModel):
    """Who one says one is."""

    model_config = ConfigDict(extra="ignore")

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH)]


class PasswordForm(BaseModel):
    """One's own new password."""

    model_config = ConfigDict(extra="ignore")

    current: Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH)]
    new: Annotated[str, StringConstraints(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]


def safe_next(target: str | None, default: str = "/backoffice") -> str:
    """Where to go after log-in: a path of the staff's pages, and never another site (V3.7.2)."""
    if not target or not target.startswith(("/backoffice", "/organizer/")) or "\\" in target:
        return default
    parts = urlsplit(target)
    has_control = any(ord(char) < 0x21 for char in target)
    return default if parts.scheme or parts.netloc or has_control else target
