"""Sums: exact, in whole rupiah, for any basket."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.catalog.errors import PromoNotValid
from pesan.catalog.terms import PromoTerms
from pesan.orders.pricing import PricedLine, Totals, compute_totals, require_valid

NOW = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)
EVENT, REGULAR, VIP = (UUID(int=number) for number in range(1, 4))


@dataclass(frozen=True)
class Charges:
    fee_amount: int = 0
    fee_basis_points: int = 0
    tax_basis_points: int = 0


def line(unit: int, quantity: int = 1, kind: UUID | None = REGULAR) -> PricedLine:
    return PricedLine(UUID(int=unit + 100), "Reguler", quantity, unit, kind)


def promo(kind: str = "percent", value: int = 10, **change: object) -> PromoTerms:
    known = PromoTerms(UUID(int=9), EVENT, None, None, kind, value, None, None, is_active=True)
    return replace(known, **change)  # type: ignore[arg-type]


def test_a_basket_costs_its_lines():
    assert compute_totals([line(150_000, 2), line(500_000)], Charges()) == Totals(800_000)


def test_fees_and_tax_are_of_what_is_left_after_the_discount():
    totals = compute_totals([line(150_000, 2)], Charges(2_500, 150, 1_000), promo("amount", 50_000))
    assert totals == Totals(300_000, 50_000, 5_000 + 3_750, 25_000)
    assert totals.total == 283_750


def test_half_a_rupiah_goes_up():
    assert compute_totals([line(5)], Charges(), promo(value=10)) == Totals(5, 1)
    assert compute_totals([line(50)], Charges(tax_basis_points=100)) == Totals(50, tax=1)


def test_a_discount_takes_no_more_than_there_is():
    totals = compute_totals([line(20_000)], Charges(1_000, 500, 1_000), promo("amount", 50_000))
    assert (totals, totals.total) == (Totals(20_000, 20_000), 0)


def test_a_free_ticket_pays_no_fee_beside_a_paid_one():
    assert compute_totals([line(0, 3), line(100_000)], Charges(fee_amount=1_000)).fees == 1_000


def test_a_promo_of_one_type_leaves_the_others_alone():
    lines = [line(100_000), line(500_000, kind=VIP)]
    assert compute_totals(lines, Charges(), promo(value=50, ticket_type_id=VIP)).discount == 250_000


@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"event_id": VIP},
        {"valid_from": NOW + timedelta(microseconds=1)},
        {"valid_until": NOW},
        {"ticket_type_id": VIP},
    ],
)
def test_a_promo_that_does_not_fit_is_not_valid(change: dict[str, object]):
    with pytest.raises(PromoNotValid):
        require_valid(promo(**change), EVENT, [line(100_000)], NOW)


def test_a_promo_counts_from_its_first_moment_to_before_its_last():
    require_valid(promo(valid_from=NOW, valid_until=NOW + timedelta(microseconds=1)), EVENT, [line(1)], NOW)


def test_a_promo_for_nothing_that_costs_anything_is_not_valid():
    with pytest.raises(PromoNotValid):
        require_valid(promo(), EVENT, [line(0)], NOW)


@given(
    lines=st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 100)), min_size=1, max_size=5),
    charges=st.builds(Charges, st.integers(0, 10**6), st.integers(0, 5_000), st.integers(0, 5_000)),
    discount=st.one_of(
        st.none(),
        st.integers(1, 100).map(lambda value: promo("percent", value)),
        st.integers(1, 10**12).map(lambda value: promo("amount", value)),
    ),
)
def test_sums_always_add_up_in_whole_rupiah(
    lines: list[tuple[int, int]], charges: Charges, discount: PromoTerms | None
):
    totals = compute_totals([line(unit, quantity) for unit, quantity in lines], charges, discount)
    assert 0 <= totals.discount <= totals.subtotal
    assert totals.total == totals.subtotal - totals.discount + totals.fees + totals.tax >= 0
    assert all(type(part) is int for part in (totals.subtotal, totals.discount, totals.fees, totals.tax))
