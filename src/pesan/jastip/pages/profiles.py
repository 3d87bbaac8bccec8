"""A jastiper's public profile: the same for everybody, so that any cache may keep it for five minutes."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from pesan.db import Actor
from pesan.jastip.pages.shortlinks import as_slug
from pesan.jastip.pictures import cover_of, small_of
from pesan.jastip.present import show_trip
from pesan.jastip.queries.profiles import get_profile
from pesan.jastip.queries.ratings import get_ratings
from pesan.jastip.queries.trips import list_products, list_shown_trips
from pesan.tenancy.brands import show_brand
from pesan.tenancy.queries import get_merchant_by_slug
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.deps import get_database
from pesan.web.pages import render
from pesan.web.requests import origin_of

FRESH_SECONDS = 300
_CACHED = f"public, max-age={FRESH_SECONDS}"
# What a page shows in another way for the same address: its language, its colours.
_VARIES = "Accept-Language, Cookie"

router = APIRouter(dependencies=[allow(Who.PUBLIC)])


@router.get("/profile")
async def show_profile(request: Request, user: str = "") -> Response:
    """The jastiper that `user` names, with their open trips and what can be ordered on them."""
    async with get_database(request).read(Actor.guest()) as session:
        merchant = await get_merchant_by_slug(session, as_slug(user))
        name_merchant(request, merchant.id)
        profile = await get_profile(session, merchant.id)
        ratings = await get_ratings(session, merchant.id)
        trips = [trip for trip in await list_shown_trips(session, merchant.id) if trip.is_open]
        products = await list_products(session, [trip.trip.event_id for trip in trips])
    cards = [
        show_trip(trip, [found for found in products if found.product.event_id == trip.trip.event_id])
        for trip in trips
    ]
    brand = show_brand(merchant)
    url = f"{origin_of(request)}/{merchant.slug}"
    context = {
        "who": brand,
        "bio": profile.bio,
        "avatar": small_of(profile.avatar_key),
        "cover": cover_of(profile.cover_key),
        "ratings": ratings,
        "trips": cards,
        "url": url,
        "here": f"/profile?user={brand.slug}",
    }
    response = render(request, "jastip/profile.html", context)
    response.headers["cache-control"] = _CACHED
    response.headers["vary"] = _VARIES
    return response


@router.get("/profile/{slug}/theme.css")
async def get_theme(request: Request, slug: str) -> Response:
    """The jastiper's colours, for a page that has no nonce to carry them."""
    async with get_database(request).read(Actor.guest()) as session:
        merchant = await get_merchant_by_slug(session, as_slug(slug))
    css = str(show_brand(merchant).theme_css)
    return Response(css, media_type="text/css", headers={"cache-control": _CACHED})
