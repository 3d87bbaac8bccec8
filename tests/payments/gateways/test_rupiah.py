"""Amounts cross the border exactly, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pesan.payments.gateways import rupiah

AMOUNTS = st.integers(0, 10**10)


@given(AMOUNTS)
def test_rupiah_comes_back_as_it_was_sent(amount: int):
    told = [f"{amount}.00", str(amount), amount, float(amount)]
    assert [rupiah.from_decimal(value) for value in told] == [amount] * 4
    assert rupiah.from_stripe(rupiah.to_stripe(amount)) == amount


def test_stripe_counts_hundredths():
    assert (rupiah.to_stripe(1), rupiah.from_stripe(15_000_000)) == (100, 150_000)


@pytest.mark.parametrize(
    "value", ["147356.50", "1.234,00", "NaN", "inf", "", None, True, [], "1e99", "147356.001"]
)
def test_what_is_no_whole_rupiah_is_refused(value: object):
    with pytest.raises(ValueError, match="not"):
        rupiah.from_decimal(value)


@pytest.mark.parametrize("value", [101, 1.0, "100", None, True])
def test_what_is_no_hundred_of_stripes_is_refused(value: object):
    with pytest.raises(ValueError, match="not"):
        rupiah.from_stripe(value)
