"""Finding an event and reading about it."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from sqlalchemy import func, select
from starlette.responses import RedirectResponse, Response

from pesan.catalog.queries import Listing, ListingFilter, list_cities, list_listings, list_tags
from pesan.kit.pagination import BadCursor, Page
from pesan.storefront.pages.basket import choice_of, shop_of
from pesan.storefront.pages.requests import find_listing, start_of
from pesan.storefront.present import show_card, show_detail
from pesan.storefront.queries import has_open_trip, list_cheapest, sells_times
from pesan.storefront.views import PRICE_STEPS, ListFilters, ListPage
from pesan.tenancy.brands import show_brand
from pesan.tenancy.models import Merchant
from pesan.tenancy.queries import get_merchant_by_slug
from pesan.web.access import Who, allow
from pesan.web.deps import get_database, guest_actor
from pesan.web.pages import render
from pesan.web.requests import origin_of

FREE = "free"
PAGE_SIZE = 12
MAX_SEARCH = 80
_CEILINGS = {FREE: 0, **{str(step): step for step in PRICE_STEPS}}

router = APIRouter(dependencies=[allow(Who.PUBLIC)])


def _read_filters(
    *,
    q: str = "",
    city: str = "",
    date_from: str = "",
    date_to: str = "",
    price: str = "",
    available: str = "",
    tag: str = "",
) -> ListFilters:
    """Whatever stands in the address; what makes no sense narrows nothing."""
    return ListFilters(
        q[:MAX_SEARCH], city[:MAX_SEARCH], date_from, date_to, price, bool(available), tag[:MAX_SEARCH]
    )


Filters = Annotated[ListFilters, Depends(_read_filters)]


@router.get("/")
async def list_events(request: Request, filters: Filters, cursor: str = "") -> Response:
    """Every merchant's events to come."""
    return await _list(request, filters, cursor, path="/", merchant=None)


@router.get("/m/{slug}")
async def list_merchant_events(request: Request, slug: str, filters: Filters, cursor: str = "") -> Response:
    """One merchant's events to come, in its colours; its profile where it has none, and trips that are open."""
    async with get_database(request).read(guest_actor(request)) as session:
        merchant = await get_merchant_by_slug(session, slug)
    return await _list(request, filters, cursor, path=f"/m/{merchant.slug}", merchant=merchant)


@router.get("/x/{key}")
async def show_event(request: Request, key: str) -> Response:
    """One event, readable whatever the state of its sale."""
    choice = await choice_of(request)
    async with get_database(request).read(guest_actor(request)) as session:
        listing = await find_listing(request, session, key)
        shop = await shop_of(request, session, listing, choice)
        next_end = await session.scalar(select(func.next_hold_ends_at(listing.event.id)))
    event = show_detail(
        listing, origin=origin_of(request), next_hold_ends_at=next_end, from_amount=shop.from_amount
    )
    if request.url.path != event.card.path:
        return RedirectResponse(event.card.path, 301)
    return render(
        request, "storefront/detail.html", {"event": event, "shop": shop, "brand": event.card.brand}
    )


async def _list(
    request: Request, filters: ListFilters, cursor: str, *, path: str, merchant: Merchant | None
) -> Response:
    wanted = _wanted(filters, merchant)
    async with get_database(request).read(guest_actor(request)) as session:
        try:
            page = await list_listings(session, wanted, cursor=cursor or None, limit=PAGE_SIZE)
        except BadCursor:  # an old link; the first page is better than an error
            page = await list_listings(session, wanted, limit=PAGE_SIZE)
        cities, tags = await list_cities(session), await list_tags(session)
        cheapest = await list_cheapest(session, [item.event.id for item in page.items])
        has_outlets = merchant is None and await sells_times(session)
        is_empty = merchant is not None and not page.items and filters.is_empty and not cursor
        if merchant is not None and is_empty and await has_open_trip(session, merchant.id):
            return RedirectResponse(f"/profile?user={merchant.slug}", 302)
    view = ListPage(
        [show_card(item, from_amount=cheapest.get(item.event.id)) for item in page.items],
        filters,
        cities,
        tags,
        path,
        _next(path, filters, page),
    )
    brand = show_brand(merchant) if merchant else None
    context = {"page": view, "brand": brand, "price_steps": PRICE_STEPS, "has_outlets": has_outlets}
    return render(request, "storefront/list.html", context)


def _wanted(filters: ListFilters, merchant: Merchant | None) -> ListingFilter:
    last_day = start_of(filters.date_to)
    return ListingFilter(
        search=filters.q.strip() or None,
        merchant_slug=merchant.slug if merchant else None,
        city=filters.city or None,
        starts_from=start_of(filters.date_from),
        starts_before=last_day + timedelta(days=1) if last_day else None,
        max_price=_CEILINGS.get(filters.price),
        is_available=filters.available,
        tag=filters.tag.strip().lower() or None,
        featured_first=merchant is not None,
    )


def _next(path: str, filters: ListFilters, page: Page[Listing]) -> str | None:
    if page.next_cursor is None:
        return None
    given = {name: "1" if value is True else value for name, value in asdict(filters).items() if value}
    return f"{path}?{urlencode({**given, 'cursor': page.next_cursor})}"
