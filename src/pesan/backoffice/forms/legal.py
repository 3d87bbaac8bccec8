"""The form of a legal page."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from pesan.tenancy.legal.states import MAX_BODY

_SHORTEST = 40


def _lines(value: Any) -> Any:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


_Body = Annotated[
    str,
    BeforeValidator(_lines),
    StringConstraints(strip_whitespace=True, min_length=_SHORTEST, max_length=MAX_BODY),
]


class LegalForm(BaseModel):
    """A legal page in both languages: paragraphs, `## ` headings, `- ` lists."""

    model_config = ConfigDict(extra="ignore")

    body_id: _Body
    body_en: _Body
