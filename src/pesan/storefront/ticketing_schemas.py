"""What the ticketing face takes and answers: the document's names, in snake_case."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from pesan.checkout.baskets import Basket, BasketItem
from pesan.checkout.handing_on import RecipientFields
from pesan.checkout.schemas import Asked, BuyerFields, Moment
from pesan.checkout.ticketing import OrderStatus, ReservationStatus
from pesan.storefront.consenting import Consents
from pesan.tickets.states import TicketState

MAX_ITEMS = 50
MAX_QUANTITY = 1_000
_EXAMPLE_ID = "01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f"

TypedCode = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]


class _Body(BaseModel):
    """A JSON body: what the server computes itself (a price, a total, a state) is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class OrderItem(_Body):
    """Tickets of one type; `seat_ids` has one for each where the type is seated."""

    ticket_type_id: UUID | None = Field(None, description="Left out where the event sells no ticket types.")
    qty: StrictInt = Field(ge=1, le=MAX_QUANTITY)
    seat_ids: list[UUID] = Field(default_factory=list, max_length=MAX_QUANTITY)


class QuoteRequest(_Body):
    """`POST /v1/orders/quote`."""

    event_id: UUID = Field(examples=[_EXAMPLE_ID])
    items: list[OrderItem] = Field(min_length=1, max_length=MAX_ITEMS)
    promo_code: TypedCode | None = None
    access_code: TypedCode | None = None

    def to_basket(self) -> Basket:
        """The same for the checkout."""
        items = [BasketItem(item.qty, item.ticket_type_id, tuple(item.seat_ids)) for item in self.items]
        return Basket(self.event_id, tuple(items), self.promo_code or "", self.access_code or "")


class Buyer(BuyerFields, Asked):
    """Who buys, and where to write to them."""


class OrderRequest(QuoteRequest):
    """`POST /v1/orders`."""

    buyer: Buyer
    consents: Consents

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event_id": _EXAMPLE_ID,
                    "items": [{"ticket_type_id": _EXAMPLE_ID, "qty": 2}],
                    "promo_code": "HEMAT10",
                    "buyer": {"name": "Siti Nurhaliza", "email": "siti@contoh.id"},
                }
            ]
        }
    )


class TotalsAnswer(BaseModel):
    """An order's sums in whole rupiah; `total_amount` is what is paid."""

    subtotal_amount: int
    discount_amount: int
    fees_amount: int
    tax_amount: int
    total_amount: int
    currency: str


class PlacedAnswer(BaseModel):
    """An order that was placed; `payment_url` is null when nothing is to be paid."""

    order_id: UUID
    code: str
    status: OrderStatus
    payment_url: str | None
    expires_at: Moment
    totals: TotalsAnswer


class ItemAnswer(BaseModel):
    """A line with the price that the server gave it."""

    ticket_type_id: UUID | None
    title: str
    qty: int
    unit_amount: int
    amount: int


class QuoteAnswer(BaseModel):
    """What a basket would cost now."""

    event_id: UUID
    items: list[ItemAnswer]
    totals: TotalsAnswer


class SeatAnswer(BaseModel):
    """A seat as people find it."""

    id: UUID
    section: str
    row: str
    number: str


class SeatedItemAnswer(ItemAnswer):
    """A line of a placed order, with its seats."""

    seats: list[SeatAnswer]


class ReservationAnswer(BaseModel):
    """A hold as the document's table has it: an order's line, which is the reservation itself."""

    id: UUID
    user_id: UUID | None
    event_id: UUID
    ticket_type_id: UUID | None
    quantity: int
    expires_at: Moment
    status: ReservationStatus
    order_id: UUID


class OrderAnswer(PlacedAnswer):
    """`GET /v1/orders/{id}`."""

    event_id: UUID
    items: list[SeatedItemAnswer]
    reservations: list[ReservationAnswer]
    refunded_qty: int = Field(
        description="how many of its tickets were refunded, while it goes on with the others"
    )
    created_at: Moment
    server_time: Moment


class OfferState(StrEnum):
    """What a buyer can do about a ticket type now."""

    OPEN = "open"
    SOLD_OUT = "sold_out"
    NOT_YET = "not_yet"
    SALE_OVER = "sale_over"
    CLOSED = "closed"


class TicketTypeAnswer(BaseModel):
    """A kind of ticket, with its places."""

    id: UUID
    event_id: UUID
    name: str
    description: str
    price_amount: int
    currency: str
    max_per_order: int
    initial_inventory: int
    remaining_inventory: int
    color: str
    is_seated: bool
    sale_opens_at: Moment | None
    sale_closes_at: Moment | None
    status: OfferState


class TicketTypesAnswer(BaseModel):
    """`GET /v1/events/{id}/ticket-types`."""

    ticket_types: list[TicketTypeAnswer]


class SeatMapAnswer(BaseModel):
    """`GET /v1/events/{id}/seats`: one array per seat, in the order of its bit in the map of free seats."""

    event_id: UUID
    columns: list[str]
    seats: list[list[str | int | bool]]


class TicketAnswer(BaseModel):
    """One ticket. `code` is null once it was handed on; `version` goes up each time its code is replaced."""

    id: UUID
    code: str | None
    order_id: UUID
    event_id: UUID
    ticket_type_id: UUID | None
    title: str
    number: int
    seat: SeatAnswer | None
    holder_name: str
    status: TicketState
    version: int
    issued_at: Moment
    used_at: Moment | None
    handed_on_at: Moment | None


class TicketDetailAnswer(TicketAnswer):
    """`GET /v1/tickets/{id}`; `qr_url` opens the QR code for ten minutes.

    It is null when the ticket is void, was handed on, or is still being signed.
    """

    qr_url: str | None
    qr_url_expires_at: Moment | None


class TransferRequest(RecipientFields, Asked):
    """`POST /v1/tickets/{id}/transfer`; `version` is the ticket's: of two wishes at once one is granted."""

    version: StrictInt = Field(ge=0, le=65_534)

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Budi Santoso", "email": "budi@contoh.id", "version": 0}]}
    )


class TransferAnswer(BaseModel):
    """A ticket that is somebody else's now; what opens it goes to them alone."""

    id: UUID
    status: TicketState
    holder_name: str
    version: int


class TicketsAnswer(BaseModel):
    """`GET /v1/tickets`: the newest first; `next_cursor` is null at the end."""

    tickets: list[TicketAnswer]
    next_cursor: str | None
