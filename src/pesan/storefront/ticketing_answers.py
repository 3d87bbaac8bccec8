"""From rows to what the ticketing face answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pesan.catalog.models import Seat
from pesan.catalog.offers import Offer
from pesan.catalog.queries import Listing
from pesan.checkout.baskets import ReadBasket
from pesan.checkout.links import pay_path
from pesan.checkout.ticketing import RESERVATIONS, status_of
from pesan.idempotency.service import Answer
from pesan.kit.ids import shown_code
from pesan.orders import Moved
from pesan.orders.models import Order, OrderLine
from pesan.orders.pricing import Totals
from pesan.orders.situation import Placed
from pesan.orders.states import BUCKETS, OrderState
from pesan.storefront.offers import offer_state, places_left
from pesan.storefront.ticketing_schemas import (
    ItemAnswer,
    OrderAnswer,
    PlacedAnswer,
    QuoteAnswer,
    ReservationAnswer,
    SeatAnswer,
    SeatedItemAnswer,
    TicketTypeAnswer,
    TotalsAnswer,
)

_CREATED = 201


def placed_answer(moved: Moved, *, base_url: str) -> Answer:
    """The answer to an order that was just placed, as it is stored."""
    assert moved.totals is not None
    told = PlacedAnswer(
        order_id=moved.order_id,
        code=moved.code,
        status=status_of(moved.state, is_payment_open=False),
        payment_url=_payment_url(moved.code, moved.state, base_url),
        expires_at=moved.hold_expires_at,
        totals=_totals(moved.totals, moved.currency),
    )
    return Answer(_CREATED, told.model_dump_json().encode())


def quote_answer(read: ReadBasket, placed: Placed) -> QuoteAnswer:
    """What a basket would cost."""
    items = [
        ItemAnswer(
            ticket_type_id=line.type_id,
            title=line.title,
            qty=line.quantity,
            unit_amount=line.unit_amount,
            amount=line.amount,
        )
        for line in placed.lines
    ]
    event = read.listing.event
    return QuoteAnswer(event_id=event.id, items=items, totals=_totals(placed.totals, event.currency))


def order_answer(
    order: Order,
    lines: Sequence[OrderLine],
    seats: Mapping[UUID, Sequence[Seat]],
    *,
    state: OrderState,
    is_payment_open: bool,
    now: datetime,
    base_url: str,
    is_open: bool,
) -> OrderAnswer:
    """An order with its lines; `state` is the one by the clock, `is_open` shows the code whole and links by it."""
    totals = Totals(order.subtotal_amount, order.discount_amount, order.fees_amount, order.tax_amount)
    return OrderAnswer(
        order_id=order.id,
        code=shown_code(order.code, is_open=is_open),
        status=status_of(state, is_payment_open=is_payment_open),
        payment_url=_payment_url(order.code, state, base_url) if is_open else None,
        expires_at=order.hold_expires_at,
        totals=_totals(totals, order.currency),
        event_id=order.event_id,
        items=[_item(line, seats.get(line.id, ())) for line in lines],
        reservations=[_reservation(order, line, state) for line in lines],
        refunded_qty=order.returned_quantity,
        created_at=order.placed_at,
        server_time=now,
    )


def ticket_type_answer(offer: Offer, listing: Listing) -> TicketTypeAnswer:
    """A ticket type with its places at this moment."""
    kind = offer.type
    names = "id event_id name description price_amount currency max_per_order is_seated sale_opens_at sale_closes_at"
    return TicketTypeAnswer(
        **{name: getattr(kind, name) for name in names.split()},
        initial_inventory=offer.inventory,
        remaining_inventory=places_left(offer, listing),
        color=kind.colour,
        status=offer_state(offer, listing),
    )


def seat_answer(seat: Seat) -> SeatAnswer:
    """A seat as people find it."""
    return SeatAnswer(id=seat.id, section=seat.section, row=seat.row, number=seat.number)


def _item(line: OrderLine, seats: Sequence[Seat]) -> SeatedItemAnswer:
    return SeatedItemAnswer(
        ticket_type_id=line.ticket_type_id,
        title=line.title,
        qty=line.quantity,
        unit_amount=line.unit_amount,
        amount=line.unit_amount * line.quantity,
        seats=[seat_answer(seat) for seat in seats],
    )


def _reservation(order: Order, line: OrderLine, state: OrderState) -> ReservationAnswer:
    return ReservationAnswer(
        id=line.id,
        user_id=order.user_id,
        event_id=order.event_id,
        ticket_type_id=line.ticket_type_id,
        quantity=line.quantity,
        expires_at=order.hold_expires_at,
        status=RESERVATIONS[BUCKETS[state]],
        order_id=order.id,
    )


def _totals(totals: Totals, currency: str) -> TotalsAnswer:
    return TotalsAnswer(
        subtotal_amount=totals.subtotal,
        discount_amount=totals.discount,
        fees_amount=totals.fees,
        tax_amount=totals.tax,
        total_amount=totals.total,
        currency=currency,
    )


def _payment_url(code: str, state: OrderState, base_url: str) -> str | None:
    return f"{base_url}{pay_path(code)}" if state is OrderState.HOLD else None
