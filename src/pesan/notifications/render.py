"""A letter in words: as plain text and as HTML, with nothing in it that somebody else made active."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pesan.kit.i18n import Text
from pesan.notifications import words
from pesan.notifications.letters import ACCENT, ON_ACCENT, Letter

_HOUSE = "Pesan"
_TYPED_BY_PEOPLE = ("buyer_name", "merchant_name", "event_title", "where", "reason", "reference")
# What mail programs turn into links by themselves: `host.name`, `scheme:`, `user@host`, `www`.
_LINKABLE = re.compile(r"(?<=\S)([.@:/])(?=\S)")
_ZERO_WIDTH_SPACE = "\u200b"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The letter as every channel can use it."""

    subject: str
    text: str
    html: str


def render(letter: Letter) -> Rendered:
    """The letter in its buyer's language."""
    facts = _facts(letter)
    context = _context(letter, facts)
    return Rendered(
        # A subject is never a link, and stays readable as it was typed.
        subject=words.WORDS[letter.kind].subject.in_(letter.locale, event_title=letter.facts.event_title),
        text=_templates().get_template("mail.txt").render(context),
        html=_templates().get_template("mail.html").render(context),
    )


def render_plain(subject: str, url: str, context: Mapping[str, object]) -> Rendered:
    """A letter of the house's own, in its colours and without a table of facts."""
    house = {"merchant_name": _HOUSE, "accent": ACCENT, "on_accent": ON_ACCENT}
    full = {"facts": house, "rows": (), "url": url, **context}
    return Rendered(
        subject=subject,
        text=_templates().get_template("mail.txt").render(full),
        html=_templates().get_template("mail.html").render(full),
    )


def inert(text: str) -> str:
    """Text that a person typed, in which no mail program finds a link (reliability §3 A-103)."""
    return _LINKABLE.sub(rf"\1{_ZERO_WIDTH_SPACE}", text)


def _facts(letter: Letter) -> dict[str, str | int]:
    facts: dict[str, str | int] = asdict(letter.facts)
    return facts | {name: inert(str(facts[name])) for name in _TYPED_BY_PEOPLE}


def _context(letter: Letter, facts: Mapping[str, str | int]) -> dict[str, object]:
    chosen = words.WORDS[letter.kind]
    names = (*words.USUAL_ROWS, *chosen.rows)

    def say(sentence: Text) -> str:
        return sentence.in_(letter.locale, **facts)

    return {
        "locale": letter.locale,
        "facts": facts,
        "greeting": say(words.GREETING),
        "heading": say(chosen.heading),
        "paragraphs": [say(paragraph) for paragraph in chosen.paragraphs],
        "rows": [(say(words.ROWS[name]), facts[name]) for name in names if facts[name]],
        "button": say(chosen.button),
        "url": letter.facts.again_url if chosen.starts_again else letter.facts.status_url,
        "keep_secret": "" if chosen.starts_again else say(words.KEEP_SECRET),
        "closing": say(words.CLOSING).split("\n"),
        "footer": say(words.FOOTER),
    }


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("pesan.notifications", "templates/notifications"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
