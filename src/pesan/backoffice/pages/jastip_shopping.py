"""The list to shop by: what is bought where, ticked off in the shop, and prices that turned out to be others."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID, uuid5

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.jastip import PriceForm
from pesan.backoffice.forms.state import read_form
from pesan.backoffice.pages.bookings import naming_of
from pesan.backoffice.pages.jastip_room import TripRoom, reading_trip, show_trip, writing_trip
from pesan.backoffice.pages.once import FIELD, once_of
from pesan.backoffice.views.jastip_shopping import ErrandRow, ShopPart, ShoppingPage, Undo, WantLine
from pesan.db import WriteSession
from pesan.errors import InvalidInput, PesanError
from pesan.idempotency.service import Answer, answer_once
from pesan.jastip.pictures import small_of
from pesan.jastip.queries.prices import get_proposal
from pesan.jastip.queries.shopping import Errand, find_wanting, list_errands
from pesan.jastip.service.prices import NewPrice, propose_price, withdraw_price
from pesan.jastip.service.products import MAX_STOCK
from pesan.jastip.service.shopping import note_bought
from pesan.kit.i18n import Text
from pesan.kit.ids import new_id
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/jastip/{merchant}/trips/{trip_id}", dependencies=[allow(Who.ORGANIZER)])
ALL = "all"
Done = Annotated[str, Query(pattern="^(asked|withdrawn)?$")]
Pieces = Annotated[int, Query(ge=-MAX_STOCK, le=MAX_STOCK)]
_BAD_PIECES = Text(id="Pilih berapa yang dibeli.", en="Choose how many were bought.")
_BAD_CODE = Text(id="Tidak ada pesanan dengan kode itu.", en="No order has that code.")
_BAD_PRICE = Text(
    id="Tulis harga barunya, misalnya 45rb atau 1,2jt.", en="Write the new price, such as 45rb or 1,2jt."
)


@router.get("/shopping")
async def show_list(
    desk: DeskOf,
    merchant: str,
    trip_id: UUID,
    *,
    done: Done = "",
    ticked: UUID | None = None,
    pieces: Pieces = 0,
) -> Response:
    """What is to be bought, shop by shop; after a tap, how to take it back."""
    return await _page(desk, merchant, trip_id, done=done, ticked=ticked, pieces=pieces)


@router.post("/shopping/{product_id}", dependencies=[require_csrf])
async def submit_bought(desk: DeskOf, merchant: str, trip_id: UUID, product_id: UUID) -> Response:
    """So many pieces more or fewer were bought, or all; the same form sent again counts once."""
    form = dict(await desk.request.form())
    changes: list[int] = []
    try:
        pieces = _pieces(str(form.get("pieces", "")))
        async with writing_trip(desk, merchant, trip_id) as work:

            async def tick() -> Answer:
                changes.append(
                    await note_bought(
                        work.session, product_id, trip_id=trip_id, pieces=pieces, actor=desk.actor
                    )
                )
                return Answer(303, b"")

            await _once(desk, work.session, form, tick)
    except PesanError as refusal:
        return await _refused(desk, merchant, trip_id, refusal, of=product_id)
    change = changes[0] if changes else 0
    query = f"?{urlencode({'ticked': product_id, 'pieces': change})}" if change else ""
    return go(f"/jastip/{merchant}/trips/{trip_id}/shopping{query}#product-{product_id}")


@router.post("/shopping/{product_id}/price", dependencies=[require_csrf])
async def submit_price(desk: DeskOf, merchant: str, trip_id: UUID, product_id: UUID) -> Response:
    """Ask whoever paid for a product, or one of them, whether they agree to another price."""
    form = {name: str(value) for name, value in (await desk.request.form()).items()}
    try:
        typed = read_form(PriceForm, form).valid
        if typed is None:
            raise InvalidInput("price_amount", _BAD_PRICE)
        wish = NewPrice(product_id, typed.price_amount, typed.note)
        async with writing_trip(desk, merchant, trip_id) as work:
            of = await _whom(work.session, trip_id, typed)

            async def ask() -> Answer:
                await propose_price(work.session, wish, trip_id=trip_id, actor=desk.actor, order_id=of)
                return Answer(303, b"")

            await _once(desk, work.session, form, ask)
    except PesanError as refusal:
        return await _refused(desk, merchant, trip_id, refusal, of=product_id, typed=form)
    return go(f"/jastip/{merchant}/trips/{trip_id}/shopping?done=asked#product-{product_id}")


@router.post("/prices/{proposal_id}/withdraw", dependencies=[require_csrf])
async def submit_withdrawal(desk: DeskOf, merchant: str, trip_id: UUID, proposal_id: UUID) -> Response:
    """Ask for a price no more."""
    try:
        async with writing_trip(desk, merchant, trip_id) as work:
            proposal = await get_proposal(work.session, proposal_id)
            await withdraw_price(work.session, proposal_id, trip_id=trip_id, actor=desk.actor)
    except PesanError as refusal:
        return await _refused(desk, merchant, trip_id, refusal)
    return go(f"/jastip/{merchant}/trips/{trip_id}#order-{proposal.order_id}")


def _pieces(typed: str) -> int | None:
    """A number, or None for all; raises InvalidInput."""
    if typed == ALL:
        return None
    try:
        number = int(typed)
    except ValueError as error:
        raise InvalidInput("pieces", _BAD_PIECES) from error
    if not 0 < abs(number) <= MAX_STOCK:
        raise InvalidInput("pieces", _BAD_PIECES)
    return number


async def _whom(session: WriteSession, trip_id: UUID, typed: PriceForm) -> UUID | None:
    """The order that was chosen or whose code was typed, None for everybody; raises InvalidInput."""
    if not typed.order_code:
        return typed.order_id
    found = await find_wanting(session, trip_id=trip_id, code=typed.order_code)
    if found is None:
        raise InvalidInput("order_code", _BAD_CODE)
    return found


async def _once(desk: Desk, session: WriteSession, form: Mapping[str, Any], make: Any) -> None:
    """Each button of a form is a wish of its own."""
    key = str(form.get(FIELD, ""))
    own = {**form, FIELD: str(uuid5(UUID(key), str(form.get("pieces", ""))))} if _is_uuid(key) else form
    if once := once_of(desk, own):
        await answer_once(session, once.wanted, make)
    else:
        await make()


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


async def _refused(
    desk: Desk,
    merchant: str,
    trip_id: UUID,
    refusal: PesanError,
    *,
    of: UUID | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    if refusal.status not in {409, 422}:
        raise refusal
    return await _page(desk, merchant, trip_id, refusal=refusal, of=of, typed=typed or {})


async def _page(
    desk: Desk,
    merchant: str,
    trip_id: UUID,
    *,
    done: str = "",
    ticked: UUID | None = None,
    pieces: int = 0,
    refusal: PesanError | None = None,
    of: UUID | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    async with reading_trip(desk, merchant, trip_id) as room:
        rows = [_row(desk, room, errand) for errand in await list_errands(room.session, trip_id)]
        page = ShoppingPage(
            _by_shop(rows),
            f"{room.frame.path}/shopping",
            undo=_undo(rows, str(ticked), pieces),
            done=done,
            problem=refusal.text(desk.locale) if refusal else "",
            problem_of=str(of) if of else "",
            typed=typed or {},
        )
        return show_trip(
            desk, room, "jastip_shopping", {"page": page}, status=refusal.status if refusal else 200
        )


def _by_shop(rows: Sequence[tuple[str, ErrandRow]]) -> list[ShopPart]:
    """By their names, and what may be bought anywhere last; within a shop what is still missing stands first."""
    names = {" ".join(shop.split()).casefold(): shop for shop, _ in rows}
    found: list[ShopPart] = []
    for key in sorted(names, key=lambda name: (not name, name)):
        own = [row for shop, row in rows if " ".join(shop.split()).casefold() == key]
        found.append(
            ShopPart(names[key], sorted(own, key=lambda row: (not row.missing, row.title.casefold())))
        )
    return found


def _undo(rows: Sequence[tuple[str, ErrandRow]], ticked: str, pieces: int) -> Undo | None:
    row = next((row for _, row in rows if row.id == ticked), None)
    if row is None or not pieces:
        return None
    return Undo(row.title, pieces, row.path, str(new_id()))


def _row(desk: Desk, room: TripRoom, errand: Errand) -> tuple[str, ErrandRow]:
    product, kind = errand.view.product, errand.view.type
    naming = naming_of(desk, room.room.shop)
    return product.shop, ErrandRow(
        id=str(product.id),
        slug=product.slug,
        title=kind.name,
        price=kind.price_amount,
        picture=small_of(product.image_key),
        path=f"{room.frame.path}/shopping/{product.id}",
        once=str(new_id()),
        wanted=errand.sums.wanted,
        waiting=errand.sums.ordered - errand.sums.wanted,
        bought=errand.bought,
        amount=errand.sums.amount,
        wants=[
            WantLine(
                str(want.order_id),
                want.code,
                want.person,
                want.quantity,
                want.is_paid,
                naming.booking(want.order_id, want.code),
            )
            for want in errand.wants
        ],
        orders=errand.sums.orders,
        prices={state.value: count for state, count in errand.proposed.items()},
    )
