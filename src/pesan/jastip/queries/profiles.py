"""Every read of profiles, and of which version of what they show is the present one."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from pesan.capacity.models import CapacityPool
from pesan.catalog.models import Event, TicketType
from pesan.db import ReadSession
from pesan.jastip.models import Product, Profile, Rating, Trip
from pesan.jastip.queries.trips import is_shown
from pesan.jastip.states import ProductStatus
from pesan.tenancy.errors import MerchantNotFound
from pesan.tenancy.models import Merchant


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A merchant with what it says of itself; nothing, where it never did."""

    merchant: Merchant
    profile: Profile | None

    @property
    def bio(self) -> str:
        """What they say of themselves."""
        return self.profile.bio if self.profile else ""

    @property
    def avatar_key(self) -> str | None:
        """Their picture."""
        return self.profile.avatar_key if self.profile else None

    @property
    def cover_key(self) -> str | None:
        """The picture above their profile."""
        return self.profile.cover_key if self.profile else None


async def get_profile(session: ReadSession, merchant_id: UUID) -> ProfileView:
    """The merchant's profile; raises MerchantNotFound."""
    query = select(Merchant, Profile).outerjoin(Profile, Profile.merchant_id == Merchant.id)
    row = (await session.execute(query.where(Merchant.id == merchant_id))).one_or_none()
    if row is None:
        raise MerchantNotFound
    return ProfileView(*row)


@dataclass(frozen=True, slots=True)
class Version:
    """Whose it is, and a digest of all that is shown of it now, whoever changed it in whichever process."""

    owner_id: UUID
    digest: str


async def get_profile_version(session: ReadSession, slug: str) -> Version:
    """The present version of a public profile with its trips and products; raises MerchantNotFound."""
    own = (Merchant.slug, Merchant.name, Profile.bio, Profile.avatar_key, Profile.cover_key)
    # By their trips, of which there is an index, and not by the merchant.
    theirs = select(Trip.event_id).where(Trip.merchant_id == Merchant.id)
    shown = _trips_of(Trip.merchant_id == Merchant.id), _products_of(Product.event_id.in_(theirs))
    query = (
        select(Merchant.id, _digest(*own, *shown, _ratings()))
        .outerjoin(Profile, Profile.merchant_id == Merchant.id)
        .where(func.lower(Merchant.slug) == slug.lower())
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise MerchantNotFound
    return Version(*row)


async def find_products_version(session: ReadSession, trip_id: UUID) -> Version:
    """The present version of a trip's public list of products."""
    query = select(_digest(_products_of(Product.event_id == trip_id)))
    return Version(trip_id, (await session.scalars(query)).one())


def _trips_of(which: ColumnElement[bool]) -> ColumnElement[str]:
    parts = (Trip.event_id, Trip.slug, Event.title, Event.description, Event.sale_closes_at)
    return (
        select(_digest_of_all(Trip.event_id, *parts))
        .join(Event, Event.id == Trip.event_id)
        .where(which, is_shown())
        .scalar_subquery()
    )


def _products_of(which: ColumnElement[bool]) -> ColumnElement[str]:
    parts = (
        *(Product.id, Product.slug, Product.status, Product.description, Product.image_key),
        *(TicketType.name, TicketType.price_amount),
        *(CapacityPool.capacity, CapacityPool.held + CapacityPool.used),
    )
    return (
        select(_digest_of_all(Product.id, *parts))
        .join(TicketType, TicketType.id == Product.id)
        .join(CapacityPool, CapacityPool.id == TicketType.pool_id)
        .where(which, Product.status != ProductStatus.DISCONTINUED)
        .scalar_subquery()
    )


def _ratings() -> ColumnElement[Any]:
    """How many there are and what they come to, which is all that is shown of them there."""
    which = (Rating.merchant_id == Merchant.id) & Rating.hidden_at.is_(None)
    return select(func.jsonb_build_array(func.count(), func.sum(Rating.score))).where(which).scalar_subquery()


def _digest(*parts: ColumnElement[Any] | Any) -> ColumnElement[str]:
    return func.md5(cast(func.jsonb_build_array(*parts), Text))


def _digest_of_all(key: ColumnElement[Any] | Any, *parts: ColumnElement[Any] | Any) -> ColumnElement[str]:
    return func.md5(func.string_agg(_digest(*parts), aggregate_order_by(literal(","), key)))
