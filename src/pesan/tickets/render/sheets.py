"""The facts that a document shows; how they are laid out is the documents' business."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pesan.kit.i18n import DEFAULT_LOCALE, Locale


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose document it is; `accent` is `#rrggbb`, `logo` an image file."""

    name: str
    accent: str
    logo: bytes | None = None


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What, when and where; times are shown in `zone`, `cover` is an image file."""

    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    venue: str = ""
    address: str = ""
    city: str = ""
    cover: bytes | None = None


@dataclass(frozen=True, slots=True)
class TicketSheet:
    """One ticket: one page."""

    brand: Brand
    event: EventFacts
    holder_name: str
    number: int
    count: int
    code: str
    order_code: str
    qr_text: str
    issued_at: datetime
    line_title: str = ""
    locale: Locale = DEFAULT_LOCALE


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """What was ordered; amounts in rupiah."""

    title: str
    quantity: int
    unit_amount: int


@dataclass(frozen=True, slots=True)
class SummarySheet:
    """A booking in one page, whatever its state. `status` is the word that the pages show for the state.

    What does not take place is sent, by a `courier` once it was.
    `paid_amount` is the exact amount of the transfer (with the *kode unik*), None while nothing was asked for.
    """

    brand: Brand
    event: EventFacts
    order_code: str
    buyer_name: str
    status: str
    placed_at: datetime
    lines: Sequence[SummaryLine]
    total_amount: int
    paid_amount: int | None = None
    method_name: str = ""
    contact: str = ""
    status_url: str = ""
    takes_place: bool = True
    is_invoice: bool = False
    courier: str = ""
    locale: Locale = DEFAULT_LOCALE


@dataclass(frozen=True, slots=True)
class CertificateSheet:
    """A certificate of attendance for one ticket."""

    brand: Brand
    event: EventFacts
    holder_name: str
    code: str
    issued_at: datetime
    locale: Locale = DEFAULT_LOCALE
