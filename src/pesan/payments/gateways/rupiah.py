"""Whole rupiah, as the providers write them (protocols.md §0.2). All raise ValueError for what is no whole rupiah."""

from decimal import Decimal, InvalidOperation

_MOST = 10**13
_STRIPE_UNITS = 100


def from_decimal(value: object) -> int:
    """`"147356.00"`, `147356` or `147356.0` as 147356; a fraction that is not zero is refused."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("not an amount")  # noqa: TRY004 -- the module has one error
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("not an amount") from None
    if not amount.is_finite() or abs(amount) > _MOST or amount != amount.to_integral_value():
        raise ValueError("not whole rupiah")
    return int(amount)


def to_stripe(amount: int) -> int:
    """Stripe counts IDR in hundredths, unlike everybody else."""
    return amount * _STRIPE_UNITS


def from_stripe(value: object) -> int:
    """`14735600` as 147356."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("not an amount")  # noqa: TRY004 -- the module has one error
    amount, rest = divmod(value, _STRIPE_UNITS)
    if rest:
        raise ValueError("not whole rupiah")
    return amount
