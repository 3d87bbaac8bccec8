"""An order's and its holds' states as the ticketing document names them."""

from collections.abc import Mapping
from enum import StrEnum

from pesan.capacity.states import Bucket
from pesan.orders.states import OrderState


class OrderStatus(StrEnum):
    """`orders.status` (pestapora.md §4; Rulings: ticketing names)."""

    CREATED = "created"
    PENDING_PAYMENT = "pending_payment"
    PAID = "paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"


class ReservationStatus(StrEnum):
    """`reservations.status` (pestapora.md §4)."""

    ACTIVE = "active"
    RELEASED = "released"
    CONVERTED = "converted"


_STATUSES: Mapping[OrderState, OrderStatus] = {
    OrderState.HOLD: OrderStatus.CREATED,
    OrderState.REVIEW: OrderStatus.PENDING_PAYMENT,
    OrderState.PAID: OrderStatus.PAID,
    OrderState.COMPLETED: OrderStatus.PAID,
    OrderState.REJECTED: OrderStatus.CANCELLED,
    OrderState.CANCELLED: OrderStatus.CANCELLED,
    OrderState.EXPIRED: OrderStatus.EXPIRED,
    OrderState.REFUNDED: OrderStatus.REFUNDED,
}
RESERVATIONS: Mapping[Bucket, ReservationStatus] = {
    Bucket.HELD: ReservationStatus.ACTIVE,
    Bucket.USED: ReservationStatus.CONVERTED,
    Bucket.RELEASED: ReservationStatus.RELEASED,
}


def status_of(state: OrderState, *, is_payment_open: bool) -> OrderStatus:
    """The document's name for a state by the clock; a hold waits for a payment once one is open."""
    if state is OrderState.HOLD and is_payment_open:
        return OrderStatus.PENDING_PAYMENT
    return _STATUSES[state]
