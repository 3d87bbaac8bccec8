"""What each place of an order cost: pure, and together always exactly what was paid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.orders.shares import Unit, split, split_total

PRICES = st.integers(0, 5_000_000)


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[Unit], int, int]:
    """Places, a discount that their discounted ones can bear, and what was paid in the end."""
    units = draw(st.lists(st.builds(Unit, PRICES, st.booleans()), min_size=1, max_size=12))
    discounted = sum(unit.unit_amount for unit in units if unit.is_discounted)
    discount = draw(st.integers(0, discounted))
    net = sum(unit.unit_amount for unit in units) - discount
    return units, discount, draw(st.integers(net, net * 2)) if net else 0


@given(orders())
def test_shares_are_exactly_what_was_paid(order: tuple[list[Unit], int, int]) -> None:
    units, discount, total = order

    shares = split_total(units, discount=discount, total=total)

    assert sum(shares) == total
    assert min(shares) >= 0
    assert [share for share, unit in zip(shares, units, strict=True) if not unit.unit_amount and share] == []


@given(st.integers(0, 10**10), st.lists(st.integers(0, 10**7), min_size=1, max_size=20))
def test_no_share_is_a_rupiah_off(amount: int, weights: list[int]) -> None:
    whole = sum(weights)

    shares = split(amount, weights)

    assert [
        abs(share * whole - amount * weight) < whole for share, weight in zip(shares, weights, strict=True)
    ] == ([True] * len(weights) if whole else [False] * len(weights))


@pytest.mark.parametrize(
    ("units", "discount", "total", "shares"),
    [
        ([Unit(100_000)] * 3, 0, 100_000, [33_334, 33_333, 33_333]),
        # A code for one type takes nothing off the other.
        ([Unit(300_000), Unit(100_000, False)], 300_000, 100_000, [0, 100_000]),
        ([Unit(0), Unit(150_000), Unit(150_000)], 30_000, 283_500, [0, 141_750, 141_750]),
        ([Unit(0), Unit(0)], 0, 0, [0, 0]),
    ],
)
def test_shares_of_known_orders(units: list[Unit], discount: int, total: int, shares: list[int]) -> None:
    assert split_total(units, discount=discount, total=total) == shares
