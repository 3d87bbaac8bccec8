"""Short links (jastipin.md §8): to a profile, a trip, a product, and to hearing no more of a trip."""

import re
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.errors import NotFound
from pesan.jastip.asking import INVITED
from pesan.jastip.errors import ProductNotFound, TripNotFound
from pesan.jastip.pages.guests import SHOWN, keep_shown, participant_actor, shown_ids
from pesan.jastip.queries.takers import list_shown
from pesan.jastip.queries.trips import find_product_by_slug, find_trip_by_slug
from pesan.jastip.service.participants import unsubscribe
from pesan.jastip.service.visits import Visit, count_visit
from pesan.tenancy.queries import get_merchant_by_slug
from pesan.web.access import Who, allow
from pesan.web.context import context_of, name_merchant
from pesan.web.deps import get_database
from pesan.web.limits import limit
from pesan.web.reserved import reserved_words

_CODE = re.compile(r"[0-9A-Za-z]{8}")
_SLUG = re.compile(r"[a-z0-9_-]{3,40}")
# Messengers fetch a link to draw its picture, and search engines to list it.
_ROBOTS = re.compile(
    r"bot|crawl|spider|preview|facebookexternalhit|whatsapp/|slurp|curl/|wget/|headlesschrome.*lighthouse",
    re.IGNORECASE,
)

router = APIRouter(dependencies=[allow(Who.PUBLIC)], include_in_schema=False)
slugs = APIRouter(dependencies=[allow(Who.PUBLIC)], include_in_schema=False)


@router.get("/t/{slug}")
async def lead_to_trip(request: Request, slug: str) -> Response:
    """To the page where a trip is joined."""
    await _count(request, await _find_trip(request, slug))
    invited = request.query_params.get(INVITED, "")
    query = {"trip": slug.lower()} | ({INVITED: invited.upper()} if _CODE.fullmatch(invited) else {})
    return _lead(request, f"/join?{urlencode(query)}")


@router.get("/o/{slug}")
async def lead_to_product(request: Request, slug: str) -> Response:
    """To the page where a product is ordered."""
    async with get_database(request).read(participant_actor(request)) as session:
        product = await find_product_by_slug(session, as_slug(slug))
    if product is None:
        raise ProductNotFound
    await _count(request, Visit("product", product.product.id, product.product.merchant_id))
    return _lead(request, f"/order?product={slug.lower()}")


@router.get("/u/{slug}")
async def lead_to_leaving(request: Request, slug: str) -> Response:
    """To the page where somebody says that they want to hear no more."""
    trip = await _find_trip(request, slug)
    await _count(request, Visit("leave", trip.target_id, trip.merchant_id))
    return _lead(request, f"/unsubscribe?trip={slug.lower()}")


@router.post("/u/{slug}", dependencies=[limit("leave", 30, 900)])
async def leave_at_once(request: Request, slug: str) -> Response:
    """What a mail program's own button asks for (RFC 8058), which has no cookies: the address itself is the proof.

    It says the same whoever asks, so that it tells nobody who takes part.
    """
    trip = await _find_trip(request, slug)
    actor = participant_actor(request)
    if request.query_params.get(SHOWN) and (ids := shown_ids(request)):
        async with get_database(request).write(actor) as session:
            for person in await list_shown(session, trip.target_id, ids[:1]):
                await unsubscribe(session, person.id, actor=actor)
    return Response(status_code=202)


@slugs.get("/{slug}")
async def lead_to_profile(request: Request, slug: str) -> Response:
    """To a jastiper's profile; whatever is no profile's is nobody's address."""
    known = slug.lower()
    if not _SLUG.fullmatch(known) or known in reserved_words(request.app):
        raise NotFound
    async with get_database(request).read(participant_actor(request)) as session:
        merchant = await get_merchant_by_slug(session, known)
    name_merchant(request, merchant.id)
    await _count(request, Visit("profile", merchant.id, merchant.id))
    return _lead(request, f"/profile?user={merchant.slug}")


async def _find_trip(request: Request, slug: str) -> Visit:
    async with get_database(request).read(participant_actor(request)) as session:
        trip = await find_trip_by_slug(session, as_slug(slug))
    if trip is None:
        raise TripNotFound
    return Visit("trip", trip.trip.event_id, trip.trip.merchant_id)


def as_slug(slug: str) -> str:
    """A slug as it is kept; raises NotFound for what can be none."""
    known = slug.lower()
    if not _SLUG.fullmatch(known):
        raise NotFound
    return known


async def _count(request: Request, visit: Visit) -> None:
    name_merchant(request, visit.merchant_id)
    if not _ROBOTS.search(context_of(request).text_header(b"user-agent")):
        async with get_database(request).write(participant_actor(request)) as session:
            await count_visit(session, visit)


def _lead(request: Request, path: str) -> Response:
    response = RedirectResponse(path, 302)
    keep_shown(request, response)
    return response
