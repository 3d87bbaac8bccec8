"""What the guest's pages show: facts that were already loaded, never a row, a session or a query."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from markupsafe import Markup

from pesan.catalog.posters import Poster, draw_poster
from pesan.catalog.states import SaleState
from pesan.kit.i18n import Text
from pesan.kit.money import format_rupiah
from pesan.orders.states import ENDED, OrderState
from pesan.storefront.basket_views import SumsView
from pesan.tenancy.brands import Brand

LONGEST_RING = 120
"""Minutes that a ring shows; a hold that is kept for longer says until when."""
PRICE_STEPS = (100_000, 250_000, 500_000)
"""The ceilings that the list's filter offers."""


@dataclass(frozen=True, slots=True)
class Cover:
    """The addresses of an event's picture: 480, 800 and 1600 pixels wide, and a JPEG for messengers."""

    card: str
    small: str
    large: str
    share: str


@dataclass(frozen=True, slots=True)
class EventCard:
    """One event in a list, and the heading of every page about it.

    `from_amount` is the price of its cheapest ticket type, None where it sells none. Where it `sells_times`, it is an
    outlet whose own pages are another desk's; where it `ships`, a trip without a day, whose goods are sent.
    """

    title: str
    slug: str
    short_id: str
    brand: Brand
    zone: str
    starts_at: datetime
    ends_at: datetime
    venue: str
    city: str
    price_amount: int
    sale: SaleState
    left: int
    capacity: int
    path: str
    from_amount: int | None = None
    summary: str = ""
    tags: Sequence[str] = ()
    is_featured: bool = False
    cover: Cover | None = None
    sells_times: bool = False
    ships: bool = False

    @property
    def poster(self) -> Poster:
        """Stands where there is no cover."""
        return draw_poster(self.short_id)

    @property
    def is_scarce(self) -> bool:
        """Few enough places are left for the number to matter to a buyer."""
        return 0 < self.left <= max(5, self.capacity // 10)


@dataclass(frozen=True, slots=True)
class ListFilters:
    """What the visitor typed into the list's search, as typed."""

    q: str = ""
    city: str = ""
    date_from: str = ""
    date_to: str = ""
    price: str = ""
    available: bool = False
    tag: str = ""

    @property
    def is_empty(self) -> bool:
        """Nothing narrows the list."""
        return self == ListFilters()

    @property
    def narrows(self) -> int:
        """How many of the folded filters are set; the search itself is always in view."""
        return sum(map(bool, (self.city, self.date_from, self.date_to, self.price, self.available, self.tag)))


@dataclass(frozen=True, slots=True)
class ListPage:
    """The list of everybody's or one merchant's events."""

    cards: Sequence[EventCard]
    filters: ListFilters
    cities: Sequence[str]
    tags: Sequence[str]
    path: str
    next_url: str | None = None


@dataclass(frozen=True, slots=True)
class EventDetail:
    """An event with all that a buyer asks before booking."""

    card: EventCard
    description: str
    address: str
    hold_minutes: int
    url: str
    capacity_left: int
    sale_opens_at: datetime | None = None
    sale_closes_at: datetime | None = None
    next_hold_ends_at: datetime | None = None
    share_picture: str | None = None


@dataclass(frozen=True, slots=True)
class BookingSheet:
    """The form for one booking, with what was typed when it comes back with complaints.

    `methods` are the ways to pay, `tells_by` the channels by which this instance can write to the buyer, `accepts` the
    versions of the legal texts that a tick accepts.
    """

    card: EventCard
    hold_minutes: int
    rules: Mapping[str, Mapping[str, str]]
    mends: Mapping[str, Text]
    idempotency_key: str
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)
    problem: str = ""
    methods: Sequence[str] = ()
    tells_by: Set[str] = frozenset()
    basket: str = ""
    sums: SumsView | None = None
    accepts: str = ""
    needs_guardian: bool = False

    @property
    def total(self) -> int:
        """What is paid in the end."""
        return self.sums.total if self.sums else self.card.price_amount


@dataclass(frozen=True, slots=True)
class BookingView:
    """One order as its buyer sees it at the server's `now`; `state` is the one by the clock, `word` its name.

    `sums` are there where its event sells ticket types, or its total is not simply places times price. `due_amount` is
    what is asked for now, `balance_amount` what is left after that or, where it `owes_balance`, nothing else. `mark`
    changes with all that its page shows of where it stands.
    """

    code: str
    state: OrderState
    word: Text
    card: EventCard
    buyer_name: str
    quantity: int
    total_amount: int
    now: datetime
    url: str
    path: str
    pay_path: str
    hold_expires_at: datetime
    hold_minutes: int
    reject_reason: str = ""
    notes: str = ""
    sums: SumsView | None = None
    due_amount: int = 0
    balance_amount: int = 0
    owes_balance: bool = False
    is_proof_waiting: bool = False
    mark: str = ""

    @property
    def now_ms(self) -> int:
        """Milliseconds for the countdown, which counts from here and never from the device's clock."""
        return _milliseconds(self.now)

    @property
    def deadline_ms(self) -> int:
        """When the hold ends, in milliseconds."""
        return _milliseconds(self.hold_expires_at)

    @property
    def share_left(self) -> float:
        """How much of the hold is left, 0 to 1; the ring's first frame."""
        whole = timedelta(minutes=self.hold_minutes) or timedelta(minutes=1)
        return max(0.0, min(1.0, (self.hold_expires_at - self.now) / whole))

    @property
    def has_ring(self) -> bool:
        """Whether the hold is short enough to be watched running out."""
        return self.hold_minutes <= LONGEST_RING

    @property
    def clock_left(self) -> str:
        """`12:34` left, the ring's first text."""
        seconds = max(0, round((self.hold_expires_at - self.now).total_seconds()))
        return f"{seconds // 60:02d}:{seconds % 60:02d}"


@dataclass(frozen=True, slots=True)
class KeptBooking:
    """A booking that this browser made or opened before; what is sent has no day."""

    title: str
    path: str
    state: OrderState
    word: Text
    starts_at: datetime | None
    zone: str


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """One way to pay; `kind` is bank, qris or gateway."""

    id: str
    kind: str
    display_name: str


@dataclass(frozen=True, slots=True)
class BankInstructions:
    """Where to transfer."""

    bank_name: str
    account_no: str
    account_holder: str
    kind: str = "bank"


@dataclass(frozen=True, slots=True)
class QrisInstructions:
    """A code with the amount inside, drawn by the server, and the merchant's own for apps that refuse that."""

    merchant_name: str
    svg: Markup
    plain_svg: Markup
    download_path: str
    kind: str = "qris"


@dataclass(frozen=True, slots=True)
class HostedInstructions:
    """The page of a payment provider."""

    title: str
    url: str
    kind: str = "gateway"


@dataclass(frozen=True, slots=True)
class PaymentPanel:
    """The pay page: choose, pay exactly, prove."""

    booking: BookingView
    methods: Sequence[MethodChoice]
    selected_id: str = ""
    amount: int = 0
    unique_code: str | None = None
    instructions: BankInstructions | QrisInstructions | HostedInstructions | None = None
    problem: str = ""
    has_failed: bool = False

    @property
    def to_pay(self) -> int:
        """The exact amount once a method was chosen, what is due before."""
        return self.amount or self.booking.due_amount

    @property
    def amount_parts(self) -> tuple[str, str]:
        """The amount as printed, cut before the digits that the unique code decides."""
        text = format_rupiah(self.to_pay)
        if self.unique_code is None:
            return text, ""
        cut, digits = len(text), len(self.unique_code)
        while digits and cut:
            cut -= 1
            digits -= text[cut].isdigit()
        return text[:cut], text[cut:]


@dataclass(frozen=True, slots=True)
class TicketView:
    """One ticket; its QR is drawn by the server. `title` says what it is for, where the event's own does not.

    One that was handed on is its new holder's: its code and QR are not shown to the buyer any more.
    """

    code: str
    number: int
    title: str
    holder_name: str
    state: str
    qr: Markup
    static_qr: Markup
    pdf_path: str
    path: str = ""
    transfer_path: str = ""
    is_handed_on: bool = False


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money on its way back to the buyer, since it was `sent_at` at the earliest; `cause` is why."""

    amount: int
    cause: str
    is_by_provider: bool
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class StatusView:
    """The status page, with the tickets once there are any, whose codes are drawn anew `every` so many seconds."""

    booking: BookingView
    amount: int
    unique_code: str | None = None
    tickets: Sequence[TicketView] = ()
    calendar_path: str = ""
    summary_path: str = ""
    certificate_path: str = ""
    refunds: Sequence[RefundView] = ()
    every: int = 0

    @property
    def is_final(self) -> bool:
        """Nothing more will change by itself, so nothing needs listening to."""
        return self.booking.state in ENDED


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
