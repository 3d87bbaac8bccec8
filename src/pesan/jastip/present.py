"""From rows to views: everything that a page shows is decided here, nothing is loaded."""

from collections.abc import Sequence

from pesan.catalog.zones import zone_of
from pesan.jastip.pictures import pictures_of
from pesan.jastip.queries.trips import ProductView, TripView
from pesan.jastip.states import ProductStatus
from pesan.jastip.views import ProductCard, TripCard
from pesan.tenancy.brands import show_brand


def show_trip(view: TripView, products: Sequence[ProductView] = ()) -> TripCard:
    """A trip; what is sold out stands at the end."""
    event = view.event
    cards = [show_product(product) for product in products]
    return TripCard(
        title=event.title,
        slug=view.trip.slug,
        description=event.description,
        deadline=event.sale_closes_at,
        is_open=view.is_open,
        is_over=event.sale_closes_at is not None and event.sale_closes_at <= view.now,
        zone=zone_of(event, view.merchant),
        hold_minutes=event.hold_minutes,
        deposit_percent=event.deposit_percent,
        brand=show_brand(view.merchant),
        products=sorted(cards, key=lambda card: not card.is_for_sale),
    )


def show_product(view: ProductView) -> ProductCard:
    """Something that can be ordered."""
    product = view.product
    return ProductCard(
        slug=product.slug,
        title=view.type.name,
        description=product.description,
        price_amount=view.type.price_amount,
        available=view.available if view.status is ProductStatus.ACTIVE else 0,
        most=min(view.available, view.type.max_per_order or view.available),
        status=view.status,
        picture=pictures_of(product.image_key),
    )
