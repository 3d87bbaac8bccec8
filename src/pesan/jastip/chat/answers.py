"""Answers, as the chat shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pesan.jastip.chat import words
from pesan.jastip.chat.people import Ordered
from pesan.jastip.queries.trips import ProductView, TripView
from pesan.kit.i18n import Locale
from pesan.kit.i18n import Text as Sentence
from pesan.kit.money import format_rupiah
from pesan.messaging.whatsapp.limits import (
    MAX_BODY,
    MAX_DESCRIPTION,
    MAX_LABEL,
    MAX_ROW_TITLE,
    MAX_ROWS,
    MAX_TEXT,
)
from pesan.messaging.whatsapp.shapes import Button, Buttons, Choices, Link, Row, Section, Shape, Text, fit

_BUTTONS = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a message, in a word, and what is said to it; about a trip where it is about one."""

    outcome: str
    shapes: tuple[Shape, ...] = ()
    trip: TripView | None = None


def plain(text: str) -> Text:
    """Plain words, however long somebody's title made them."""
    return Text(fit(text, MAX_TEXT))


def product_list(
    trip: TripView, views: Sequence[ProductView], *, url: str, locale: Locale, first: str = ""
) -> Shape:
    """What can be ordered, to choose from: ten at most, those that are left first; after what is to be said `first`.

    One message and not two: two of them may arrive the other way round.
    """
    lead = f"{first}\n\n" if first else ""
    if not views:
        return plain(lead + words.NO_PRODUCTS.in_(locale, trip=trip.event.title))
    shown = sorted(views, key=lambda view: view.available == 0)[:MAX_ROWS]
    rows = tuple(
        Row(
            f"p:{view.product.id}",
            fit(view.type.name, MAX_ROW_TITLE),
            fit(_offer(view).in_(locale, price=_price(view), left=view.available), MAX_DESCRIPTION),
        )
        for view in shown
    )
    body = fit(lead + words.PRODUCTS.in_(locale, trip=trip.event.title, count=len(views), url=url), MAX_BODY)
    return Choices(body, words.LIST_LABEL.in_(locale), (Section("", rows),))


def how_many(view: ProductView, *, url: str, locale: Locale) -> Shape:
    """How many pieces, up to three by a tap, more on the page."""
    if not view.available:
        return plain(words.SOLD_OUT.in_(locale, product=view.type.name))
    body = words.HOW_MANY.in_(locale, product=fit(view.type.name, MAX_BODY // 2), price=_price(view))
    if view.available > _BUTTONS:
        body = f"{body}\n{words.MORE_AT.in_(locale, url=url)}"
    numbers = range(1, min(_BUTTONS, view.available) + 1)
    return Buttons(body, tuple(Button(f"q:{view.product.id}:{number}", str(number)) for number in numbers))


def confirmation(view: ProductView, quantity: int, *, locale: Locale) -> Shape:
    """What they are about to order, and what it costs."""
    total = format_rupiah(quantity * view.type.price_amount)
    product = fit(view.type.name, MAX_BODY // 2)
    body = words.CONFIRM.in_(locale, quantity=quantity, product=product, total=total)
    yes = Button(f"o:{view.product.id}:{quantity}", words.YES.in_(locale))
    return Buttons(body, (yes, Button("x", words.NO.in_(locale))))


def ordered(
    view: ProductView, quantity: int, *, code: str, total: int, until: str, url: str, locale: Locale
) -> Shape:
    """That it is noted, until when it is kept, and where it is paid."""
    body = words.ORDERED.in_(
        locale,
        quantity=quantity,
        product=fit(view.type.name, MAX_BODY // 2),
        total=format_rupiah(total),
        code=code,
        until=until,
    )
    return Link(fit(body, MAX_BODY), fit(words.PAY.in_(locale), MAX_LABEL), url)


def order_list(found: Sequence[Ordered], *, locale: Locale) -> Shape:
    """How their orders stand."""
    if not found:
        return plain(words.NO_ORDERS.in_(locale))
    return plain("\n".join([words.ORDERS.in_(locale), *(_order(each, locale) for each in found)]))


def which_order(found: Sequence[Ordered], *, about: str, locale: Locale) -> Shape:
    """Which of several orders a proof is for; `about` names the message that it came in."""
    rows = tuple(
        Row(
            f"b:{each.order.id}:{about}",
            fit(each.order.code, MAX_ROW_TITLE),
            fit(f"{each.items} · {format_rupiah(each.order.total_amount)}", MAX_DESCRIPTION),
        )
        for each in found
    )
    label = words.ORDERS_LABEL.in_(locale)
    return Choices(words.PROOF_OF_WHICH.in_(locale), label, (Section("", rows),))


def _order(each: Ordered, locale: Locale) -> str:
    order = each.order
    line = words.ORDER_LINE.in_(
        locale,
        code=order.code,
        items=each.items,
        total=format_rupiah(order.total_amount),
        status=words.STATUSES[order.state].in_(locale),
    )
    if not each.parcel.courier:
        return line
    return line + words.PARCEL.in_(
        locale, courier=each.parcel.courier, tracking=each.parcel.tracking_no or ""
    ).replace(" )", ")")


def _offer(view: ProductView) -> Sentence:
    return words.LEFT if view.available else words.GONE


def _price(view: ProductView) -> str:
    return format_rupiah(view.type.price_amount)
