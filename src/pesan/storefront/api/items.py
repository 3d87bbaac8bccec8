"""Events and their places, for anybody."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from pesan.catalog.errors import EventNotFound
from pesan.catalog.queries import get_listing, list_listings
from pesan.kit.pagination import BadCursor
from pesan.privacy.states import Purpose
from pesan.settings import Settings
from pesan.storefront.answers import capacity_answer, item_answer, item_detail_answer
from pesan.storefront.consenting import get_notice
from pesan.storefront.schemas import (
    CapacityAnswer,
    ConsentAnswer,
    ConsentsAnswer,
    ItemDetailAnswer,
    ItemListAnswer,
    ItemQuery,
)
from pesan.tenancy.legal.states import LegalKind
from pesan.web.access import Who, allow
from pesan.web.cursors import bad_cursor
from pesan.web.deps import get_database, get_locale, get_registry, guest_actor
from pesan.web.errors import ValidationFailed
from pesan.web.openapi import refusals

router = APIRouter(prefix="/api", tags=["booking"], dependencies=[allow(Who.PUBLIC)])


@router.get("/items", responses=refusals(ValidationFailed))
async def list_items(request: Request, wanted: Annotated[ItemQuery, Query()]) -> ItemListAnswer:
    """Events to come, the soonest first; follow `nextCursor` for more."""
    try:
        async with get_database(request).read(guest_actor(request)) as session:
            page = await list_listings(session, wanted.to_filter(), cursor=wanted.cursor, limit=wanted.limit)
    except BadCursor as error:
        raise bad_cursor(get_locale(request)) from error
    return ItemListAnswer(items=[item_answer(found) for found in page.items], next_cursor=page.next_cursor)


@router.get("/items/{id}", responses=refusals(EventNotFound))
async def get_item(request: Request, id: UUID) -> ItemDetailAnswer:  # noqa: A002  the document's name
    """One event, with its places at this moment."""
    async with get_database(request).read(guest_actor(request)) as session:
        return item_detail_answer(await get_listing(session, event_id=id))


@router.get("/items/{id}/consents", responses=refusals(EventNotFound))
async def list_consents(request: Request, id: UUID) -> ConsentsAnswer:  # noqa: A002  the document's name
    """What a buyer may be asked to agree to beside the booking; whoever agrees was shown this version of the notice."""
    async with get_database(request).read(guest_actor(request)) as session:
        listing = await get_listing(session, event_id=id)
        notice = await get_notice(session, id)
    base_url = get_registry(request)[Settings].base_url
    url = f"{base_url}/m/{listing.merchant.slug}/legal/{LegalKind.PRIVACY}?version={notice.number}"
    asked = [each for each in Purpose if each is not Purpose.GUARDIAN or listing.event.needs_guardian]
    offered = [ConsentAnswer(purpose=purpose, version=notice.number, notice_url=url) for purpose in asked]
    return ConsentsAnswer(consents=offered)


@router.get("/capacity/{eventId}", responses=refusals(EventNotFound))
async def get_capacity(request: Request, eventId: UUID) -> CapacityAnswer:  # noqa: N803  the document's name
    """The places of one event at this moment."""
    async with get_database(request).read(guest_actor(request)) as session:
        return capacity_answer(await get_listing(session, event_id=eventId))
