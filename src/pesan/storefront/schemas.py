"""What the booking face answers."""

from uuid import UUID

from pydantic import BaseModel, Field

from pesan.catalog.queries import ListingFilter
from pesan.catalog.states import SaleState
from pesan.checkout.schemas import Asked, ClockTime, Face, Moment
from pesan.kit.money import MAX_AMOUNT
from pesan.kit.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from pesan.orders.states import OrderState
from pesan.payments.states import MethodKind
from pesan.privacy.states import Purpose
from pesan.tickets.states import Reason, Result, TicketState


class CapacityAnswer(Face):
    """`GET /api/capacity/{eventId}`: the documents' figures, and what can be held right now."""

    capacity: int
    capacity_used: int
    capacity_left: int
    hold_active: int
    hold_pool_left: int
    available: int
    snapshot_at: Moment


class MerchantAnswer(Face):
    """The brand that sells."""

    slug: str
    name: str
    accent: str
    zone: str


class ItemAnswer(Face):
    """One event on the clocks of `zone`, as lists and details show it; `status` is what a buyer can do about it now."""

    id: UUID
    slug: str
    short_id: str
    title: str
    summary: str
    venue: str
    city: str
    starts_at: Moment
    ends_at: Moment
    zone: str
    price: int
    currency: str
    status: SaleState
    available: int
    capacity_left: int
    tags: list[str]
    url: str
    merchant: MerchantAnswer


class ItemDetailAnswer(ItemAnswer):
    """One event in full."""

    description: str
    address: str
    sale_opens_at: Moment | None
    sale_closes_at: Moment | None
    hold_minutes: int
    needs_guardian: bool
    capacity: CapacityAnswer


class ItemQuery(Face):
    """What narrows `GET /api/items`; `cursor` is the `nextCursor` of the page before."""

    q: str | None = Field(None, max_length=80)
    merchant: str | None = Field(None, max_length=40)
    city: str | None = Field(None, max_length=80)
    starts_from: ClockTime | None = Field(None, alias="from")
    starts_before: ClockTime | None = Field(None, alias="to")
    max_price: int | None = Field(None, ge=0, le=MAX_AMOUNT)
    available: bool = False
    tag: str | None = Field(None, max_length=30)
    cursor: str | None = Field(None, max_length=300)
    limit: int = Field(DEFAULT_PAGE_SIZE, ge=1, le=MAX_PAGE_SIZE)

    def to_filter(self) -> ListingFilter:
        """The same for the catalogue."""
        return ListingFilter(
            search=self.q,
            merchant_slug=self.merchant,
            city=self.city,
            starts_from=self.starts_from,
            starts_before=self.starts_before,
            max_price=self.max_price,
            is_available=self.available,
            tag=self.tag.lower() if self.tag else None,
        )


class ItemListAnswer(Face):
    """A page of events; `nextCursor` is null at the end."""

    items: list[ItemAnswer]
    next_cursor: str | None


class ConsentAnswer(Face):
    """One purpose, and the privacy notice to show before asking."""

    purpose: Purpose
    version: int
    notice_url: str


class ConsentsAnswer(Face):
    """`GET /api/items/{id}/consents`; nobody has agreed to any of them."""

    consents: list[ConsentAnswer]


class MethodAnswer(Face):
    """A way to pay."""

    id: UUID
    kind: MethodKind
    display_name: str


class InstructionsAnswer(Face):
    """How to pay, for the method that was chosen; which members are set depends on its kind."""

    kind: MethodKind
    display_name: str
    bank_name: str | None = None
    account_no: str | None = None
    account_holder: str | None = None
    qris_payload: str | None = None
    static_qris_payload: str | None = None
    redirect_url: str | None = None


class PaymentAnswer(Face):
    """`POST /api/bookings/{id}/select-method`; `amount` includes the unique code."""

    amount: int
    unique_code: int | None
    currency: str
    instructions: InstructionsAnswer


class TicketAnswer(Face):
    """One ticket of a completed booking; `code` and `qr` are null once it was handed on to somebody else."""

    code: str | None
    number: int
    state: TicketState
    qr: str | None


class BookingAnswer(Face):
    """`GET /api/bookings/{code}`; the name is masked, for the address may be shared."""

    id: UUID
    code: str
    state: OrderState
    name: str
    quantity: int
    amount: int
    currency: str
    hold_expires_at: Moment
    server_time: Moment
    reject_reason: str | None
    item: ItemAnswer
    methods: list[MethodAnswer]
    payment: PaymentAnswer | None
    tickets: list[TicketAnswer]


class BookingStatusAnswer(Face):
    """`GET /api/bookings/{code}/status`."""

    code: str
    state: OrderState
    hold_expires_at: Moment
    server_time: Moment


class QrQuestion(Asked):
    """`POST /api/verify/qr`: the text of a QR code, a token or a typed code, and the event it should be for."""

    payload: str = Field(max_length=20_000, examples=["7H3K9Q2MZX4VB8NCT5RWPY6DA1"])
    event_id: UUID | None = None


class QrAnswer(Face):
    """What a ticket is worth; staff of its merchant also learn who and when.

    `reason` is stable, `message` is for people. `isLive` says that a rotating code was shown, which no picture, print
    or typed code is.
    """

    result: Result
    reason: Reason
    message: str
    is_live: bool
    code: str | None = None
    number: int | None = None
    holder_name: str | None = None
    used_at: Moment | None = None


class Jwk(BaseModel):
    """One public key (RFC 7517, RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    alg: str
    use: str


class JwksAnswer(BaseModel):
    """`GET /.well-known/jwks.json`: the Ed25519 keys that may still verify a ticket."""

    keys: list[Jwk]
