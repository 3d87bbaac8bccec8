"""An event's status as its organizer set it, and its sale as a buyer sees it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

TICKETS = "tickets"
"""What orders of an event turn into, unless it is something else than an evening out."""


class EventStatus(StrEnum):
    """What the organizer decided."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class SaleState(StrEnum):
    """What a buyer can do about it now; only OPEN takes orders."""

    OPEN = "open"
    SOLD_OUT = "sold_out"
    QUEUE_FULL = "queue_full"
    REVIEW_BACKLOG = "review_backlog"
    NOT_YET = "not_yet"
    SALE_OVER = "sale_over"
    CLOSED = "closed"
    ENDED = "ended"
    CANCELLED = "cancelled"


class SaleTimes(Protocol):
    """What decides whether a sale is on: an event row, or the facts a gate has read of it."""

    @property
    def status(self) -> str:
        """The organizer's decision."""
        ...

    @property
    def ends_at(self) -> datetime:
        """When the event itself is over."""
        ...

    @property
    def sale_opens_at(self) -> datetime | None:
        """When the sale begins; None is at once."""
        ...

    @property
    def sale_closes_at(self) -> datetime | None:
        """When the sale ends; None is with the event."""
        ...


def sale_state(event: SaleTimes, now: datetime) -> SaleState:
    """The sale's state by the organizer's decision and the clock, places aside; periods are half-open."""
    by_status = {
        EventStatus.CANCELLED: SaleState.CANCELLED,
        EventStatus.DRAFT: SaleState.CLOSED,
        EventStatus.CLOSED: SaleState.CLOSED,
    }
    if event.ends_at <= now and event.status != EventStatus.CANCELLED:
        return SaleState.ENDED
    if (decided := by_status.get(EventStatus(event.status))) is not None:
        return decided
    if event.sale_opens_at is not None and now < event.sale_opens_at:
        return SaleState.NOT_YET
    if event.sale_closes_at is not None and event.sale_closes_at <= now:
        return SaleState.SALE_OVER
    return SaleState.OPEN


@dataclass(frozen=True, slots=True)
class Places:
    """The availability of one event, live holds only: what a buyer is shown and the API answers."""

    capacity: int
    used: int
    held: int
    hold_limit: int

    @property
    def left(self) -> int:
        """`capacity_left` as the documents define it."""
        return max(0, self.capacity - self.used)

    @property
    def hold_pool_left(self) -> int:
        """`hold_pool_left`: how many more may be held at once."""
        return max(0, self.hold_limit - self.held)

    @property
    def available(self) -> int:
        """What can be held right now."""
        return max(0, min(self.hold_pool_left, self.capacity - self.used - self.held))

    def sale_state(self, by_clock: SaleState) -> SaleState:
        """The sale's state with the places counted in."""
        if by_clock is not SaleState.OPEN or self.available > 0:
            return by_clock
        return SaleState.SOLD_OUT if self.left == 0 else SaleState.QUEUE_FULL


class PromoKind(StrEnum):
    """What a promo code takes off."""

    PERCENT = "percent"
    AMOUNT = "amount"
