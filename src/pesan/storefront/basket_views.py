"""What pages show of baskets and of what can be put in: facts that were already loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pesan.storefront.choices import Choice
from pesan.storefront.ticketing_schemas import OfferState

FEW = 10


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


@dataclass(frozen=True, slots=True)
class OfferView:
    """A ticket type with what was chosen of it; `most` is how many one order may have of it now."""

    id: str
    name: str
    description: str
    price_amount: int
    colour: str
    state: OfferState
    left: int
    most: int
    quantity: int
    is_seated: bool
    opens_at: datetime | None
    seats: Sequence[str] = ()

    @property
    def is_scarce(self) -> bool:
        """Few enough are left for the number to matter."""
        return 0 < self.left <= FEW


@dataclass(frozen=True, slots=True)
class ShopView:
    """The ticket types of an event with what was chosen, its sums, and what is wrong about it.

    `is_typed` says that it sells types, which may all be hidden from who has no access code, and `opens_nothing` that
    the access code that was typed shows none of them.
    """

    offers: Sequence[OfferView]
    choice: Choice
    is_typed: bool = False
    sums: SumsView | None = None
    problem: str = ""
    opens_nothing: bool = False

    @property
    def from_amount(self) -> int | None:
        """The price of the cheapest type; None when there are none."""
        return min((offer.price_amount for offer in self.offers), default=None)

    @property
    def is_open(self) -> bool:
        """Whether there is anything that can be chosen."""
        return any(offer.state is OfferState.OPEN for offer in self.offers)


@dataclass(frozen=True, slots=True)
class SeatView:
    """One seat on the drawing and in the list; `toggle` is where choosing it, or giving it back, leads."""

    id: str
    label: str
    row: str
    number: str
    x: int
    y: int
    is_free: bool
    is_chosen: bool
    is_accessible: bool
    toggle: str


@dataclass(frozen=True, slots=True)
class SeatMapView:
    """One section of a hall; the drawing is in steps of one seat."""

    offer: OfferView
    sections: Sequence[str]
    section: str
    seats: Sequence[SeatView]
    width: int
    height: int
    kept: Sequence[tuple[str, str]]

    @property
    def rows(self) -> Sequence[tuple[str, Sequence[SeatView]]]:
        """The same seats as a list by rows."""
        names = dict.fromkeys(seat.row for seat in self.seats)
        return [(name, [seat for seat in self.seats if seat.row == name]) for name in names]
