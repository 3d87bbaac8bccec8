"""What the pages of a merchant's letters show."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pesan.backoffice.forms.state import FormState
from pesan.backoffice.words import LETTERS
from pesan.kit.i18n import Locale, Text
from pesan.notifications.states import Kind

LANGUAGES: Mapping[Locale, str] = {"id": "Indonesia", "en": "English"}


@dataclass(frozen=True, slots=True)
class LetterLink:
    """One letter in one language; `is_own` when the merchant's words are said."""

    language: str
    path: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One kind of letter in the list."""

    name: Text
    links: Sequence[LetterLink]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPage:
    """One letter in one language: its form, and how it reads with an example's facts."""

    name: Text
    language: str
    others: Sequence[LetterLink]
    path: str
    form: FormState
    placeholders: Sequence[str]
    subject: str
    said: Mapping[str, object]
    is_own: bool
    is_saved: bool = True
    done: str = ""


def letter_rows(own: Collection[tuple[str, str]], path: str) -> list[LetterRow]:
    """Every kind of letter, and in which languages it is the merchant's own."""
    return [LetterRow(LETTERS[kind.value], letter_links(kind, own, path)) for kind in Kind]


def letter_links(kind: Kind, own: Collection[tuple[str, str]], path: str) -> list[LetterLink]:
    """One kind of letter in every language."""
    return [
        LetterLink(name, f"{path}/{kind.value}/{locale}", (kind.value, locale) in own)
        for locale, name in LANGUAGES.items()
    ]
