"""Comparing variants fairly: each round runs all of them in turn, and what is compared is compared within a round."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.support.loader import Report

Measure = Callable[[], Awaitable[Report]]


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure with its noise: the middle of all rounds, the least and the most."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of what the rounds gave."""
        return cls(median(values), min(values), max(values))

    def show(self, form: str = ".2f", unit: str = "") -> str:
        """The middle, and the range that the rounds had."""
        return f"{self.middle:{form}}{unit}  ({self.least:{form}} … {self.most:{form}})"


@dataclass(frozen=True, slots=True)
class Rounds:
    """What every variant did in every round."""

    reports: Mapping[str, Sequence[Report]]
    counted: Sequence[int]

    def rate(self, name: str) -> Spread:
        """Counted answers per second."""
        return Spread.of(self._rates(name))

    def ratio(self, name: str, to: str) -> Spread:
        """One variant's rate as a part of another's, round by round."""
        return Spread.of(
            [ours / theirs for ours, theirs in zip(self._rates(name), self._rates(to), strict=True)]
        )

    def latency(self, name: str, fraction: float) -> Spread:
        """The latency in milliseconds that `fraction` of the answers stayed under."""
        return Spread.of([report.percentile(fraction) * 1_000 for report in self.reports[name]])

    def failures(self, name: str) -> int:
        """Answers that were not among the counted ones."""
        return sum(
            number
            for report in self.reports[name]
            for status, number in report.statuses.items()
            if status not in self.counted
        )

    def _rates(self, name: str) -> list[float]:
        return [report.rate(*self.counted) for report in self.reports[name]]


async def run_rounds(variants: Mapping[str, Measure], *, rounds: int, counted: Sequence[int]) -> Rounds:
    """Run each variant once per round, in turn, so that a slow moment of the machine meets all of them."""
    reports: dict[str, list[Report]] = {name: [] for name in variants}
    for number in range(rounds):
        names = list(variants) if number % 2 == 0 else list(variants)[::-1]
        for name in names:
            reports[name].append(await variants[name]())
    return Rounds(reports, counted)
