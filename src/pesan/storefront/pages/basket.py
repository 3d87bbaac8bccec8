"""Choosing tickets and seats, and the basket before anything is held; all of it stands in the address."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.catalog.queries import Listing
from pesan.checkout.links import status_path
from pesan.db import ReadSession
from pesan.errors import NotFound
from pesan.orders.queries import get_order
from pesan.storefront.basket_views import ShopView
from pesan.storefront.choices import Choice, read_choice, read_id
from pesan.storefront.pages.requests import find_listing
from pesan.storefront.present import show_card
from pesan.storefront.shopping import load_shopping, show_seats, show_shop
from pesan.web.access import Who, allow
from pesan.web.context import context_of
from pesan.web.deps import get_actor, get_database, get_locale, get_registry, guest_actor
from pesan.web.limits import Limiter, Policy
from pesan.web.pages import render

CODES = Policy("codes", 60, 60)

router = APIRouter(dependencies=[allow(Who.PUBLIC)])
confirmation = APIRouter(dependencies=[allow(Who.GUEST_WITH_CODE, Who.USER)])


async def choice_of(request: Request) -> Choice:
    """What the address chooses; trying codes is limited, because they may be short."""
    choice = read_choice(request.query_params.multi_items())
    if choice.access or choice.promo:
        await get_registry(request)[Limiter].hit(context_of(request), CODES)
    return choice


async def shop_of(request: Request, session: ReadSession, listing: Listing, choice: Choice) -> ShopView:
    """The ticket types that an event sells, with this choice."""
    shopping = await load_shopping(session, listing, choice)
    return await show_shop(session, shopping, get_locale(request))


@router.get("/x/{key}/basket")
async def show_basket(request: Request, key: str) -> Response:
    """What was chosen with its sums; nothing is held yet."""
    choice = await choice_of(request)
    async with get_database(request).read(guest_actor(request)) as session:
        listing = await find_listing(request, session, key)
        shop = await shop_of(request, session, listing, choice)
    card = show_card(listing)
    if shop.sums is None:
        return RedirectResponse(f"{card.path}?{choice.query}#tickets", 303)  # there it says what is missing
    context = {"shop": shop, "card": card, "brand": card.brand, "hold_minutes": listing.event.hold_minutes}
    return render(request, "storefront/basket.html", context)


@router.get("/x/{key}/seats")
async def show_seat_picker(request: Request, key: str) -> Response:
    """The seats of one ticket type and section: a drawing, and the same as a list."""
    choice = await choice_of(request)
    type_id, section = read_id(request.query_params.get("type", "")), request.query_params.get("section", "")
    async with get_database(request).read(guest_actor(request)) as session:
        listing = await find_listing(request, session, key)
        shopping = await load_shopping(session, listing, choice)
        seats = await show_seats(session, shopping, type_id, section[:40]) if type_id else None
    if seats is None:
        raise NotFound
    card = show_card(listing)
    return render(request, "storefront/seats.html", {"map": seats, "card": card, "brand": card.brand})


@confirmation.get("/order-confirmation/{id}")
async def confirm_order(request: Request, id: UUID) -> Response:  # noqa: A002  the document's name
    """The address that the ticketing document gives a placed order: its status page shows the tickets."""
    async with get_database(request).read(await get_actor(request)) as session:
        order = await get_order(session, id)
    return RedirectResponse(status_path(order.code), 303)
