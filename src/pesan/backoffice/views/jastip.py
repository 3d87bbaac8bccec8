"""What the jastiper's pages show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from pesan.backoffice.forms.state import FormState
from pesan.backoffice.views.review import Proof
from pesan.catalog.posters import Poster, draw_poster
from pesan.chats.prices import Audience as Reached
from pesan.jastip.pictures import Pictures
from pesan.jastip.states import ProductStatus
from pesan.kit.i18n import Locale
from pesan.kit.phone import display_phone


@dataclass(frozen=True, slots=True)
class TripFrame:
    """What every page of a trip has in common."""

    title: str
    slug: str
    path: str
    list_path: str
    deadline: datetime | None
    is_active: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class TripRow:
    """A trip in the list; `orders` are those that are not over, and those that were sent."""

    trip: TripFrame
    people: int
    waiting: int
    in_review: int
    confirmed: int
    shipped: int
    earned: int
    awaited: int


@dataclass(frozen=True, slots=True)
class TripPage:
    """A trip's own data, with the link by which people come to it."""

    form: FormState
    url: str = ""
    qr: Markup = field(default_factory=Markup)
    done: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ProductLine:
    """A product with its form; `form` holds what was typed where it was refused."""

    id: str
    slug: str
    title: str
    price: int
    stock: int
    taken: int
    available: int
    status: ProductStatus
    shop: str
    picture: Pictures | None
    path: str
    url: str
    form: FormState
    is_asked: bool = False

    @property
    def poster(self) -> Poster:
        """Stands where there is no picture."""
        return draw_poster(self.slug)


@dataclass(frozen=True, slots=True)
class ProductsPage:
    """What can be ordered on a trip, and the form for more."""

    rows: Sequence[ProductLine]
    form: FormState
    once: str
    path: str
    problem: str = ""
    done: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """Some pieces of a product in an order."""

    title: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PriceMark:
    """Another price of something in an order, and what its buyer said; `path` takes it back while it is open."""

    title: str
    amount: int
    state: str
    path: str


@dataclass(frozen=True, slots=True)
class Card:
    """An order on the board; `since` is when it came to stand where it stands.

    `seen` names all that a decision about it depends on. `amount` is what is asked for now, and `rest` what is left
    after that; while it `owes_balance`, the amount is the rest itself, beside what is `paid`.
    """

    id: str
    code: str
    state: str
    person: str
    phone: str
    items: Sequence[Item]
    amount: int
    notes: str
    since: datetime
    path: str
    booking_path: str
    until: datetime | None = None
    reason: str = ""
    courier: str = ""
    tracking_no: str = ""
    proofs: Sequence[Proof] = ()
    seen: str = ""
    rest: int = 0
    paid: int = 0
    owes_balance: bool = False
    has_proof: bool = False
    prices: Sequence[PriceMark] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """A column of the board."""

    name: str
    cards: Sequence[Card]
    total: int
    money: int


@dataclass(frozen=True, slots=True)
class BoardPage:
    """A trip's orders, column by column."""

    lanes: Sequence[Lane]
    path: str
    search: str = ""
    done: str = ""
    code: str = ""
    problem: str = ""
    problem_of: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many orders there are."""
        return sum(lane.total for lane in self.lanes)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Somebody who takes part; `state` is pending, joined or left."""

    id: str
    name: str
    phone: str
    state: str
    orders: int
    amount: int
    inviter: str
    since: datetime
    path: str
    orders_path: str


@dataclass(frozen=True, slots=True)
class MemberFilters:
    """What narrows the list of people, as typed."""

    q: str = ""
    state: str = ""

    def query(self, **more: str) -> dict[str, str]:
        """The filters that are set, for a link that keeps them."""
        own = {"q": self.q, "state": self.state}
        return {name: value for name, value in (own | more).items() if value}


@dataclass(frozen=True, slots=True)
class MembersPage:
    """Those who take part, and the form for somebody more."""

    rows: Sequence[MemberRow]
    total: int
    path: str
    form: FormState
    filters: MemberFilters
    next_url: str | None = None
    first_url: str | None = None
    done: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class BroadcastRow:
    """A broadcast and how far it came, in people."""

    id: str
    text: str
    audience: str
    state: str
    starts_at: datetime
    recipients: int
    open: int
    reached: int
    read: int
    failed: int
    unknown: int
    left: int
    path: str

    @property
    def may_be_cancelled(self) -> bool:
        """Somebody can still be spared it."""
        return self.state != "cancelled" and self.open > 0


@dataclass(frozen=True, slots=True)
class Price:
    """What telling some people would cost if it left now, to the last part of a rupiah; `each` is one template's."""

    people: Reached
    each: str
    total: str


@dataclass(frozen=True, slots=True)
class Arriving:
    """What stands around the words, in the language of most who get them; `others` read it in another."""

    locale: Locale
    see: str
    leave: str
    others: int


@dataclass(frozen=True, slots=True)
class BroadcastsPage:
    """What was told, and the form for more; `sizes` is whom each audience would be now."""

    rows: Sequence[BroadcastRow]
    path: str
    form: FormState
    sizes: Mapping[str, int]
    once: str
    price: Price | None = None
    arriving: Arriving | None = None
    preview: str = ""
    done: str = ""
    problem: str = ""

    @property
    def is_live(self) -> bool:
        """Whether the numbers still move."""
        return any(row.open and row.state != "cancelled" for row in self.rows)


def phone_of(wa: str | None) -> str:
    """A number as people write it; nothing for somebody whose number WhatsApp does not tell."""
    return display_phone(wa) if wa else ""
