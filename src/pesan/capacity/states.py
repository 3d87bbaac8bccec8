"""The arithmetic of places: pure, and the only place where it is done."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from uuid import UUID


class Bucket(StrEnum):
    """Where a claim's places are counted."""

    HELD = "held"
    USED = "used"
    RELEASED = "released"


@dataclass(slots=True)
class PoolCounts:
    """One pool inside a locked transaction; its counters move as grants are decided, in arrival order."""

    id: UUID
    capacity: int
    hold_ratio: Decimal
    max_per_order: int
    held: int
    used: int

    @property
    def hold_limit(self) -> int:
        """How many places may be held at once; at least one order's worth, so that small events can sell."""
        return hold_limit(self.capacity, self.hold_ratio, self.max_per_order)

    @property
    def available(self) -> int:
        """What can be held right now."""
        return max(0, min(self.hold_limit - self.held, self.capacity - self.used - self.held))

    @property
    def is_sold_out(self) -> bool:
        """Whether no place is left even if every hold were given back."""
        return self.used >= self.capacity

    def can_hold(self, quantity: int) -> bool:
        """Held + q ≤ hold_limit and used + held + q ≤ capacity (architecture, Claims)."""
        return quantity <= self.available

    def can_use(self, quantity: int) -> bool:
        """Whether places can go straight to `used`, as when late money takes them back."""
        return self.used + self.held + quantity <= self.capacity

    def move(self, quantity: int, source: Bucket, target: Bucket) -> None:
        """Count `quantity` places in `target` instead of `source`."""
        self._add(source, -quantity)
        self._add(target, quantity)

    def _add(self, bucket: Bucket, quantity: int) -> None:
        if bucket is Bucket.HELD:
            self.held += quantity
        elif bucket is Bucket.USED:
            self.used += quantity


def hold_limit(capacity: int, hold_ratio: Decimal, max_per_order: int) -> int:
    """min(capacity, max(floor(capacity × ratio), max_per_order))."""
    share = int((capacity * hold_ratio).to_integral_value(rounding=ROUND_FLOOR))
    return min(capacity, max(share, max_per_order))
