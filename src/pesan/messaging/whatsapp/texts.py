"""Text as WhatsApp takes it: cut between whole characters, and cleaned for the blanks of a template."""

import re
import unicodedata
from collections.abc import Iterator

ELLIPSIS = "…"
# What a blank of a template may not hold: a line break, a tab, more than four spaces in a row (protocols §6.6).
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f\x85]+")
_TRAPS = re.compile("[\x00\ud800-\udfff]")
_NOTHING = "-"
_JOINER = "\u200d"
_FLAGS = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)


def fit(text: str, limit: int) -> str:
    """`text` in at most `limit` characters; what is cut ends with an ellipsis, never amid an emoji or an accent."""
    if len(text) <= limit:
        return text
    kept = ""
    for grapheme in _graphemes(text):
        if len(kept) + len(grapheme) > limit - len(ELLIPSIS):
            break
        kept += grapheme
    return (kept.rstrip() + ELLIPSIS)[: max(limit, 0)]


def clean_parameter(text: str) -> str:
    """What somebody typed, fit for a blank of a template: breaks and runs of spaces become one space.

    A blank must hold something: nothing becomes a dash.
    """
    return _BREAKS.sub(" ", text).strip() or _NOTHING


def without_traps(text: str) -> str:
    """Text without what a database or an encoder refuses: NUL and halves of a surrogate pair."""
    return _TRAPS.sub("", text)


def _graphemes(text: str) -> Iterator[str]:
    """What a person sees as one character; near enough to Unicode's UAX 29 for chats."""
    current = ""
    for char in text:
        if current and not _continues(current, char):
            yield current
            current = ""
        current += char
    yield current


def _continues(current: str, char: str) -> bool:
    if char == _JOINER or current[-1] == _JOINER or unicodedata.category(char) in {"Mn", "Mc", "Me"}:
        return True
    if ord(char) in _SKIN_TONES or ord(char) in _TAGS:
        return True
    # Two letters make one flag; a third begins the next.
    return len(current) == 1 and ord(current) in _FLAGS and ord(char) in _FLAGS
