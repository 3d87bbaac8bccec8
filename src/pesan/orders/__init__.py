"""Orders: the hold itself, its states, the one gate, and the combiner of a sale."""

from pesan.orders.moves import Amendment, Companion, Move, Moved, Placement, Release, Replayed
from pesan.orders.states import OrderEvent, OrderState

__all__ = [
    "Amendment",
    "Companion",
    "Move",
    "Moved",
    "OrderEvent",
    "OrderState",
    "Placement",
    "Release",
    "Replayed",
]
