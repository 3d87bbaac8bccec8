"""From what a merchant wrote to the parts of a page: headings, paragraphs, lists; never HTML."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

_BLANK_LINES = re.compile(r"\n[ \t]*\n+")
_HEADING = "## "
_ITEM = "- "


class Block(NamedTuple):
    """One part of a page: a heading or a paragraph is its one line, a list is its items."""

    kind: Literal["heading", "paragraph", "list"]
    lines: Sequence[str]


def to_blocks(body: str) -> list[Block]:
    """Blank lines part paragraphs, `## ` begins a heading, lines that begin with `- ` make a list."""
    parts = _BLANK_LINES.split(body.replace("\r\n", "\n").strip())
    return [block for part in parts if part.strip() for block in _blocks(part.strip())]


def _blocks(part: str) -> Iterator[Block]:
    kept: list[str] = []
    kind: Literal["paragraph", "list"] = "paragraph"
    for line in map(str.strip, part.split("\n")):
        wanted: Literal["paragraph", "list"] = "list" if line.startswith(_ITEM) else "paragraph"
        if line.startswith(_HEADING) or wanted != kind:
            yield from _finished(kind, kept)
            kept = []
        if line.startswith(_HEADING):
            yield Block("heading", [line.removeprefix(_HEADING).strip()])
            continue
        kind = wanted
        kept.append(line.removeprefix(_ITEM).strip())
    yield from _finished(kind, kept)


def _finished(kind: Literal["paragraph", "list"], kept: Sequence[str]) -> Iterator[Block]:
    if not kept:
        return
    yield Block(kind, list(kept) if kind == "list" else [" ".join(kept)])
