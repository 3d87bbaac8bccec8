"""What this server saw of the business, by its own clock: how fast it sent, and what it sent twice."""

import time
from collections import Counter, deque
from typing import Any

WINDOW_SECONDS = 1.0
MOST_REMEMBERED = 500_000
_TIMES_KEPT = 20_000


class Measures:
    """Counts since the last reset."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin again."""
        self.taken: Counter[str] = Counter()
        self.greatest: Counter[str] = Counter()
        self.opaque: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.dropped = 0
        self._to: dict[str, Counter[str]] = {}
        self._recent: dict[str, deque[float]] = {}
        self._times: deque[float] = deque(maxlen=_TIMES_KEPT)

    def take(self, sender: str, recipient: str, opaque: str) -> None:
        """A message was taken just now."""
        recent = self._in_window(sender)
        recent.append(time.monotonic())
        self.taken[sender] += 1
        self.greatest[sender] = max(self.greatest[sender], len(recent))
        if len(self.opaque) >= MOST_REMEMBERED:
            return
        counts = self._to.setdefault(recipient, Counter(taken=0, duplicates=0))
        counts["taken"] += 1
        if opaque:
            self.opaque[opaque] += 1
            counts["duplicates"] += self.opaque[opaque] > 1

    def in_last_second(self, sender: str) -> int:
        """How many messages of this number were taken within the second that ends now."""
        return len(self._in_window(sender))

    def refuse(self, reason: int | str) -> None:
        """A message was refused, or its answer kept back."""
        self.refused[str(reason)] += 1

    def answered(self, status: int, seconds: float) -> None:
        """The webhook answered a POST; status 0 means that it did not."""
        self.answers[str(status)] += 1
        self._times.append(seconds)

    def as_json(self) -> dict[str, Any]:
        """Everything, for tests."""
        twice = {name: times for name, times in self.opaque.items() if times > 1}
        recipients = {wa: dict(counts) for wa, counts in self._to.items()}
        whole = {"opaque": dict(self.opaque), "duplicates": twice, "recipients": recipients}
        return {**self.summary(), **whole}

    def summary(self) -> dict[str, Any]:
        """The few figures that a person looks at."""
        return {
            "taken": dict(self.taken),
            "greatest_per_second": dict(self.greatest),
            "duplicate_count": sum(times - 1 for times in self.opaque.values()),
            "refused": dict(self.refused),
            "webhooks": {
                "answers": dict(self.answers),
                "milliseconds": percentiles(list(self._times)),
                "dropped": self.dropped,
            },
        }

    def _in_window(self, sender: str) -> deque[float]:
        """The moments within the second that ends now; a second is half open."""
        recent = self._recent.setdefault(sender, deque())
        border = time.monotonic() - WINDOW_SECONDS
        while recent and recent[0] <= border:
            recent.popleft()
        return recent


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Milliseconds that a half, 95 % and 99 % stayed under, and the most; nothing for no values."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    parts = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}
    last = len(ordered) - 1
    return {name: round(ordered[round(part * last)] * 1000, 2) for name, part in parts.items()}
