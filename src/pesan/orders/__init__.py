"""Orders: the hold itself, its states, the one gate, and the combiner of a sale."""

from pesan.orders.moves import Companion, Move, Moved, Placement, Replayed
from pesan.orders.states import OrderEvent, OrderState

__all__ = ["Companion", "Move", "Moved", "OrderEvent", "OrderState", "Placement", "Replayed"]
