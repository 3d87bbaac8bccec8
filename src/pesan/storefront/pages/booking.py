"""The booking sheet: from a name to a hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pesan.catalog.queries import Listing
from pesan.catalog.states import SaleState
from pesan.checkout.answers import hold_answer
from pesan.checkout.baskets import read_basket
from pesan.checkout.forms import FIELDS, MENDS, html_rules, read_hold_form
from pesan.checkout.links import status_path
from pesan.checkout.origins import buyer_origin
from pesan.checkout.room import DiskRoom
from pesan.checkout.schemas import HoldForm
from pesan.checkout.service import Agreed, Once, place_hold
from pesan.checkout.sheets import go_on, read_earlier, wanted_once, ways_to_pay
from pesan.errors import PesanError
from pesan.kit.i18n import Text
from pesan.kit.ids import normalise_code
from pesan.notifications.channels import Channels
from pesan.orders import Moved, Replayed
from pesan.orders.desk import SaleDesk
from pesan.orders.moves import LineWish, PromoWish
from pesan.privacy import agreeing
from pesan.privacy.agreeing import GUARDIAN, read_texts
from pesan.storefront.choices import Choice, parse_choice
from pesan.storefront.pages.basket import choice_of, shop_of
from pesan.storefront.pages.requests import find_listing
from pesan.storefront.present import show_card
from pesan.storefront.shopping import load_shopping
from pesan.storefront.views import BookingSheet
from pesan.web.access import Who, allow
from pesan.web.context import context_of
from pesan.web.csrf import require_csrf
from pesan.web.deps import buyer_actor, get_database, get_locale, get_registry, guest_actor
from pesan.web.limits import HOLD, Limiter
from pesan.web.pages import render
from pesan.web.requests import origin_of, text_of

MAX_CODE = 40
_TYPED = (*FIELDS, *agreeing.FIELDS)

router = APIRouter(dependencies=[allow(Who.PUBLIC)])


@dataclass(frozen=True, slots=True)
class _Typed:
    """What came back with the form, to be shown again with what is wrong about it."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)
    problem: str = ""
    basket: Choice = field(default_factory=Choice)
    key: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True, slots=True)
class _Wish:
    """A sheet that nothing is wrong with."""

    listing: Listing
    buyer: HoldForm
    basket: Choice
    agreed: Agreed
    guardian: str = ""

    @property
    def typed(self) -> bytes:
        """What makes it another wish than one before; ids that are made anew are not part of it."""
        consents = len(self.agreed.companions)
        texts = "".join(map(str, self.agreed.legal_ids))
        return f"{self.buyer.model_dump_json()}\n{self.basket.query}\n{texts}\n{consents}\n{self.guardian}".encode()


@router.get("/x/{key}/book")
async def show_sheet(request: Request, key: str) -> Response:
    """The empty sheet, or one filled from an ended booking (`?from=CODE`) that starts again."""
    await buyer_actor(request)  # whoever has to sign in does it before they type
    async with get_database(request).read(guest_actor(request)) as session:
        listing = await find_listing(request, session, key)
    card = show_card(listing)
    if card.sells_times:
        return RedirectResponse(card.path, 303)  # a time is chosen first, and there is its sheet
    if card.sale is not SaleState.OPEN:
        return RedirectResponse(card.path, 303)  # the event's page says why
    return await _sheet(request, listing, _Typed(await _earlier(request), basket=await choice_of(request)))


@router.post("/x/{key}/book", dependencies=[require_csrf])
async def post_sheet(request: Request, key: str) -> Response:
    """Hold a place, and go on to pay; a refusal shows the sheet again with everything that was typed."""
    async with get_database(request).read(guest_actor(request)) as session:
        listing = await find_listing(request, session, key)
        texts = await read_texts(
            session, listing.event.merchant_id, needs_guardian=listing.event.needs_guardian
        )
    form = await request.form()
    values = {name: text_of(form, name) for name in _TYPED}
    basket = parse_choice(text_of(form, "basket"))
    buyer, errors = read_hold_form(values)
    errors |= texts.complaint(values)
    if buyer is None or errors:
        return await _sheet(request, listing, _Typed(values, errors, basket=basket), status=422)
    try:
        agreed = texts.agreed(values)
        outcome = await _hold(
            request,
            _Wish(listing, buyer, basket, agreed, values[GUARDIAN]),
            key=text_of(form, "idempotency_key"),
        )
    except PesanError as refusal:
        problem = refusal.text(get_locale(request))
        return await _sheet(
            request, listing, _Typed(values, problem=problem, basket=basket), status=refusal.status
        )
    return go_on(request, outcome, to=status_path)


async def _hold(request: Request, wish: _Wish, *, key: str) -> Moved | Replayed:
    deps = get_registry(request)
    await deps[Limiter].hit(context_of(request), HOLD)
    wanted = wanted_once(request, key, wish.typed)
    lines, promo = await _wishes(request, wish)
    return await place_hold(
        deps[SaleDesk],
        event_id=wish.listing.event.id,
        buyer=wish.buyer,
        actor=await buyer_actor(request),
        locale=get_locale(request),
        room=deps[DiskRoom],
        origin=buyer_origin(request),
        lines=lines,
        promo=promo,
        once=Once(wanted, lambda moved: hold_answer(moved, base_url="")),
        agreed=wish.agreed,
    )


async def _wishes(request: Request, wish: _Wish) -> tuple[Sequence[LineWish], PromoWish | None]:
    """What is wanted: the basket's lines, or a place of the event itself."""
    if wish.basket.is_empty:
        return [LineWish(wish.buyer.qty)], None
    async with get_database(request).read(guest_actor(request)) as session:
        shopping = await load_shopping(session, wish.listing, wish.basket)
        read = await read_basket(session, shopping.basket)
    return read.lines, read.promo_wish


async def _earlier(request: Request) -> dict[str, str]:
    """What the holder of an earlier booking typed then; nothing for anybody else."""
    code = normalise_code(request.query_params.get("from", "")[:MAX_CODE])
    if not code or code not in guest_actor(request).order_codes:
        return {}
    async with get_database(request).read(guest_actor(request)) as session:
        return await read_earlier(session, code)


async def _sheet(request: Request, listing: Listing, typed: _Typed, *, status: int = 200) -> Response:
    card = show_card(listing)
    async with get_database(request).read(guest_actor(request)) as session:
        shop = await shop_of(request, session, listing, typed.basket)
        methods = await ways_to_pay(session, listing.event)
        texts = await read_texts(
            session, listing.event.merchant_id, needs_guardian=listing.event.needs_guardian
        )
    if shop.is_typed and shop.sums is None:
        return RedirectResponse(
            f"{card.path}?{typed.basket.query}#tickets", 303
        )  # something is to be chosen first
    sheet = BookingSheet(
        card,
        listing.event.hold_minutes,
        html_rules(HoldForm),
        {**MENDS, **agreeing.MENDS},
        typed.key,
        values=typed.values,
        errors=typed.errors,
        problem=typed.problem,
        methods=methods if shop.sums or card.price_amount else (),
        basket=typed.basket.query,
        sums=shop.sums,
        accepts=texts.stamp,
        needs_guardian=texts.needs_guardian,
        tells_by=set(get_registry(request)[Channels].names),
    )
    context = {"sheet": sheet, "brand": card.brand, "origin": origin_of(request)}
    return render(request, "storefront/book.html", context, status=status)
