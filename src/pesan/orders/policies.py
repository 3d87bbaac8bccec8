"""Whose an order is: pure predicates over actor and order."""

from pesan.db import Actor
from pesan.orders.models import Order


def is_buyer(actor: Actor, order: Order) -> bool:
    """Whether the actor bought it, by the code that they showed or by their account."""
    is_own = actor.user_id is not None and order.user_id == actor.user_id
    return is_own or order.code in actor.order_codes
