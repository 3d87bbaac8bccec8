"""What each place of an order cost, when only some go back: pure, in whole rupiah, and together exactly the total."""

from collections.abc import Sequence
from typing import NamedTuple


class Unit(NamedTuple):
    """One place at its price; `is_discounted` where the order's promo code counts it."""

    unit_amount: int
    is_discounted: bool = True


def split_total(units: Sequence[Unit], *, discount: int, total: int) -> list[int]:
    """The share of each unit in what was paid, its part of discount, fees and tax included; they sum to `total`.

    The discount is divided among the units that it counts, by their prices; the total by what is left of each. So a
    free place has no share, and the same place has the same one whenever it goes back.
    """
    discounted = [unit.unit_amount if unit.is_discounted else 0 for unit in units]
    off = split(discount, discounted)
    return split(total, [unit.unit_amount - less for unit, less in zip(units, off, strict=True)])


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` divided by `weights` in whole rupiah: what rounding leaves goes to the largest remainders.

    The earlier one of two equal remainders gets it. Without any weight nobody gets anything.
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    shares = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(amount * weights[place] % whole))
    for place in by_remainder[: amount - sum(shares)]:
        shares[place] += 1
    return shares
