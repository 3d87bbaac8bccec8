"""What the jastip desk answers about profiles, trips, products and people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request

from pesan.identity.policies import SignedIn
from pesan.jastip.api.schemas import (
    OwnTripPart,
    OwnUserPart,
    ParticipantPart,
    ProductPart,
    ProfileAnswer,
    PublicUserPart,
    ShownTripPart,
)
from pesan.jastip.models import Participant
from pesan.jastip.queries.profiles import ProfileView
from pesan.jastip.queries.trips import ProductView, TripView
from pesan.jastip.states import JoinState
from pesan.settings import Settings
from pesan.tenancy.brands import MEDIA_PATH
from pesan.web.deps import get_registry


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where things of this instance are found from outside."""

    base_url: str

    def picture(self, key: str | None) -> str | None:
        """The public address of a picture."""
        return f"{self.base_url}{MEDIA_PATH}/{key}" if key else None

    def key_of(self, named: str) -> str:
        """The key inside an address of ours; what is no address is a key already."""
        return named.removeprefix(f"{self.base_url}{MEDIA_PATH}/")


def addresses_of(request: Request) -> Addresses:
    """The addresses of this instance."""
    return Addresses(get_registry(request)[Settings].base_url.rstrip("/"))


def own_trip(view: TripView) -> OwnTripPart:
    """A trip for its owner."""
    event = view.event
    times = {"created_at": event.created_at, "updated_at": event.updated_at}
    return OwnTripPart(**_trip(view), deposit_percent=event.deposit_percent, **times)


def product_part(view: ProductView, at: Addresses) -> ProductPart:
    """A product as everybody sees it."""
    product = view.product
    return ProductPart(
        id=product.id,
        trip_id=product.event_id,
        slug=product.slug,
        title=view.type.name,
        price=view.type.price_amount,
        stock=view.stock,
        available=view.available,
        image=at.picture(product.image_key),
        description=product.description,
        status=view.status,
    )


def profile_answer(
    profile: ProfileView,
    trips: Sequence[TripView],
    products: Sequence[ProductView],
    at: Addresses,
    *,
    rating: float | None = None,
) -> ProfileAnswer:
    """A public profile."""
    offered: dict[UUID, list[ProductPart]] = {}
    for view in products:
        offered.setdefault(view.product.event_id, []).append(product_part(view, at))
    user = PublicUserPart(
        name=profile.merchant.name,
        slug=profile.merchant.slug,
        bio=profile.bio,
        avatar=at.picture(profile.avatar_key),
        cover_image=at.picture(profile.cover_key),
        rating=rating,
    )
    shown = [ShownTripPart(**_trip(view), products=offered.get(view.trip.event_id, [])) for view in trips]
    return ProfileAnswer(user=user, trips=shown)


def own_user(person: SignedIn, profile: ProfileView | None, at: Addresses) -> OwnUserPart:
    """Oneself."""
    return OwnUserPart(
        id=person.user_id,
        email=person.email,
        slug=profile.merchant.slug if profile else None,
        profile_name=profile.merchant.name if profile else None,
        profile_bio=profile.bio if profile else None,
        avatar=at.picture(profile.avatar_key) if profile else None,
        cover_image=at.picture(profile.cover_key) if profile else None,
    )


def participant_part(person: Participant) -> ParticipantPart:
    """Somebody who takes part, for the trip's owner or for themselves."""
    return ParticipantPart(**participant_facts(person))


def participant_facts(person: Participant) -> dict[str, Any]:
    """The same as arguments of whatever says more of them."""
    return {
        "id": person.id,
        "phone": (person.wa or "").removeprefix("+"),
        "name": person.name,
        "state": JoinState(person.state),
        "joined_at": person.joined_at,
        "unsubscribed_at": person.unsubscribed_at,
    }


def _trip(view: TripView) -> dict[str, Any]:
    return {
        "id": view.trip.event_id,
        "slug": view.trip.slug,
        "title": view.event.title,
        "description": view.event.description,
        "deadline": view.event.sale_closes_at,
        "is_active": view.trip.is_active,
    }
