"""What programs are told by the jastip desk: jastipin.md's names, in camelCase; money in whole rupiah."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from pesan.checkout.schemas import Face, Moment
from pesan.jastip.states import JoinState, OrderStatus, ProductStatus


class MessageAnswer(Face):
    """What was done."""

    message: str


class ProductPart(Face):
    """A product; `stock` is the pieces in all, `available` those that can be ordered now."""

    id: UUID
    trip_id: UUID
    slug: str
    title: str
    price: int
    stock: int
    available: int
    image: str | None
    description: str
    status: ProductStatus


class ProductAnswer(Face):
    """One product."""

    product: ProductPart


class ProductsAnswer(Face):
    """The products of a trip, the oldest first."""

    products: list[ProductPart]


class TripPart(Face):
    """A trip as its profile shows it."""

    id: UUID
    slug: str
    title: str
    description: str
    deadline: Moment | None
    is_active: bool


class ShownTripPart(TripPart):
    """A trip with what can be ordered on it."""

    products: list[ProductPart]


class OwnTripPart(TripPart):
    """A trip as its owner sees it in a list; of an order `depositPercent` are asked for first, 100 is everything."""

    deposit_percent: int
    created_at: Moment
    updated_at: Moment


class TripAnswer(Face):
    """A trip that was made or changed."""

    trip: OwnTripPart


class TripsAnswer(Face):
    """The owner's trips, the latest first."""

    trips: list[OwnTripPart]


class PublicUserPart(Face):
    """Who a profile is of; nobody rates jastipers yet."""

    name: str
    slug: str
    bio: str
    avatar: str | None
    cover_image: str | None
    rating: float | None = None


class ProfileAnswer(Face):
    """A public profile with its active trips."""

    user: PublicUserPart
    trips: list[ShownTripPart]


class OwnUserPart(Face):
    """Oneself; `slug` and the profile are null until the first trip or change."""

    id: UUID
    email: str
    slug: str | None
    profile_name: str | None
    profile_bio: str | None
    avatar: str | None
    cover_image: str | None


class OwnProfileAnswer(Face):
    """One's own profile and trips."""

    user: OwnUserPart
    trips: list[OwnTripPart]


class OwnUserAnswer(Face):
    """One's own profile."""

    user: OwnUserPart


class ParticipantPart(Face):
    """Somebody who takes part; `phone` as WhatsApp writes it, `joinedAt` once their number is known to be theirs."""

    id: UUID
    phone: str
    name: str
    state: JoinState
    joined_at: Moment | None
    unsubscribed_at: Moment | None = None


class BriefOrderPart(Face):
    """An order in the list of whoever placed it."""

    id: UUID
    code: str
    quantity: int
    total_price: int
    status: OrderStatus
    created_at: Moment


class ListedParticipantPart(ParticipantPart):
    """Somebody who takes part, with what they ordered."""

    orders: list[BriefOrderPart]


class WholeTripPart(OwnTripPart):
    """A trip with its products and the first hundred of those who take part."""

    participants: list[ParticipantPart]
    products: list[ProductPart]


class WholeTripAnswer(Face):
    """A trip with all that belongs to it."""

    trip: WholeTripPart


class HealthAnswer(Face):
    """The process answers."""

    status: str


class JoinAnswer(Face):
    """Somebody who joined; on a page they are pending until they send what `waUrl` opens, in a chat that we know."""

    participant: ParticipantPart
    wa_url: str | None


class ParticipantsAnswer(Face):
    """Those who take part, the first first, and the cursor of the next page."""

    participants: list[ListedParticipantPart]
    next_cursor: str | None


class OrderedPart(Face):
    """A line of an order, at the price that it was placed at."""

    product_id: UUID
    slug: str
    title: str
    price: int
    quantity: int


class OrdererPart(Face):
    """Who ordered."""

    id: UUID
    name: str
    phone: str


class OrderPart(Face):
    """An order; `product` is the first of its items. `proofUrl` opens for staff, for ten minutes."""

    id: UUID
    code: str
    trip_id: UUID
    quantity: int
    total_price: int
    status: OrderStatus
    proof_url: str | None
    notes: str | None
    product: OrderedPart
    participant: OrdererPart
    items: list[OrderedPart]
    balance_due: int
    pay_url: str | None
    courier: str | None = None
    tracking_no: str | None = None
    created_at: Moment


class OrderAnswer(Face):
    """One order."""

    order: OrderPart


class OrdersAnswer(Face):
    """The orders of a trip, the newest first, and the cursor of the next page."""

    orders: list[OrderPart]
    next_cursor: str | None


class EstimateAnswer(Face):
    """What a message to everybody would cost; amounts in words, as jastipin.md §12 has them."""

    participant_count: int
    cost_per_message: str
    total_cost_idr: str = Field(alias="totalCostIDR")
    recommendation: Literal["OK", "High cost - consider opt-in"]
