"""What pages show of baskets: facts that were already loaded."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of a basket or an order; `seats` are how people call them."""

    title: str
    quantity: int
    amount: int
    seats: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SumsView:
    """Lines with everything that is added to and taken off them; amounts in rupiah."""

    lines: Sequence[LineView]
    subtotal: int
    discount: int
    fees: int
    tax: int
    total: int
