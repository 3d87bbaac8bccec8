"""Products of a trip: offered by its owner, listed for everybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from pesan.capacity.errors import CapacityTooLow
from pesan.checkout.callers import once
from pesan.db import Actor, ReadSession, WriteSession
from pesan.errors import InvalidInput
from pesan.idempotency.service import find_answer
from pesan.jastip.api.answers import addresses_of, product_part
from pesan.jastip.api.bodies import ProductChange, ProductRequest
from pesan.jastip.api.cached import answer_public
from pesan.jastip.api.desks import NOT_YOURS, SIGNED_IN, Desk, DeskOf
from pesan.jastip.api.forms import inspect, read_sent
from pesan.jastip.api.openapi import PICTURES_REFUSED, json_or_form
from pesan.jastip.api.schemas import MessageAnswer, ProductAnswer, ProductsAnswer
from pesan.jastip.errors import ProductBusy, ProductNotFound, ProductSlugTaken, TripNotFound
from pesan.jastip.queries.profiles import find_products_version
from pesan.jastip.queries.trips import get_product, get_trip, list_products
from pesan.jastip.service.products import (
    ProductDraft,
    amend_product,
    create_product,
    delete_product,
    new_product_slug,
)
from pesan.storage import Kind, Storage
from pesan.storage.stored import stored
from pesan.web.access import Who, allow
from pesan.web.deps import get_database, get_registry
from pesan.web.errors import ValidationFailed
from pesan.web.idempotency import replay
from pesan.web.json_bodies import read_json
from pesan.web.limits import limit
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

FRESH_SECONDS = 60
_PICTURE = ("image",)
_NAMES = {"price": "price_amount"}
of_trip = APIRouter(prefix="/api/trips/{trip_id}/products", tags=["jastip"], dependencies=[allow(Who.USER)])
public = APIRouter(prefix="/api/trips/{trip_id}/products", tags=["jastip"], dependencies=[allow(Who.PUBLIC)])
router = APIRouter(prefix="/api/products", tags=["jastip"], dependencies=[allow(Who.USER)])
_CHANGES = (*BODY_REFUSALS, *KEY_REFUSALS, *NOT_YOURS, ValidationFailed, InvalidInput)


@of_trip.post(
    "",
    status_code=201,
    response_model=ProductAnswer,
    dependencies=[limit("products", 120, 3600)],
    responses=refusals(*_CHANGES, *PICTURES_REFUSED, TripNotFound, ProductSlugTaken),
    openapi_extra=described(KEY, body=json_or_form(ProductRequest, _PICTURE), security=SIGNED_IN),
)
async def post_product(desk: DeskOf, trip_id: UUID) -> Response:
    """Another product of a trip, with its picture; without a slug it gets one."""
    async with desk.reading() as session:
        trip = (await desk.trip(session, trip_id)).trip  # strangers' pictures are not looked at
    async with read_sent(desk.request, ProductRequest, _PICTURE) as sent:
        if earlier := await find_answer(desk.database, desk.actor, sent.wanted):
            return replay(earlier)
        async with (
            _picture(desk, trip.slug, sent.files.get("image")) as image_key,
            desk.writing() as session,
        ):

            async def make() -> ProductAnswer:
                product_id = await _create(session, trip_id, sent.wish, image_key, desk.actor)
                return await _answer(desk, session, product_id)

            return await once(session, sent.wanted, make, status=201)


@public.get("", response_model=ProductsAnswer, responses=refusals(ValidationFailed, TripNotFound))
async def get_products(request: Request, trip_id: UUID) -> Response:
    """What can be ordered on a trip, the oldest first; cached for a minute."""
    database, anybody = get_database(request), Actor.guest()
    async with database.read(anybody) as session:
        await get_trip(session, trip_id)
        version = await find_products_version(session, trip_id)

    async def make() -> ProductsAnswer:
        async with database.read(anybody) as session:
            views = await list_products(session, [trip_id])
        return ProductsAnswer(products=[product_part(view, addresses_of(request)) for view in views])

    return await answer_public(request, version, make, seconds=FRESH_SECONDS)


@router.patch(
    "/{product_id}",
    response_model=ProductAnswer,
    responses=refusals(*_CHANGES, ProductNotFound, ProductSlugTaken, CapacityTooLow),
    openapi_extra=described(KEY, body=json_of(ProductChange), security=SIGNED_IN),
)
async def patch_product(desk: DeskOf, product_id: UUID) -> Response:
    """Change a product; orders that exist keep their price."""
    wish = await read_json(desk.request, ProductChange)
    said = {_NAMES.get(name, name): value for name, value in wish.said().items()}
    async with desk.writing() as session:
        await desk.product(session, product_id)

        async def make() -> ProductAnswer:
            await amend_product(session, product_id, said=said, actor=desk.actor)
            return await _answer(desk, session, product_id)

        return await desk.once(session, make)


@router.delete(
    "/{product_id}",
    responses=refusals(*NOT_YOURS, ValidationFailed, ProductNotFound, ProductBusy),
    openapi_extra=described(security=SIGNED_IN),
)
async def remove_product(desk: DeskOf, product_id: UUID) -> MessageAnswer:
    """Sell a product no more; while orders of it are not finished it can only be discontinued."""
    async with desk.writing() as session:
        await desk.product(session, product_id)
        await delete_product(session, product_id, actor=desk.actor)
    return MessageAnswer(message="Product deleted")


async def _create(
    session: WriteSession, trip_id: UUID, wish: ProductRequest, image_key: str | None, actor: Actor
) -> UUID:
    draft = ProductDraft(
        title=wish.title,
        slug=wish.slug or new_product_slug(),
        price_amount=wish.price,
        stock=wish.stock,
        description=wish.description,
        image_key=image_key,
        shop=wish.shop,
    )
    return (await create_product(session, trip_id=trip_id, draft=draft, actor=actor)).id


async def _answer(desk: Desk, session: ReadSession, product_id: UUID) -> ProductAnswer:
    view = await get_product(session, product_id)
    return ProductAnswer(product=product_part(view, addresses_of(desk.request)))


@asynccontextmanager
async def _picture(desk: Desk, trip_slug: str, file: UploadFile | None) -> AsyncIterator[str | None]:
    """The key of the picture that came along, stored while the block runs."""
    if file is None:
        yield None
        return
    clean = await inspect(desk.request, file, Kind.PRODUCT)
    storage = get_registry(desk.request)[Storage]
    async with stored(storage, Kind.PRODUCT, clean, owner=trip_slug) as key:
        yield key
