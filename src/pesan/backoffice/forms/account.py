"""The log-in form and the form for a new password."""

from typing import Annotated

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
