"""The two languages of every text that a person reads."""

from dataclasses import dataclass
from typing import Literal

Locale = Literal["id", "en"]
DEFAULT_LOCALE: Locale = "id"


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in Indonesian and English, with `str.format` placeholders.

    Placeholders are filled from a flat allow-list of plain values, so attribute access is refused.
    """

    id: str
    en: str

    def in_(self, locale: Locale, **params: str | int) -> str:
        """The sentence in `locale`, with its placeholders filled."""
        template = self.en if locale == "en" else self.id
        return (
            template.format_map({name: str(value) for name, value in params.items()}) if params else template
        )


def parse_locale(value: str | None) -> Locale:
    """The supported language nearest to a cookie value or an Accept-Language header; Indonesian otherwise."""
    for part in (value or "").split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith("en"):
            return "en"
        if tag.startswith(("id", "in", "ms")):
            return "id"
    return DEFAULT_LOCALE
