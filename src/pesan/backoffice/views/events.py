"""Events and payment methods as their organizer sees them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pesan.backoffice.forms.state import FormState
from pesan.backoffice.queries.events import OwnEvent
from pesan.backoffice.queries.refunds import Due
from pesan.backoffice.queries.shops import Numbers
from pesan.checkout.links import event_path


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event with its sale."""

    title: str
    status: str
    starts_at: datetime
    city: str
    price_amount: int
    capacity: int
    used: int
    held: int
    path: str
    public_path: str


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """A payment method that an event may take."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class EventFormPage:
    """The form for a new event (`title` is empty) or an existing one."""

    form: FormState
    methods: Sequence[MethodChoice]
    action: str
    title: str = ""
    status: str = ""
    public_path: str = ""
    cover_url: str | None = None
    used: int = 0
    held: int = 0
    problem: str = ""
    saved: bool = False
    moves: Sequence[str] = ()
    copying: FormState = field(default_factory=FormState)


@dataclass(frozen=True, slots=True)
class QrisFacts:
    """What a static QRIS code says about whom it pays."""

    merchant_name: str
    city: str
    nmid: str | None = None
    currency: str = "IDR"


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One payment method of the merchant."""

    id: str
    kind: str
    display_name: str
    is_active: bool
    path: str
    bank_name: str | None = None
    account_no: str | None = None
    account_holder: str | None = None
    qris: QrisFacts | None = None


@dataclass(frozen=True, slots=True)
class MethodsPage:
    """All methods, and the two forms that add one."""

    rows: Sequence[MethodRow]
    bank: FormState = field(default_factory=FormState)
    qris: FormState = field(default_factory=FormState)
    problem: str = ""
    problem_kind: str = ""
    done: str = ""


@dataclass(frozen=True, slots=True)
class BrandPage:
    """The merchant's face."""

    form: FormState
    zones: Sequence[str]
    logo_url: str | None
    contrast: float
    problem: str = ""
    saved: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page of a merchant."""

    numbers: Numbers
    due: Due
    events: Sequence[EventRow] = ()


def event_row(own: OwnEvent, shop_path: str) -> EventRow:
    """An event with its pool as one line."""
    event, pool = own.event, own.pool
    return EventRow(
        title=event.title,
        status=event.status,
        starts_at=event.starts_at,
        city=event.city,
        price_amount=event.price_amount,
        capacity=pool.capacity,
        used=pool.used,
        held=max(0, own.held),
        path=f"{shop_path}/events/{event.short_id}",
        public_path=event_path(event.slug, event.short_id),
    )
