"""Ordering by taps: look at a product, choose how many, say yes."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from pesan.capacity.errors import HoldPoolFull, SoldOut
from pesan.db import Actor, ActorKind, Database, ReadSession
from pesan.errors import PesanError
from pesan.jastip.chat import words
from pesan.jastip.chat.answers import Answer, Terms, confirmation, how_many, order_list, ordered, plain
from pesan.jastip.chat.people import Taking, find_ordered, find_part
from pesan.jastip.chat.taps import Choose, Look, Order
from pesan.jastip.errors import ProductNotFound
from pesan.jastip.links import Links
from pesan.jastip.queries.trips import ProductView, get_product, get_trip
from pesan.jastip.service.orders import Counter, Item, Wanted, place_order
from pesan.kit.i18n import DEFAULT_LOCALE, Locale
from pesan.kit.registry import Registry
from pesan.kit.times import format_datetime
from pesan.messaging.whatsapp.inbound import InboundMessage
from pesan.messaging.whatsapp.shapes import Shape
from pesan.orders.models import Order as PlacedOrder
from pesan.orders.queries import get_order
from pesan.orders.states import ENDS_WITHOUT_GOODS, OrderState
from pesan.privacy.agreeing import Texts, read_texts
from pesan.tenancy.legal.states import LegalKind

_SERVER_ERROR = 500


async def look(
    session: ReadSession, takings: Sequence[Taking], tap: Look | Choose, links: Links, locale: Locale
) -> Answer:
    """How many of it, or whether so many; of a product of a trip that they take part in."""
    try:
        view = await get_product(session, tap.product_id)
    except ProductNotFound:
        return Answer("no_product")
    taking = find_taking(takings, view)
    if taking is None:
        return await _ask_to_join(session, view)
    if isinstance(tap, Choose):
        texts = await read_texts(session, taking.trip.merchant.id)
        return Answer("chosen", (_ask(view, tap.quantity, taking, texts, links),), taking.trip)
    url = links.product(view.product.slug, taking.person.id)
    return Answer("looked", (how_many(view, url=url, locale=locale),), taking.trip)


async def order(
    deps: Registry, update_id: UUID, message: InboundMessage, takings: Sequence[Taking], tap: Order
) -> Answer:
    """Place the order that they said yes to; the question names it, so that two taps on one button place it once.

    A button that is tapped again when its order has come to nothing orders anew; when it is paid for or its proof is
    looked at, they are told so. One that stands below other terms
    than those in force orders nothing: they are shown these, and asked again.

    Raises the refusals that pass, for the job to be tried again.
    """
    async with deps[Database].read(Actor.system("chat")) as session:
        try:
            view = await get_product(session, tap.product_id)
        except ProductNotFound:
            return Answer("no_product")
        taking = find_taking(takings, view)
        if taking is None:
            return await _ask_to_join(session, view)
        order_id = _id_of(taking, message) or uuid5(update_id, "order")
        placed = await session.get(PlacedOrder, order_id)
        if placed is not None and placed.state in ENDS_WITHOUT_GOODS:
            order_id = uuid5(update_id, "order")
            placed = await session.get(PlacedOrder, order_id)
        texts = await read_texts(session, taking.trip.merchant.id)
        standing = await find_ordered(session, message, order_id) if placed is not None else []
    locale = locale_of(taking)
    if placed is not None and placed.state != OrderState.HOLD:
        return Answer("told_orders", (order_list(standing, locale=locale),), taking.trip)
    if placed is None and tap.stamp != texts.stamp:
        first = words.TERMS_CHANGED.in_(locale, name=taking.trip.merchant.name) if tap.stamp else ""
        shown = _ask(view, tap.quantity, taking, texts, deps[Links], first=first)
        return Answer("chosen", (shown,), taking.trip)
    if placed is None:
        try:
            placed = await _place(deps, order_id, taking, tap, texts)
        except PesanError as error:
            if error.status >= _SERVER_ERROR:
                raise
            return Answer("refused", (plain(_why(error, view, locale)),), taking.trip)
    return Answer("ordered", (_noted(deps, view, tap.quantity, placed, taking),), taking.trip)


def find_taking(takings: Sequence[Taking], view: ProductView) -> Taking | None:
    """Their part in the trip that a product is of."""
    return find_part(takings, view.product.event_id)


async def _ask_to_join(session: ReadSession, view: ProductView) -> Answer:
    """Anybody may ask what there is; whoever orders takes part."""
    trip = await get_trip(session, view.product.event_id)
    said = words.JOIN_FIRST.in_(DEFAULT_LOCALE, slug=trip.trip.slug.upper())
    return Answer("not_joined", (plain(said),), trip)


def _id_of(taking: Taking, message: InboundMessage) -> UUID | None:
    """The order that a button stands for: the same for each tap on it."""
    if message.context_wamid is None:
        return None
    return uuid5(taking.person.id, f"{message.context_wamid}:{message.reply_id}")


def locale_of(taking: Taking) -> Locale:
    """The language that somebody takes part in."""
    return "en" if taking.person.locale == "en" else DEFAULT_LOCALE


def _ask(
    view: ProductView, quantity: int, taking: Taking, texts: Texts, links: Links, *, first: str = ""
) -> Shape:
    merchant = taking.trip.merchant
    terms = Terms(
        merchant.name,
        links.legal(merchant.slug, LegalKind.TERMS),
        links.legal(merchant.slug, LegalKind.REFUNDS),
        texts.stamp,
    )
    percent = taking.trip.event.deposit_percent
    locale = locale_of(taking)
    return confirmation(view, quantity, terms, deposit_percent=percent, locale=locale, first=first)


async def _place(deps: Registry, order_id: UUID, taking: Taking, tap: Order, texts: Texts) -> PlacedOrder:
    """Their yes is what the tick is on a page: the order keeps which texts they accepted by it."""
    actor = Actor(ActorKind.GUEST, participant_ids=(taking.person.id,))
    wanted = Wanted(taking.person.id, (Item(tap.product_id, tap.quantity),))
    await place_order(
        deps[Counter],
        wanted,
        actor=actor,
        locale=locale_of(taking),
        agreed=replace(texts.agreed({}), order_id=order_id),
    )
    async with deps[Database].read(Actor.system("chat")) as session:
        return await get_order(session, order_id)


def _noted(deps: Registry, view: ProductView, quantity: int, placed: PlacedOrder, taking: Taking) -> Shape:
    locale = locale_of(taking)
    return ordered(
        view,
        quantity,
        placed,
        until=format_datetime(placed.hold_expires_at, taking.trip.merchant.zone, locale),
        url=deps[Links].pay(placed.code),
        locale=locale,
    )


def _why(error: PesanError, view: ProductView, locale: Locale) -> str:
    if isinstance(error, HoldPoolFull):
        return words.TAKEN_NOW.in_(locale, product=view.type.name)
    if isinstance(error, SoldOut):
        return words.SOLD_OUT.in_(locale, product=view.type.name)
    return words.REFUSED.in_(locale, why=error.text(locale))
