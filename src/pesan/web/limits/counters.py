"""What the limiter asks of a store."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Hit:
    """Add `amount` to the counter `key`, whose window lasts `seconds` from its first hit; 0 only looks."""

    key: str
    seconds: int
    amount: int = 1


@dataclass(frozen=True, slots=True)
class Tally:
    """A counter after a hit; `resets_in` is in seconds."""

    count: int
    resets_in: float


class Counters(Protocol):
    """Counters that every process of the instance shares."""

    async def add(self, hit: Hit) -> Tally:
        """Count `hit`, atomically."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class NullCounters:
    """Counts nothing, so that no limit is ever reached; for load tests."""

    async def add(self, hit: Hit) -> Tally:
        """Always the first."""
        return Tally(0, float(hit.seconds))

    async def close(self) -> None:
        """Nothing to let go of."""
