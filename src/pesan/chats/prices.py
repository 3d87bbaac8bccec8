"""What messages cost, from a dated card. Pure: whoever asks brings the rates and the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pesan.chats.states import Category

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rate:
    """One line of the card: rupiah for one message, after the free ones of a calendar month."""

    category: str
    in_window: bool
    valid_from: date
    amount: Decimal
    free_units: int = 0


@dataclass(frozen=True, slots=True)
class Audience:
    """How many people would be written to, by whether they wrote within a day; whoever stopped would not."""

    open_count: int
    closed_count: int
    stopped_count: int = 0

    @property
    def count(self) -> int:
        """Everybody."""
        return self.open_count + self.closed_count


@dataclass(frozen=True, slots=True)
class Preview:
    """What writing to an audience would cost; `per_message` is that of one template."""

    count: int
    per_message: Decimal
    total: Decimal


def rate_at(rates: Sequence[Rate], category: str, day: date, *, in_window: bool) -> Rate | None:
    """The line that is valid on a day; None for a category that the card does not know."""
    valid = [
        rate
        for rate in rates
        if rate.category == category and rate.in_window is in_window and rate.valid_from <= day
    ]
    return max(valid, key=lambda rate: rate.valid_from, default=None)


def preview(
    rates: Sequence[Rate],
    audience: Audience,
    *,
    category: Category,
    day: date,
    free_used: int = 0,
) -> Preview:
    """The price of a message to everybody: as an answer to whoever's window is open, as a template to the rest.

    `free_used` is how many of the month's free answers are gone.
    """
    by_template = rate_at(rates, category, day, in_window=False)
    as_answer = rate_at(rates, Category.SERVICE, day, in_window=True)
    per_message = by_template.amount if by_template else NOTHING
    free = max(0, as_answer.free_units - free_used) if as_answer else 0
    answers = as_answer.amount * max(0, audience.open_count - free) if as_answer else NOTHING
    return Preview(audience.count, per_message, per_message * audience.closed_count + answers)
