"""What an order costs: pure, in whole rupiah, and the only place that computes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pesan.catalog.errors import PromoNotValid
from pesan.catalog.states import PromoKind
from pesan.catalog.terms import PromoTerms

_BASIS_POINTS = 10_000
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line with the price that the server gave it."""

    id: UUID
    title: str
    quantity: int
    unit_amount: int
    type_id: UUID | None = None

    @property
    def amount(self) -> int:
        """What the whole line costs."""
        return self.unit_amount * self.quantity


class Charges(Protocol):
    """What the organizer adds: rupiah for each ticket, and hundredths of a percent of what is left after discounts."""

    @property
    def fee_amount(self) -> int:
        """Rupiah for each ticket that costs something."""
        ...

    @property
    def fee_basis_points(self) -> int:
        """The fee's share of what is left after discounts."""
        ...

    @property
    def tax_basis_points(self) -> int:
        """The tax on what is left after discounts."""
        ...


@dataclass(frozen=True, slots=True)
class Totals:
    """An order's sums; what is paid is `total`."""

    subtotal: int
    discount: int = 0
    fees: int = 0
    tax: int = 0

    @property
    def total(self) -> int:
        """Subtotal − discount + fees + tax."""
        return self.subtotal - self.discount + self.fees + self.tax


def compute_totals(lines: Sequence[PricedLine], charges: Charges, promo: PromoTerms | None = None) -> Totals:
    """The sums of these lines; halves of a rupiah go up. An order that costs nothing pays no fees."""
    subtotal = sum(line.amount for line in lines)
    discount = _discount(lines, promo) if promo else 0
    net = subtotal - discount
    if not net:
        return Totals(subtotal, discount)
    tickets = sum(line.quantity for line in lines if line.unit_amount)
    fees = charges.fee_amount * tickets + _share(net, charges.fee_basis_points)
    return Totals(subtotal, discount, fees, _share(net, charges.tax_basis_points))


def require_valid(promo: PromoTerms, event_id: UUID, lines: Sequence[PricedLine], now: datetime) -> None:
    """Raises PromoNotValid when the code is of another event, over, or fits none of the lines."""
    starts = promo.valid_from is None or promo.valid_from <= now
    lasts = promo.valid_until is None or now < promo.valid_until
    fits = any(line.amount for line in _counted(lines, promo))
    if promo.event_id != event_id or not (promo.is_active and starts and lasts and fits):
        raise PromoNotValid


def _discount(lines: Sequence[PricedLine], promo: PromoTerms) -> int:
    base = sum(line.amount for line in _counted(lines, promo))
    if promo.kind == PromoKind.AMOUNT:
        return min(base, promo.value)
    return _half_up(base * promo.value, _PERCENT)


def _counted(lines: Sequence[PricedLine], promo: PromoTerms) -> list[PricedLine]:
    return [line for line in lines if promo.ticket_type_id in {None, line.type_id}]


def _share(amount: int, basis_points: int) -> int:
    return _half_up(amount * basis_points, _BASIS_POINTS)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
