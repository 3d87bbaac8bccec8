"""Products of a trip: entered in the shop with a photo each, and changed while they sell."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go, open_form
from pesan.backoffice.forms.jastip import NewProductForm, ProductForm
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.pages.jastip_room import TripRoom, reading_trip, show_trip, writing_trip
from pesan.backoffice.pages.once import once_of
from pesan.backoffice.pages.pictures import inspect
from pesan.backoffice.views.jastip import ProductLine, ProductsPage
from pesan.db import ReadSession, WriteSession
from pesan.errors import PesanError
from pesan.idempotency.service import Answer, answer_once
from pesan.jastip.errors import ProductNotFound
from pesan.jastip.links import Links
from pesan.jastip.pictures import pictures_of
from pesan.jastip.queries.trips import ProductView, get_product, list_products
from pesan.jastip.service.products import (
    ProductDraft,
    amend_product,
    create_product,
    delete_product,
    new_product_slug,
)
from pesan.jastip.states import ProductStatus
from pesan.kit.i18n import Text
from pesan.kit.ids import new_id
from pesan.storage import Kind, Storage
from pesan.storage.stored import stored
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/jastip/{merchant}/trips/{trip_id}/products", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[str, Query(pattern="^(planned|added|saved|deleted)?$")]
_ONE_AT_A_TIME = Text(
    id="Kirim satu foto untuk tiap produk.",
    en="Send one photo for each product.",
)


@router.get("")
async def show_products(desk: DeskOf, merchant: str, trip_id: UUID, done: Done = "") -> Response:
    """What can be ordered, and the form for more."""
    return await _page(desk, merchant, trip_id, done=done)


@router.post("", dependencies=[require_csrf])
async def submit_product(desk: DeskOf, merchant: str, trip_id: UUID) -> Response:
    """Offer something, with its photo; the same form sent again offers it once."""
    async with reading_trip(desk, merchant, trip_id) as room:  # strangers' pictures are not looked at
        slug = room.view.trip.slug
    async with open_form(desk.request) as sent:
        typed = {name: value for name, value in sent.items() if isinstance(value, str)}
        form = read_form(NewProductForm, typed)
        photos = _photos(sent.getlist("photo"))
        if form.valid is None or len(photos) > 1:
            problem = "" if form.valid is None else desk.text(_ONE_AT_A_TIME)
            return await _page(desk, merchant, trip_id, form=form.state, problem=problem, status=422)
        try:
            async with (
                _stored(desk, slug, photos) as image_key,
                writing_trip(desk, merchant, trip_id) as work,
            ):
                draft = ProductDraft(**form.valid.model_dump(), slug=new_product_slug(), image_key=image_key)
                await _create_once(desk, work.session, trip_id, draft, typed)
        except PesanError as refusal:
            return await _refused(desk, merchant, trip_id, refusal, form=form.state)
    return go(f"/jastip/{merchant}/trips/{trip_id}/products?done=added")


@router.post("/{product_id}", dependencies=[require_csrf])
async def submit_product_change(desk: DeskOf, merchant: str, trip_id: UUID, product_id: UUID) -> Response:
    """Say something else of a product; orders that exist keep their price."""
    async with reading_trip(desk, merchant, trip_id) as room:
        await _own_product(room.session, trip_id, product_id)
        slug = room.view.trip.slug
    async with open_form(desk.request) as sent:
        form = read_form(ProductForm, {name: value for name, value in sent.items() if isinstance(value, str)})
        photos = _photos(sent.getlist("photo"))
        asked = {product_id: form.state}
        if form.valid is None:
            return await _page(desk, merchant, trip_id, asked=asked, status=422)
        try:
            async with (
                _stored(desk, slug, photos[:1]) as image_key,
                writing_trip(desk, merchant, trip_id) as work,
            ):
                said = form.valid.model_dump() | ({"image_key": image_key} if image_key else {})
                await amend_product(work.session, product_id, said=said, actor=desk.actor)
        except PesanError as refusal:
            return await _refused(desk, merchant, trip_id, refusal, asked=asked)
    return go(f"/jastip/{merchant}/trips/{trip_id}/products?done=saved#product-{product_id}")


@router.get("/{product_id}/delete")
async def ask_to_delete_product(desk: DeskOf, merchant: str, trip_id: UUID, product_id: UUID) -> Response:
    """Whether to take a product off."""
    return await _deletion_page(desk, merchant, trip_id, product_id)


@router.post("/{product_id}/delete", dependencies=[require_csrf])
async def submit_product_deletion(desk: DeskOf, merchant: str, trip_id: UUID, product_id: UUID) -> Response:
    """Take a product off, unless orders of it wait; those that there were are kept."""
    try:
        async with writing_trip(desk, merchant, trip_id) as work:
            await _own_product(work.session, trip_id, product_id)
            await delete_product(work.session, product_id, actor=desk.actor)
    except PesanError as refusal:
        if refusal.status != 409:
            raise
        problem = refusal.text(desk.locale)
        return await _deletion_page(desk, merchant, trip_id, product_id, problem=problem, status=409)
    return go(f"/jastip/{merchant}/trips/{trip_id}/products?done=deleted")


async def _deletion_page(
    desk: Desk, merchant: str, trip_id: UUID, product_id: UUID, *, problem: str = "", status: int = 200
) -> Response:
    async with reading_trip(desk, merchant, trip_id) as room:
        line = _line(desk, room, await _own_product(room.session, trip_id, product_id), {})
        context = {"product": line, "problem": problem, "path": f"{room.frame.path}/products"}
        return show_trip(desk, room, "jastip_product_delete", context, status=status)


async def _own_product(session: ReadSession, trip_id: UUID, product_id: UUID) -> ProductView:
    found = await get_product(session, product_id)
    if found.product.event_id != trip_id:
        raise ProductNotFound
    return found


def _photos(sent: list[UploadFile | str]) -> list[UploadFile]:
    """The files that were chosen; a field that was left alone sends one without a name."""
    return [file for file in sent if isinstance(file, UploadFile) and file.filename]


@asynccontextmanager
async def _stored(desk: Desk, slug: str, photos: list[UploadFile]) -> AsyncIterator[str | None]:
    """The key of the photo, inspected and stored as the API does; removed again when the block is refused."""
    if not photos:
        yield None
        return
    clean = await inspect(desk, photos[0], Kind.PRODUCT)
    storage = desk.registry[Storage]
    async with stored(storage, Kind.PRODUCT, clean, owner=slug) as key:
        yield key


async def _create_once(
    desk: Desk, session: WriteSession, trip_id: UUID, draft: ProductDraft, typed: Mapping[str, Any]
) -> None:
    async def make() -> Answer:
        await create_product(session, trip_id=trip_id, draft=draft, actor=desk.actor)
        return Answer(303, b"")

    if once := once_of(desk, typed):
        await answer_once(session, once.wanted, make)
    else:
        await make()


async def _refused(desk: Desk, merchant: str, trip_id: UUID, refusal: PesanError, **shown: Any) -> Response:
    if refusal.status in {403, 404} or refusal.status >= 500:
        raise refusal
    problem = refusal.text(desk.locale)
    return await _page(desk, merchant, trip_id, problem=problem, status=refusal.status, **shown)


async def _page(
    desk: Desk,
    merchant: str,
    trip_id: UUID,
    *,
    form: FormState | None = None,
    asked: Mapping[UUID, FormState] | None = None,
    problem: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    async with reading_trip(desk, merchant, trip_id) as room:
        views = await list_products(room.session, [trip_id], with_discontinued=True)
        page = ProductsPage(
            rows=[_line(desk, room, view, asked or {}) for view in reversed(views)],
            form=form or FormState({"stock": 1}),
            once=str(new_id()),
            path=f"{room.frame.path}/products",
            problem=problem,
            done=done,
        )
        context = {
            "page": page,
            "schema": NewProductForm,
            "changes": ProductForm,
            "statuses": list(ProductStatus),
        }
        return show_trip(desk, room, "jastip_products", context, status=status)


def _line(desk: Desk, room: TripRoom, view: ProductView, asked: Mapping[UUID, FormState]) -> ProductLine:
    product = view.product
    return ProductLine(
        id=str(product.id),
        slug=product.slug,
        title=view.type.name,
        price=view.type.price_amount,
        stock=view.stock,
        taken=view.taken,
        available=view.available,
        status=view.status,
        shop=product.shop,
        picture=pictures_of(product.image_key),
        path=f"{room.frame.path}/products/{product.id}",
        url=desk.registry[Links].product(product.slug),
        form=asked.get(product.id) or FormState(_typed(view)),
        is_asked=product.id in asked,
    )


def _typed(view: ProductView) -> dict[str, Any]:
    """A product, as somebody would have typed it."""
    return {
        "title": view.type.name,
        "price_amount": f"{view.type.price_amount:,}".replace(",", "."),
        "stock": view.stock,
        "shop": view.product.shop,
        "description": view.product.description,
        "status": view.product.status,
    }
