"""From rows to what the booking face answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pesan.catalog.queries import Listing
from pesan.catalog.states import sale_state
from pesan.catalog.zones import zone_of
from pesan.checkout.links import event_path
from pesan.kit.names import mask_name
from pesan.orders.dues import due_now
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.models import PaymentMethod
from pesan.payments.service import Instructions
from pesan.payments.states import MethodKind
from pesan.storefront.schemas import (
    BookingAnswer,
    CapacityAnswer,
    InstructionsAnswer,
    ItemAnswer,
    ItemDetailAnswer,
    MerchantAnswer,
    MethodAnswer,
    PaymentAnswer,
    TicketAnswer,
)
from pesan.tickets.models import Ticket
from pesan.tickets.states import TicketState


def item_answer(listing: Listing) -> ItemAnswer:
    """An event as lists show it."""
    return ItemAnswer(**_item(listing))


def item_detail_answer(listing: Listing) -> ItemDetailAnswer:
    """An event in full, with its places."""
    event = listing.event
    return ItemDetailAnswer(
        **_item(listing),
        description=event.description,
        address=event.address,
        sale_opens_at=event.sale_opens_at,
        sale_closes_at=event.sale_closes_at,
        hold_minutes=event.hold_minutes,
        needs_guardian=event.needs_guardian,
        capacity=capacity_answer(listing),
    )


def capacity_answer(listing: Listing) -> CapacityAnswer:
    """An event's places as the documents name them."""
    places = listing.places
    return CapacityAnswer(
        capacity=places.capacity,
        capacity_used=places.used,
        capacity_left=places.left,
        hold_active=places.held,
        hold_pool_left=places.hold_pool_left,
        available=places.available,
        snapshot_at=listing.now,
    )


def booking_answer(
    order: Order,
    listing: Listing,
    *,
    methods: Sequence[PaymentMethod],
    instructions: Instructions | None,
    tickets: Sequence[Ticket],
    state: OrderState,
    now: datetime,
) -> BookingAnswer:
    """A booking with everything that its holder can do next; `state` is the one by the clock."""
    return BookingAnswer(
        id=order.id,
        code=order.code,
        state=state,
        name=mask_name(order.buyer_name),
        quantity=order.quantity,
        amount=due_now(order) or order.total_amount,
        currency=order.currency,
        hold_expires_at=order.hold_expires_at,
        server_time=now,
        reject_reason=order.reject_reason,
        item=item_answer(listing),
        methods=[
            MethodAnswer(id=m.id, kind=MethodKind(m.kind), display_name=m.display_name) for m in methods
        ],
        payment=payment_answer(instructions) if instructions else None,
        tickets=[_ticket(ticket) for ticket in tickets],
    )


def _ticket(ticket: Ticket) -> TicketAnswer:
    """What opens a ticket that was handed on is its new holder's alone."""
    is_own = ticket.handed_on_at is None
    return TicketAnswer(
        code=ticket.code if is_own else None,
        number=ticket.number,
        state=TicketState(ticket.state),
        qr=ticket.qr_text or None if is_own else None,
    )


def payment_answer(instructions: Instructions) -> PaymentAnswer:
    """How much to pay, and where to."""
    bank, qris = instructions.bank, instructions.qris
    told = InstructionsAnswer(
        kind=MethodKind.BANK if bank else MethodKind.QRIS if qris else MethodKind.GATEWAY,
        display_name=instructions.display_name,
        bank_name=bank.bank_name if bank else None,
        account_no=bank.account_no if bank else None,
        account_holder=bank.account_holder if bank else None,
        qris_payload=qris.payload if qris else None,
        static_qris_payload=qris.static_payload if qris else None,
        redirect_url=instructions.hosted_url,
    )
    code = int(instructions.unique_code) if instructions.unique_code else None
    return PaymentAnswer(
        amount=instructions.amount, unique_code=code, currency=instructions.currency, instructions=told
    )


def _item(listing: Listing) -> dict[str, Any]:
    event, merchant, places = listing.event, listing.merchant, listing.places
    names = "id slug short_id title summary venue city tags starts_at ends_at currency"
    return {name: getattr(event, name) for name in names.split()} | {
        "price": event.price_amount,
        "zone": zone_of(event, merchant),
        "status": places.sale_state(sale_state(event, listing.now)),
        "available": places.available,
        "capacity_left": places.left,
        "url": event_path(event.slug, event.short_id),
        "merchant": MerchantAnswer(
            slug=merchant.slug, name=merchant.name, accent=merchant.accent, zone=merchant.zone
        ),
    }
