"""Products of a trip: offered, changed, taken off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from pesan.audit import changed_values, record
from pesan.capacity.models import CapacityPool
from pesan.catalog.models import TicketType
from pesan.catalog.service import TicketTypeDraft, create_ticket_type, update_ticket_type
from pesan.db import Actor, WriteSession
from pesan.db.waits import violates
from pesan.errors import InvalidInput
from pesan.jastip.errors import ProductBusy, ProductSlugTaken
from pesan.jastip.locks import lock_product, lock_sale, lock_trip
from pesan.jastip.models import Product
from pesan.jastip.queries.trips import get_trip
from pesan.jastip.states import ProductStatus, fold_slug
from pesan.jobs import enqueue
from pesan.kit.i18n import Text
from pesan.kit.ids import new_code
from pesan.orders.models import Order, OrderLine
from pesan.orders.states import OrderState

MAX_STOCK = 100_000
MAX_TITLE = 80
"""As long as a ticket type's name."""
MAX_PRICE = 1_000_000_000
ANNOUNCE_TASK = "jastip.announce_product"
_MOST_PER_ORDER = 100
_SLUG_LENGTH = 8
_UNFINISHED = (OrderState.HOLD, OrderState.REVIEW, OrderState.PAID)
_BAD_SLUG = Text(
    id="Kode produk: 3 sampai 10 huruf, angka, - atau _.",
    en="A product code has 3 to 10 letters, digits, - or _.",
)
_OWN = ("slug", "description", "image_key", "shop", "status")


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """What a jastiper says of a product: its price in whole rupiah, and how many pieces they can bring in all."""

    title: str
    slug: str
    price_amount: int
    stock: int
    description: str = ""
    image_key: str | None = None
    shop: str = ""
    status: ProductStatus = ProductStatus.ACTIVE

    def own(self) -> dict[str, Any]:
        """The product's own columns; raises InvalidInput."""
        try:
            slug = fold_slug(self.slug)
        except ValueError as error:
            raise InvalidInput("slug", _BAD_SLUG) from error
        return {name: getattr(self, name) for name in _OWN} | {"slug": slug, "status": self.status.value}

    def of_type(self, position: int = 0) -> TicketTypeDraft:
        """What its ticket type says of it."""
        return TicketTypeDraft(
            name=self.title,
            price_amount=self.price_amount,
            inventory=self.stock,
            max_per_order=_MOST_PER_ORDER,
            position=position,
        )


def new_product_slug() -> str:
    """A slug for a product that nobody named."""
    return new_code(_SLUG_LENGTH).lower()


async def create_product(
    session: WriteSession, *, trip_id: UUID, draft: ProductDraft, actor: Actor
) -> Product:
    """A new product with a stock of its own; raises TripNotFound, InvalidInput, ProductSlugTaken.

    **Locks** the trip. **Enqueues** `jastip.announce_product` where the trip is open and tells of what is new.
    """
    own = draft.own()
    trip, event = await lock_trip(session, trip_id)
    kind = await create_ticket_type(session, event=event, draft=draft.of_type(), actor=actor)
    kind.is_archived = draft.status is not ProductStatus.ACTIVE
    product = Product(id=kind.id, merchant_id=trip.merchant_id, event_id=trip_id, **own)
    session.add(product)
    await _flush(session, own["slug"])
    await record(session, kind, action="ticket_type:product:created", actor=actor, after=own)
    await session.flush()
    is_news = trip.announces_products and draft.status is ProductStatus.ACTIVE
    if is_news and (await get_trip(session, trip_id)).is_open:
        await enqueue(session, ANNOUNCE_TASK, product_id=product.id)
    return product


async def amend_product(
    session: WriteSession, product_id: UUID, *, said: Mapping[str, Any], actor: Actor
) -> None:
    """Say some of a ProductDraft's values anew; orders that exist keep the price that they were placed at.

    Raises ProductNotFound, InvalidInput, ProductSlugTaken, CapacityTooLow. **Locks** its type, then its pool.
    """
    product, kind = await lock_product(session, product_id)
    pool = await session.get_one(CapacityPool, kind.pool_id, populate_existing=True)
    draft = ProductDraft(**_said(product, kind, pool.capacity) | dict(said))
    own = draft.own()
    before, after = changed_values({name: getattr(product, name) for name in own}, own)
    for name, value in own.items():
        setattr(product, name, value)
    product.updated_at = func.clock_timestamp()
    await _flush(session, own["slug"])
    await update_ticket_type(session, offer=kind, draft=draft.of_type(kind.position), actor=actor)
    # Whatever is not active is not sold; the gate knows archived types only.
    kind.is_archived = draft.status is not ProductStatus.ACTIVE
    if after:
        await record(
            session, kind, action="ticket_type:product:changed", actor=actor, before=before, after=after
        )
    await session.flush()


async def delete_product(session: WriteSession, product_id: UUID, *, actor: Actor) -> None:
    """Take a product off for good, with its orders kept; raises ProductNotFound, ProductBusy.

    **Locks** its type, then its pool, so that nobody orders meanwhile.
    """
    product, kind = await lock_product(session, product_id)
    if product.status == ProductStatus.DISCONTINUED:
        return
    await lock_sale(session, kind.pool_id)
    lines = select(OrderLine.id).where(OrderLine.order_id == Order.id, OrderLine.ticket_type_id == product_id)
    query = select(func.count()).where(
        Order.event_id == kind.event_id, Order.state.in_(_UNFINISHED), lines.exists()
    )
    if count := await session.scalar(query) or 0:
        raise ProductBusy(count=count, extra={"count": count})
    product.status, kind.is_archived = ProductStatus.DISCONTINUED.value, True
    product.updated_at = func.clock_timestamp()
    await session.flush()
    await record(session, kind, action="ticket_type:product:discontinued", actor=actor)
    await session.flush()


async def _flush(session: WriteSession, slug: str) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        if violates(error, "uq_products_slug"):
            raise ProductSlugTaken(slug=slug) from error
        raise


def _said(product: Product, kind: TicketType, stock: int) -> dict[str, Any]:
    own = {name: getattr(product, name) for name in _OWN}
    beside = {"title": kind.name, "price_amount": kind.price_amount, "stock": stock}
    return own | beside | {"status": ProductStatus(product.status)}
