"""What the page of bank statements shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class NearOrder:
    """A booking that a line may be the money of, although its amount is another."""

    order_id: str
    path: str
    code: str
    buyer_name: str
    asked_amount: int


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line that waits for a person, with the orders that it may be the money of."""

    id: str
    posted_on: date
    amount: int
    description: str
    account: str
    suggestions: Sequence[NearOrder]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementsPage:
    """The upload, and the lines that wait; `columns` are the names that somebody typed."""

    path: str
    methods: Sequence[tuple[str, str]]
    lines: Sequence[OpenLine]
    columns: Mapping[str, str]
    done: str = ""
    problem: str = ""

    @property
    def added(self) -> int | None:
        """How many lines the last upload brought; None when there was none."""
        return int(self.done.removeprefix("added-")) if self.done.startswith("added-") else None
