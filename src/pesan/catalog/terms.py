"""What an event sells, as the gate reads it after its locks."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TypeTerms:
    """One ticket type's terms."""

    id: UUID
    event_id: UUID
    pool_id: UUID
    name: str
    price_amount: int
    max_per_order: int
    sale_opens_at: datetime | None
    sale_closes_at: datetime | None
    is_hidden: bool
    access_code: str | None
    is_seated: bool
    is_archived: bool


@dataclass(frozen=True, slots=True)
class SeatTerms:
    """One seat's terms."""

    id: UUID
    event_id: UUID
    ticket_type_id: UUID
    pool_id: UUID
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class SlotTerms:
    """One time of a booth, half-open; `resource` is the booth's number."""

    id: UUID
    event_id: UUID
    pool_id: UUID
    resource: int
    starts_at: datetime
    ends_at: datetime

    def overlaps(self, resource: int, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether that other time needs the same booth at some moment."""
        return resource == self.resource and starts_at < self.ends_at and self.starts_at < ends_at


@dataclass(frozen=True, slots=True)
class PromoTerms:
    """One promo code's terms."""

    id: UUID
    event_id: UUID
    ticket_type_id: UUID | None
    pool_id: UUID | None
    kind: str
    value: int
    valid_from: datetime | None
    valid_until: datetime | None
    is_active: bool


def columns_of(kind: type[TypeTerms | SeatTerms | SlotTerms | PromoTerms]) -> str:
    """The columns that make one of these, in its order."""
    return ", ".join(part.name for part in fields(kind))
