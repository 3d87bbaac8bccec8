"""A product's page, and the order sheet for it and whatever else of its trip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from uuid import uuid4

import orjson
from fastapi import APIRouter, Request
from pydantic import BeforeValidator
from starlette.responses import Response

from pesan.checkout.answers import hold_answer
from pesan.checkout.forms import MENDS, html_rules, read_person_form
from pesan.checkout.links import status_path
from pesan.checkout.origins import buyer_origin
from pesan.checkout.schemas import Email, Face, Notes, blank_is_none
from pesan.checkout.service import Agreed, Once
from pesan.checkout.sheets import go_on, wanted_once, ways_to_pay
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.idempotency.service import Wanted as WantedOnce
from pesan.idempotency.service import find_answer
from pesan.jastip.errors import ProductNotFound
from pesan.jastip.models import Participant
from pesan.jastip.pages.guests import find_taking_part, keep_shown, participant_actor, shown_ids
from pesan.jastip.present import show_product, show_trip
from pesan.jastip.queries.trips import ProductView, TripView, find_product_by_slug, get_trip, list_products
from pesan.jastip.service.orders import Counter, Item, Wanted, place_order
from pesan.jastip.states import JoinState
from pesan.jastip.views import OrderSheet
from pesan.kit.i18n import Text
from pesan.notifications.channels import Channels
from pesan.orders import Moved, Replayed
from pesan.privacy.agreeing import MARKETING, TERMS, TERMS_MEND, Texts, read_texts
from pesan.web.access import Who, allow
from pesan.web.context import context_of, name_merchant
from pesan.web.csrf import require_csrf
from pesan.web.deps import buyer_actor, get_database, get_locale, get_registry
from pesan.web.limits import HOLD, Limiter
from pesan.web.pages import render
from pesan.web.requests import origin_of, text_of

_TYPED = ("notes", "email", TERMS, MARKETING)
_PIECES = "qty_"
_NOTHING = Text(id="Pilih dulu berapa yang mau kamu titip.", en="First choose how many you would like.")
_TOO_MANY = Text(
    id="Ada jumlah yang tidak bisa dipesan. Perbaiki, lalu coba lagi.",
    en="One of the numbers cannot be ordered. Mend it, then try again.",
)

router = APIRouter(dependencies=[allow(Who.PUBLIC)])


class OrderForm(Face):
    """What is said with an order beside what is ordered."""

    email: Annotated[Email | None, BeforeValidator(blank_is_none)] = None
    notes: Annotated[Notes | None, BeforeValidator(blank_is_none)] = None


@dataclass(frozen=True, slots=True)
class _Visit:
    """A product as one visitor finds it, among the others of its trip."""

    product: ProductView
    trip: TripView
    products: Sequence[ProductView]
    person: Participant | None
    texts: Texts
    methods: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Typed:
    """What came back with the form, to be shown again with what is wrong about it."""

    quantities: Mapping[str, int]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)
    problem: str = ""
    key: str = field(default_factory=lambda: str(uuid4()))


@router.get("/order")
async def show_product_page(request: Request, product: str = "") -> Response:
    """The product that `product` names, with the sheet for whoever takes part in its trip."""
    visit = await _visit(request, product)
    card = show_product(visit.product)
    response = _page(request, visit, _Typed({card.slug: 1} if card.is_for_sale else {}))
    keep_shown(request, response)
    return response


@router.post("/order", dependencies=[require_csrf])
async def post_order(request: Request) -> Response:
    """Hold what was chosen, and go on to pay; a refusal shows the sheet again with everything that was typed."""
    form = await request.form()
    visit = await _visit(request, text_of(form, "product"))
    values = {name: text_of(form, name) for name in _TYPED}
    quantities, problem = _read_quantities(visit, form, get_locale(request))
    said, errors = read_person_form(OrderForm, values)
    errors |= visit.texts.complaint(values)
    if visit.person is None or said is None or errors or problem:
        return _page(request, visit, _Typed(quantities, values, errors, problem), status=422)
    wanted = Wanted(visit.person.id, _items(visit, quantities), said.notes, said.email)
    try:
        once = _once(request, quantities, values, text_of(form, "idempotency_key"))
        outcome = await _place(request, wanted, visit.texts.agreed(values), once)
    except PesanError as refusal:
        problem = refusal.text(get_locale(request))
        return _page(request, visit, _Typed(quantities, values, problem=problem), status=refusal.status)
    return go_on(request, outcome, to=status_path)


async def _visit(request: Request, slug: str) -> _Visit:
    async with get_database(request).read(participant_actor(request)) as session:
        product = await find_product_by_slug(session, slug[:40])
        if product is None:
            raise ProductNotFound
        trip = await get_trip(session, product.product.event_id)
        name_merchant(request, trip.merchant.id)
        products = await list_products(session, [product.product.event_id])
        person = await find_taking_part(request, session, product.product.event_id)
        texts = await read_texts(session, trip.merchant.id)
        methods = await ways_to_pay(session, trip.event)
    return _Visit(product, trip, products, person, texts, methods)


def _read_quantities(visit: _Visit, form: Any, locale: Any) -> tuple[dict[str, int], str]:
    """How many of each product, and what is wrong with that."""
    typed = {view.product.slug: text_of(form, _PIECES + view.product.slug).strip() for view in visit.products}
    wrong = [
        slug for slug, number in typed.items() if number and not (number.isdecimal() and len(number) < 5)
    ]
    chosen = {slug: int(number) for slug, number in typed.items() if number and slug not in wrong}
    chosen = {slug: number for slug, number in chosen.items() if number}
    if wrong:
        return chosen, _TOO_MANY.in_(locale)
    return chosen, "" if chosen else _NOTHING.in_(locale)


def _items(visit: _Visit, quantities: Mapping[str, int]) -> tuple[Item, ...]:
    ids = {view.product.slug: view.product.id for view in visit.products}
    return tuple(Item(ids[slug], number) for slug, number in quantities.items())


def _once(request: Request, quantities: Mapping[str, int], values: Mapping[str, str], key: str) -> WantedOnce:
    return wanted_once(request, key, orjson.dumps({**values, **quantities}, option=orjson.OPT_SORT_KEYS))


async def _place(request: Request, wanted: Wanted, agreed: Agreed, once: WantedOnce) -> Moved | Replayed:
    deps, actor = get_registry(request), await _buyer(request)
    await deps[Limiter].hit(context_of(request), HOLD)
    if earlier := await find_answer(deps[Database], actor, once):
        return Replayed(earlier)
    return await place_order(
        deps[Counter],
        wanted,
        actor=actor,
        locale=get_locale(request),
        origin=buyer_origin(request),
        once=Once(once, lambda moved: hold_answer(moved, base_url="")),
        agreed=agreed,
    )


async def _buyer(request: Request) -> Actor:
    return replace(await buyer_actor(request), participant_ids=shown_ids(request))


def _page(request: Request, visit: _Visit, typed: _Typed, *, status: int = 200) -> Response:
    card = show_trip(visit.trip, visit.products)
    own = show_product(visit.product)
    person = visit.person
    sheet = OrderSheet(
        replace(card, products=[own, *(other for other in card.products if other.slug != own.slug)]),
        own,
        html_rules(OrderForm),
        {**MENDS, TERMS: TERMS_MEND},
        typed.key,
        visit.texts.stamp,
        known_as=person.name if person else "",
        is_pending=person is not None and person.state == JoinState.PENDING,
        quantities=typed.quantities,
        values=typed.values,
        errors=typed.errors,
        problem=typed.problem,
        methods=visit.methods,
        tells_by=set(get_registry(request)[Channels].names),
    )
    origin = origin_of(request)
    context = {
        "sheet": sheet,
        "brand": card.brand,
        "url": origin + own.path,
        "here": own.path,
        "shared_picture": origin + own.picture.shared if own.picture else "",
    }
    return render(request, "jastip/order.html", context, status=status)
