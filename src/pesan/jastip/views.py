"""What the desk's public pages show: facts that were already loaded, never a row, a session or a query."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from pesan.catalog.posters import Poster, draw_poster
from pesan.jastip.pictures import Pictures
from pesan.jastip.states import ProductStatus
from pesan.kit.i18n import Text
from pesan.tenancy.brands import Brand


@dataclass(frozen=True, slots=True)
class ProductCard:
    """Something that can be ordered."""

    slug: str
    title: str
    description: str
    price_amount: int
    available: int
    most: int
    status: ProductStatus
    picture: Pictures | None

    @property
    def path(self) -> str:
        """Its own page."""
        return f"/order?product={self.slug}"

    @property
    def is_for_sale(self) -> bool:
        """Whether any of it can be ordered now."""
        return self.status is ProductStatus.ACTIVE and self.available > 0

    @property
    def is_scarce(self) -> bool:
        """Few enough pieces are left for their number to matter."""
        return self.is_for_sale and self.available <= 5

    @property
    def poster(self) -> Poster:
        """Stands where there is no picture."""
        return draw_poster(self.slug)


@dataclass(frozen=True, slots=True)
class TripCard:
    """A trip with what can be ordered on it."""

    title: str
    slug: str
    description: str
    deadline: datetime | None
    is_open: bool
    is_over: bool
    zone: str
    hold_minutes: int
    deposit_percent: int
    brand: Brand
    products: Sequence[ProductCard] = ()

    @property
    def path(self) -> str:
        """Where it is joined."""
        return f"/join?trip={self.slug}"

    @property
    def short_path(self) -> str:
        """Its short link."""
        return f"/t/{self.slug}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """The address by which somebody brings others along, and how many joined by it."""

    url: str
    came: int


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat that opens with a message in it; `qr` is the same link for a phone beside this screen."""

    url: str
    text: str
    qr: Markup


@dataclass(frozen=True, slots=True)
class JoinSheet:
    """The form by which somebody takes part, with what was typed when it comes back."""

    trip: TripCard
    can_write: bool
    rules: Mapping[str, Mapping[str, str]]
    mends: Mapping[str, Text]
    invited: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)
    problem: str = ""
    chat: Chat | None = None
    known_as: str = ""
    invitation: Invitation | None = None


@dataclass(frozen=True, slots=True)
class OrderSheet:
    """A product's page with the form for it and everything else of its trip; `known_as` says who orders.

    `accepts` are the versions of the legal texts that a tick accepts, `quantities` what was chosen so far.
    """

    trip: TripCard
    product: ProductCard
    rules: Mapping[str, Mapping[str, str]]
    mends: Mapping[str, Text]
    idempotency_key: str
    accepts: str
    known_as: str = ""
    is_pending: bool = False
    quantities: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)
    problem: str = ""
    methods: Sequence[str] = ()
    tells_by: Set[str] = frozenset()

    @property
    def total(self) -> int:
        """What the chosen pieces cost."""
        return sum(card.price_amount * self.quantities.get(card.slug, 0) for card in self.trip.products)
