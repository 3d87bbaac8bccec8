"""Events and payment methods as their organizer sees them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pesan.backoffice.forms.state import FormState


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event with its sale."""

    title: str
    status: str
    sale: str
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
    saved: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page of a merchant."""

    waiting: int
    oldest_minutes: int
    sold_today: int
    income_today: int
    live_holds: int
    events: Sequence[EventRow] = ()
