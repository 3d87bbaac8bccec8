"""What the list to shop by shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pesan.catalog.posters import Poster, draw_poster


@dataclass(frozen=True, slots=True)
class WantLine:
    """Whose pieces they are."""

    order_id: str
    code: str
    person: str
    quantity: int
    is_paid: bool
    booking_path: str


@dataclass(frozen=True, slots=True)
class ErrandRow:
    """A product to be bought; `prices` counts what was proposed by what became of it.

    `wants` are the first of the `orders` that it is for.
    """

    id: str
    slug: str
    title: str
    price: int
    picture: str
    path: str
    once: str
    wanted: int
    waiting: int
    bought: int
    amount: int
    wants: Sequence[WantLine]
    orders: int
    prices: Mapping[str, int]

    @property
    def missing(self) -> int:
        """How many are still to be bought."""
        return max(0, self.wanted - self.bought)

    @property
    def surplus(self) -> int:
        """How many were bought that nobody waits for."""
        return max(0, self.bought - self.wanted)

    @property
    def more(self) -> int:
        """How many orders it is for beside those that are named."""
        return self.orders - len(self.wants)

    @property
    def paid(self) -> Sequence[WantLine]:
        """Those who can be asked for another price."""
        return [want for want in self.wants if want.is_paid]

    @property
    def poster(self) -> Poster:
        """Stands where there is no picture."""
        return draw_poster(self.slug)


@dataclass(frozen=True, slots=True)
class ShopPart:
    """What is bought in one shop; its name is empty for what may be bought anywhere."""

    name: str
    rows: Sequence[ErrandRow]

    @property
    def wanted(self) -> int:
        """How many pieces are paid for."""
        return sum(row.wanted for row in self.rows)

    @property
    def bought(self) -> int:
        """How many of those were bought."""
        return sum(min(row.bought, row.wanted) for row in self.rows)

    @property
    def amount(self) -> int:
        """What those who want them pay for them."""
        return sum(row.amount for row in self.rows)


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take the last tap back."""

    title: str
    pieces: int
    path: str
    once: str


@dataclass(frozen=True, slots=True)
class ShoppingPage:
    """What is to be bought on a trip, shop by shop."""

    shops: Sequence[ShopPart]
    path: str
    undo: Undo | None = None
    done: str = ""
    problem: str = ""
    problem_of: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def wanted(self) -> int:
        """How many pieces are paid for."""
        return sum(shop.wanted for shop in self.shops)

    @property
    def bought(self) -> int:
        """How many of those were bought."""
        return sum(shop.bought for shop in self.shops)

    @property
    def amount(self) -> int:
        """What those who want them pay for them."""
        return sum(shop.amount for shop in self.shops)
