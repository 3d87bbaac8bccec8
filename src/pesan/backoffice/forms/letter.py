"""The form of a letter in the merchant's own words."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from pesan.backoffice.forms.types import Count
from pesan.messaging.mail import one_line
from pesan.notifications.wording import OwnWords, find_strange


def _line(value: Any) -> Any:
    """A line break in a subject would begin a header of somebody's own."""
    return one_line(value) if isinstance(value, str) else value


def _paragraphs(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return "\n\n".join(line for line in map(one_line, value.splitlines()) if line)


def _known(value: str, info: ValidationInfo) -> str:
    """Refuse every name in braces that the letter does not have, and say which it has."""
    allowed = (info.context or {}).get("allowed", ())
    strange = find_strange(value, allowed)
    if strange is not None:
        names = ", ".join(f"{{{name}}}" for name in allowed)
        raise PydanticCustomError("placeholder", "not a placeholder", {"found": strange, "allowed": names})
    return value


class TimingForm(BaseModel):
    """When letters go out by themselves; 0 is never."""

    model_config = ConfigDict(extra="ignore")

    reminder_hours: Annotated[Count, Field(ge=0, le=720)]
    follow_up_hours: Annotated[Count, Field(ge=0, le=720)]


class LetterForm(BaseModel):
    """What an organizer types of a letter; `allowed` of the context are the names that may stand in braces."""

    model_config = ConfigDict(extra="ignore")

    subject: Annotated[
        str,
        BeforeValidator(_line),
        StringConstraints(min_length=3, max_length=150),
        AfterValidator(_known),
    ]
    heading: Annotated[
        str,
        BeforeValidator(_line),
        StringConstraints(min_length=3, max_length=120),
        AfterValidator(_known),
    ]
    body: Annotated[
        str,
        BeforeValidator(_paragraphs),
        StringConstraints(min_length=3, max_length=4_000),
        AfterValidator(_known),
    ]

    def to_words(self) -> OwnWords:
        """The same, as the letter's words."""
        return OwnWords(self.subject, self.heading, self.body)
