"""Every read of trips and of what can be ordered on them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from pesan.capacity.models import CapacityPool
from pesan.catalog.models import Event, TicketType
from pesan.catalog.states import EventStatus
from pesan.db import ReadSession
from pesan.jastip.errors import ProductNotFound, TripNotFound
from pesan.jastip.models import Product, Trip
from pesan.jastip.states import ProductStatus
from pesan.tenancy.models import Merchant


@dataclass(frozen=True, slots=True)
class TripView:
    """A trip with its event, its jastiper and the database's time."""

    trip: Trip
    event: Event
    merchant: Merchant
    now: datetime

    @property
    def is_open(self) -> bool:
        """Whether people may join and order now."""
        deadline = self.event.sale_closes_at
        is_in_time = deadline is None or self.now < deadline
        return self.trip.is_active and self.event.status == EventStatus.OPEN and is_in_time


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product with its type and how many pieces are there, taken and left."""

    product: Product
    type: TicketType
    stock: int
    taken: int

    @property
    def available(self) -> int:
        """How many pieces can be ordered right now."""
        return max(0, self.stock - self.taken)

    @property
    def status(self) -> ProductStatus:
        """How it stands: sold out by itself while nothing is left."""
        own = ProductStatus(self.product.status)
        is_gone = own is ProductStatus.ACTIVE and self.available == 0
        return ProductStatus.SOLD_OUT if is_gone else own


async def get_trip(session: ReadSession, trip_id: UUID) -> TripView:
    """The trip, if the session's actor may see it; raises TripNotFound."""
    return _require(await _views(session, _trips().where(Trip.event_id == trip_id)))


async def find_trip_by_slug(session: ReadSession, slug: str) -> TripView | None:
    """The trip that a chat command or a shortlink names, whatever its letters' case; not an archived one."""
    found = await _views(session, _trips().where(Trip.slug == slug.strip().lower(), ~Trip.is_archived))
    return found[0] if found else None


async def list_trips(
    session: ReadSession, merchant_ids: Collection[UUID], *, is_active: bool | None = None, limit: int = 100
) -> list[TripView]:
    """The trips of these merchants that are not archived, the latest first."""
    query = _trips().where(Trip.merchant_id.in_(merchant_ids), ~Trip.is_archived)
    if is_active is not None:
        query = query.where(Trip.is_active == is_active)
    return await _views(session, query.order_by(Event.created_at.desc(), Event.id.desc()).limit(limit))


async def list_trips_by_id(session: ReadSession, trip_ids: Collection[UUID]) -> dict[UUID, TripView]:
    """These trips, by their ids."""
    found = await _views(session, _trips().where(Trip.event_id.in_(trip_ids))) if trip_ids else []
    return {view.trip.event_id: view for view in found}


async def list_shown_trips(session: ReadSession, merchant_id: UUID, *, limit: int = 100) -> list[TripView]:
    """The trips that are in a jastiper's public profile, the latest first."""
    query = _trips().where(Trip.merchant_id == merchant_id, is_shown())
    return await _views(session, query.order_by(Event.created_at.desc(), Event.id.desc()).limit(limit))


def is_shown() -> ColumnElement[bool]:
    """Whether a trip is in its jastiper's public profile (jastipin.md §4: `isActive`)."""
    return Trip.is_active & ~Trip.is_archived & (Event.status == EventStatus.OPEN)


async def list_products(
    session: ReadSession, trip_ids: Collection[UUID], *, with_discontinued: bool = False, limit: int = 500
) -> list[ProductView]:
    """What can be ordered on these trips, the oldest first; for whoever manages them, what is not sold any more too."""
    query = _products().where(Product.event_id.in_(trip_ids))
    if not with_discontinued:
        query = query.where(Product.status != ProductStatus.DISCONTINUED)
    return await _product_views(session, query.order_by(Product.created_at, Product.id).limit(limit))


async def get_product(session: ReadSession, product_id: UUID) -> ProductView:
    """The product, if the session's actor may see it; raises ProductNotFound."""
    found = await _product_views(session, _products().where(Product.id == product_id))
    if not found:
        raise ProductNotFound
    return found[0]


async def find_product_by_slug(session: ReadSession, slug: str) -> ProductView | None:
    """The product that a shortlink or a chat names, whatever its letters' case; not a discontinued one."""
    query = _products().where(
        Product.slug == slug.strip().lower(), Product.status != ProductStatus.DISCONTINUED
    )
    found = await _product_views(session, query)
    return found[0] if found else None


def _trips() -> Select[Trip, Event, Merchant, datetime]:
    return (
        select(Trip, Event, Merchant, func.clock_timestamp())
        .join(Event, Event.id == Trip.event_id)
        .join(Merchant, Merchant.id == Trip.merchant_id)
    )


def _products() -> Select[Product, TicketType, int, int]:
    taken = CapacityPool.held + CapacityPool.used
    return (
        select(Product, TicketType, CapacityPool.capacity, taken)
        .join(TicketType, TicketType.id == Product.id)
        .join(CapacityPool, CapacityPool.id == TicketType.pool_id)
    )


async def _views(session: ReadSession, query: Select[Trip, Event, Merchant, datetime]) -> list[TripView]:
    return [TripView(*row) for row in await session.execute(query)]


async def _product_views(
    session: ReadSession, query: Select[Product, TicketType, int, int]
) -> list[ProductView]:
    return [ProductView(*row) for row in await session.execute(query)]


def _require(found: Sequence[TripView]) -> TripView:
    if not found:
        raise TripNotFound
    return found[0]
