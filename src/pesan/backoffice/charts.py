"""The geometry of the charts: numbers in, percentages of the drawing out.

Only marks are relative to the drawing; words keep their size, so that a chart reads the same on a phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1, 2, 5, 10)
_FILLED = 0.8
"""How much of its place a column takes; the rest is the gap."""
_WIDEST = 10.0
"""Percent of the plot."""


@dataclass(frozen=True, slots=True)
class Column:
    """One upright mark, in percent of the plot; `y` counts from the top."""

    x: float
    y: float
    width: float
    height: float


def share(part: int, whole: int) -> float:
    """`part` in percent of `whole`, between 0 and 100; nothing of nothing is 0."""
    return round(min(100.0, max(0.0, 100 * part / whole)), 2) if whole > 0 else 0.0


def nice_ceiling(highest: int) -> int:
    """The first of 1, 2, 5, 10, 20, 50 … that is not below `highest`."""
    scale = 1
    while highest > 10 * scale:
        scale *= 10
    return next(step * scale for step in _STEPS if highest <= step * scale)


def columns(values: Sequence[int], ceiling: int) -> list[Column]:
    """A column for each value, side by side over the whole width; `ceiling` fills the height.

    Where there are few, they stay columns and do not become walls.
    """
    if not values:
        return []
    place = 100 / len(values)
    width = min(place * _FILLED, _WIDEST)
    heights = [share(value, ceiling) for value in values]
    return [
        Column(
            x=round(place * number + (place - width) / 2, 3),
            y=round(100 - height, 2),
            width=round(width, 3),
            height=height,
        )
        for number, height in enumerate(heights)
    ]


def stacks(values: Sequence[Sequence[int]], ceiling: int) -> list[list[Column]]:
    """The columns of `values`, each cut into its parts, the first part at the bottom."""
    whole = columns([sum(parts) for parts in values], ceiling)
    return [_cut(column, parts, ceiling) for column, parts in zip(whole, values, strict=True)]


def _cut(column: Column, parts: Sequence[int], ceiling: int) -> list[Column]:
    cut, top = [], 100.0
    for part in parts:
        height = share(part, ceiling)
        top = round(top - height, 2)
        cut.append(Column(column.x, top, column.width, height))
    return cut


def ticks(count: int, *, with_middle: bool = True) -> list[int]:
    """Which of `count` columns are named: the first, the last, and the one in the middle where its name has room."""
    middle = {(count - 1) // 2} if with_middle else set()
    return sorted({0, count - 1} | middle) if count > 0 else []


def clip(label: str, longest: int = 24) -> str:
    """A label that leaves room for its number on a phone; the table beside the chart has all of it."""
    return label if len(label) <= longest else f"{label[: longest - 1].rstrip()}…"
