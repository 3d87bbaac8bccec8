"""A letter in words: as plain text and as HTML, with nothing in it that somebody else made active."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pesan.kit.i18n import Text
from pesan.notifications import words
from pesan.notifications.letters import ACCENT, ON_ACCENT, Letter
from pesan.notifications.wording import fill, placeholders_of

HOUSE = "Pesan"
_TYPED_BY_PEOPLE = (
    "buyer_name",
    "merchant_name",
    "event_title",
    "where",
    "tickets",
    "reason",
    "reference",
    "other_name",
    "item",
)
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
    context = sentences(letter)
    return Rendered(
        subject=subject_of(letter),
        text=_templates().get_template("mail.txt").render(context),
        html=_templates().get_template("mail.html").render(context),
    )


def subject_of(letter: Letter) -> str:
    """What the letter is called. A subject is never a link, and stays readable as it was typed."""
    facts = asdict(letter.facts)
    if letter.own:
        return fill(letter.own.subject, facts, allowed=placeholders_of(letter.kind))
    return _words(letter).subject.in_(letter.locale, **facts)


def sentences(letter: Letter, *, is_chat: bool = False) -> dict[str, Any]:
    """Every part of the letter with its facts filled in, as the templates of a mail or a chat want them."""
    chosen, facts = _words(letter), facts_of(letter)
    names = (*words.USUAL_ROWS, *chosen.rows)

    def say(sentence: Text) -> str:
        return sentence.in_(letter.locale, **facts)

    heading, paragraphs = _own(letter, facts) or (
        say(chosen.heading),
        [say(paragraph) for paragraph in (is_chat and chosen.chat) or chosen.paragraphs],
    )
    return {
        "locale": letter.locale,
        "facts": facts,
        "greeting": say(words.GREETING),
        "heading": heading,
        "paragraphs": paragraphs,
        "rows": [(say(_row(letter, name)), facts[name]) for name in names if facts[name]],
        "button": say(_button(letter)),
        "url": _url(letter),
        "keep_secret": say(chosen.keep_secret) if chosen.keep_secret and not chosen.starts_again else "",
        "closing": say(words.CLOSING).split("\n"),
        "footer": say(chosen.footer),
    }


def _pays(letter: Letter) -> bool:
    return letter.facts.pay_url != "" and _words(letter).pays is not None


def _words(letter: Letter) -> words.Words:
    return words.words_of(letter.kind, is_of_goods=letter.is_of_goods)


def _row(letter: Letter, fact: str) -> Text:
    return words.row_of(fact, is_of_goods=letter.is_of_goods)


def _button(letter: Letter) -> Text:
    chosen = _words(letter)
    return chosen.pays if chosen.pays and _pays(letter) else chosen.button


def _url(letter: Letter) -> str:
    if _pays(letter):
        return letter.facts.pay_url
    return letter.facts.again_url if _words(letter).starts_again else letter.facts.status_url


def render_plain(subject: str, url: str, context: Mapping[str, object]) -> Rendered:
    """A letter of the house's own, in its colours and without a table of facts."""
    house = {"merchant_name": HOUSE, "accent": ACCENT, "on_accent": ON_ACCENT}
    full = {"facts": house, "rows": (), "url": url, **context}
    return Rendered(
        subject=subject,
        text=_templates().get_template("mail.txt").render(full),
        html=_templates().get_template("mail.html").render(full),
    )


def inert(text: str) -> str:
    """Text that a person typed, in which no mail program finds a link (reliability §3 A-103)."""
    return _LINKABLE.sub(rf"\1{_ZERO_WIDTH_SPACE}", text)


def facts_of(letter: Letter) -> dict[str, str | int]:
    """The facts of a letter, with no link in what people typed."""
    facts: dict[str, str | int] = asdict(letter.facts)
    return facts | {name: inert(str(facts[name])) for name in _TYPED_BY_PEOPLE}


def _own(letter: Letter, facts: Mapping[str, str | int]) -> tuple[str, list[str]] | None:
    """The merchant's heading and paragraphs, with no link in them either."""
    if letter.own is None:
        return None
    allowed = placeholders_of(letter.kind)
    heading, *paragraphs = (
        fill(inert(text), facts, allowed=allowed) for text in (letter.own.heading, *letter.own.paragraphs)
    )
    return heading, paragraphs


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
