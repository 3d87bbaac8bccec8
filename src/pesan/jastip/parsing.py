"""What people type into the chat, as commands: the document's own forms (jastipin.md §6), and what people really write.

Pure. What is not understood is `Unknown`, and most messages are: people talk.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from pesan.kit.names import MAX_LENGTH, clean_name

NO_NAME = "Penitip"
"""Whoever says no name that could be one; the document's word for somebody who takes part."""
_SLUG = r"(?P<slug>[a-z0-9_-]{3,10})"
_END = r"(?![a-z0-9_-])"
_JOIN = re.compile(rf"(?:join|gabung|ikut(?:an)?)[\s:]+{_SLUG}{_END}(?P<rest>.*)")
_INFO = re.compile(rf"(?:info|detail|daftar|list|produk|katalog)(?:[\s:]+{_SLUG}{_END})?\W*")
_STOP = re.compile(rf"(?:stop|berhenti|unsub(?:scribe)?|keluar)(?:[\s:]+{_SLUG}{_END})?(?:\W.*)?")
_START = re.compile(rf"(?:start|mulai|lanjut(?:kan)?)(?:[\s:]+{_SLUG}{_END})?\W*")
_STATUS = re.compile(
    r"(?:(?:cek|lihat|mana|gimana|bagaimana)\s+)?(?:status(?:\s+(?:pesanan|order|titipan))?|pesanan|orderan|order|titipan)"
    r"(?:\s?(?:ku|saya|aku|gue|gw|nya))?\W*"
)
_CODE = re.compile(r"[|,;\s]+kode\s*[:=]?\s*(?P<code>[0-9a-z]{8})(?![0-9a-z]).*")
_NAME = re.compile(r"^[\s|,;:.\-]*(?:(?:atas\s+)?nama(?:\s*ku|\s*saya)?\b|name\b)?[\s:=|,;.\-]*")
_LONGEST = 600
_PUNCTUATION = " .'’-"


@dataclass(frozen=True, slots=True)
class Join:
    """Take part in a trip, under a name and by whose invitation, as far as they were said."""

    slug: str
    name: str = ""
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """What a trip offers; without a code, whichever they take part in."""

    slug: str | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Be told no more: of one trip, or of anything."""

    slug: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Be told again."""

    slug: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How their orders stand."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything else."""


Command = Join | Info | Stop | Start | Status | Unknown


def read_command(text: str) -> Command:
    """What a message asks for, whatever its letters' case, spaces, bars and emoji."""
    said = _tidy(text)
    for pattern, make in _FORMS:
        found = pattern.fullmatch(_fold(said))
        if found is not None:
            return make(said, found)
    return Unknown()


def name_of(*said: str | None) -> str:
    """The first of these that has a name in it, as names are kept; `NO_NAME` where none has."""
    for text in said:
        kept = "".join(
            char for char in text or "" if char in _PUNCTUATION or unicodedata.category(char)[0] in "LM"
        )
        try:
            return clean_name(kept[:MAX_LENGTH].strip(_PUNCTUATION))
        except ValueError:
            continue
    return NO_NAME


def _tidy(text: str) -> str:
    """One line without what is not seen, without the emoji and signs before it, and with single spaces."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST])
    shown = "".join(" " if char.isspace() else char for char in plain if unicodedata.category(char) != "Cf")
    return re.sub(r"^\W+", "", re.sub(r"\s+", " ", shown)).strip()


def _fold(said: str) -> str:
    """Lower case letter by letter: names are cut out of what was said by where they stand in this."""
    return "".join(lower if len(lower := char.lower()) == 1 else char for char in said)


def _join(said: str, found: re.Match[str]) -> Join:
    rest = said[found.start("rest") :]
    code = _CODE.search(_fold(rest))
    typed = rest[: code.start()] if code else rest
    named = len(_NAME.sub("", _fold(typed), count=1))
    name = typed[len(typed) - named :]
    return Join(found["slug"], name.strip(), code["code"].upper() if code else None)


def _stop(_said: str, found: re.Match[str]) -> Command:
    """Whoever begins with the word means it; whether a code is named is found out by looking for such a trip."""
    return Stop(found["slug"])


_FORMS: tuple[tuple[re.Pattern[str], Callable[[str, re.Match[str]], Command]], ...] = (
    (_JOIN, _join),
    (_STOP, _stop),
    (_START, lambda _said, found: Start(found["slug"])),
    (_INFO, lambda _said, found: Info(found["slug"])),
    (_STATUS, lambda _said, _found: Status()),
)
