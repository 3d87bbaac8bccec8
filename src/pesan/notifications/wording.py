"""A merchant's own words for a letter: plain text with the names of facts in it, and nothing that is ever run."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pesan.kit.i18n import Locale
from pesan.notifications import words
from pesan.notifications.states import Kind

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# Whatever else stands in braces, or a brace alone.
_STRANGE = re.compile(r"\{[^{}\n]*\}?|\}")
_MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What a merchant may say in words of their own; each line of the body with something on it is a paragraph."""

    subject: str
    heading: str
    body: str

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs of the body."""
        return [line for line in self.body.splitlines() if line.strip()]


def placeholders_of(kind: Kind) -> tuple[str, ...]:
    """The facts that a letter of this kind can name, flat and in the order in which they are offered."""
    names = (
        "buyer_name",
        "merchant_name",
        *words.USUAL_ROWS,
        *words.WORDS[kind].rows,
        *words.WORDS[kind].counts,
    )
    return tuple(dict.fromkeys(names))


def find_strange(text: str, allowed: Collection[str]) -> str | None:
    """The first thing in braces that is not one of the `allowed` names; None when there is none."""
    rest = _PLACEHOLDER.sub(lambda found: "" if found[1] in allowed else found[0], text)
    strange = _STRANGE.search(rest)
    return strange[0][:_MOST_SHOWN] if strange else None


def fill(text: str, facts: Mapping[str, str | int], *, allowed: Collection[str]) -> str:
    """The text with its facts, each put in once and as it is; what is not allowed stays as it was typed."""
    return _PLACEHOLDER.sub(lambda found: str(facts[found[1]]) if found[1] in allowed else found[0], text)


def default_words(kind: Kind, locale: Locale) -> OwnWords:
    """What is said where a merchant has no words of their own."""
    chosen = words.WORDS[kind]
    body = "\n\n".join(paragraph.in_(locale) for paragraph in chosen.paragraphs)
    return OwnWords(chosen.subject.in_(locale), chosen.heading.in_(locale), body)
