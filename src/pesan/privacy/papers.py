"""Papers about people's data, for an agency or for the people: one PDF that says everything in both languages."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from pesan.kit.i18n import Locale, Text
from pesan.kit.times import format_datetime
from pesan.tickets.render.documents import accessible_pdf, fonts

MIME = "application/pdf"
_LOCALES: Sequence[Locale] = ("id", "en")
_LAYOUTS = Path(__file__).parent / "layouts"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, said as each language says it."""

    at: datetime
    zone: str


Words = Text | Moment | str
"""What is said in both languages, or stands as somebody typed it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a header."""

    header: Sequence[Words]
    rows: Sequence[Sequence[Words]]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and what stands below it in this order."""

    heading: Words
    facts: Sequence[tuple[Words, Words]] = ()
    paragraphs: Sequence[Words] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper."""

    title: Text
    author: str
    made_at: datetime
    sections: Sequence[Section] = field(default_factory=tuple)


def to_plain(paper: Paper, locale: Locale) -> dict[str, Any]:
    """The paper in one language, as plain values."""
    return {
        "lang": locale,
        "title": paper.title.in_(locale),
        "sections": [_section(section, locale) for section in paper.sections],
    }


async def to_pdf(paper: Paper) -> bytes:
    """The paper in both languages; the event loop stays free meanwhile."""
    return await asyncio.to_thread(_compile, paper)


def _compile(paper: Paper) -> bytes:
    facts = {
        "title": paper.title.in_("id"),
        "author": paper.author,
        "parts": [to_plain(paper, locale) for locale in _LOCALES],
    }
    # What people typed travels as data, so that markup in it is shown as it was typed.
    inputs = {"facts": json.dumps(facts)}
    layout = _LAYOUTS / "paper.typ"
    compiler = typst.Compiler(layout, root=_LAYOUTS, font_paths=fonts(), sys_inputs=inputs)
    output = accessible_pdf(compiler, made_at=int(paper.made_at.timestamp()))
    assert isinstance(output, bytes)
    return output


def _section(section: Section, locale: Locale) -> dict[str, Any]:
    return {
        "heading": _say(section.heading, locale),
        "facts": [[_say(name, locale), _say(value, locale)] for name, value in section.facts],
        "paragraphs": [_say(paragraph, locale) for paragraph in section.paragraphs],
        "table": _table(section.table, locale) if section.table else None,
    }


def _table(table: Table, locale: Locale) -> dict[str, Any]:
    return {
        "header": [_say(cell, locale) for cell in table.header],
        "rows": [[_say(cell, locale) for cell in row] for row in table.rows],
    }


def _say(words: Words, locale: Locale) -> str:
    if isinstance(words, Moment):
        return format_datetime(words.at, words.zone, locale)
    return words.in_(locale) if isinstance(words, Text) else words
