"""Rupiah: whole numbers there and back, however large, and never a fraction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.kit.money import format_rupiah, parse_rupiah

AMOUNTS = st.integers(0, 10**12)


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (0, "Rp 0"),
        (999, "Rp 999"),
        (1_000_000, "Rp 1.000.000"),
        (10**12, "Rp 1.000.000.000.000"),
        (-150_000, "-Rp 150.000"),
    ],
)
def test_amount_is_written_as_shops_write_it(amount: int, written: str):
    assert format_rupiah(amount) == written.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1000000", 1_000_000),
        ("1.000.000", 1_000_000),
        ("Rp 1.000.000,00", 1_000_000),
        ("1jt", 1_000_000),
        ("1,5 juta", 1_500_000),
        ("1,005jt", 1_005_000),
        ("150rb", 150_000),
        ("2k", 2_000),
    ],
)
def test_amount_is_read_as_people_type_it(typed: str, amount: int):
    assert parse_rupiah(typed) == amount


@pytest.mark.parametrize(
    "typed",
    ["", "Rp", "150,000", "1.5", "1.50", "0,5", "-5", "1e6", "NaN", "1000.00", "1_000", "10000000000001"],
)
def test_amount_that_is_ambiguous_or_no_whole_rupiah_is_refused(typed: str):
    with pytest.raises(ValueError, match=r"amount|rupiah"):
        parse_rupiah(typed)


@given(AMOUNTS)
def test_amount_comes_back_as_it_went(amount: int):
    read = parse_rupiah(format_rupiah(amount))

    assert (read, type(read)) == (amount, int)
