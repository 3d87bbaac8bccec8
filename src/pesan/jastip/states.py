"""What a trip sells as, how its slugs look, and the document's words for states."""

import re
from collections.abc import Mapping
from enum import StrEnum

from pesan.orders.states import OrderState

FULFILMENT = "jastip"
"""What a trip's orders are fulfilled as: a parcel that the shopper sends."""

SLUG = re.compile(r"[a-z0-9_-]{3,10}")
"""Chat commands and shortlinks name trips and products alone (jastipin.md §6); kept in lower case."""


LIVE_ORDERS = (OrderState.HOLD, OrderState.REVIEW, OrderState.PAID, OrderState.COMPLETED)
"""Orders that are not over, or were sent: whoever has one has ordered."""


class JoinState(StrEnum):
    """Whether somebody takes part, or only said so on a page and has not written yet."""

    PENDING = "pending"
    JOINED = "joined"


class ProductStatus(StrEnum):
    """How a product stands, as jastipin.md §4 names it; `sold_out` is so by itself while nothing is left."""

    ACTIVE = "active"
    SOLD_OUT = "sold_out"
    DISCONTINUED = "discontinued"


class OrderStatus(StrEnum):
    """How an order stands, as jastipin.md §4 names it."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    SHIPPED = "shipped"


class Audience(StrEnum):
    """Whom a broadcast is for, of those who take part and did not leave."""

    ALL = "all"
    ORDERED = "ordered"
    """Whoever has an order that is not over, or was sent."""
    NOT_ORDERED = "not_ordered"


class BroadcastState(StrEnum):
    """How far a broadcast came; `done` is when everything was handed to the sender."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class RecipientState(StrEnum):
    """What became of somebody's part in it; of what was handed on, the message says the rest."""

    WAITING = "waiting"
    HANDED_ON = "handed_on"
    LEFT = "left"
    """They wanted to hear no more when their turn came."""
    CANCELLED = "cancelled"


class ProposalState(StrEnum):
    """What became of a price that a buyer was asked to agree to."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


STATUSES: Mapping[OrderState, OrderStatus] = {
    OrderState.HOLD: OrderStatus.PENDING,
    OrderState.REVIEW: OrderStatus.PENDING,
    OrderState.PAID: OrderStatus.CONFIRMED,
    OrderState.COMPLETED: OrderStatus.SHIPPED,
    OrderState.REJECTED: OrderStatus.REJECTED,
    OrderState.CANCELLED: OrderStatus.REJECTED,
    OrderState.EXPIRED: OrderStatus.REJECTED,
    OrderState.REFUNDED: OrderStatus.REJECTED,
}


def fold_slug(typed: str) -> str:
    """A slug as it is kept, from what somebody typed; raises ValueError when it cannot be one."""
    slug = typed.strip().lower()
    if not SLUG.fullmatch(slug):
        raise ValueError("a slug has 3 to 10 letters, digits, - or _")
    return slug
