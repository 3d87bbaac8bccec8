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
from pesan.orders.dues import balance_of, due_now, owes_balance
from pesan.orders.models import Order
from pesan.orders.states import OrderState

_BUTTONS = 3
# So that the links below it stand whole.
_MOST_OF_A_NAME = 80


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


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose terms somebody orders by, where they are read, and which versions they are."""

    merchant_name: str
    terms_url: str
    refunds_url: str
    stamp: str


def confirmation(
    view: ProductView, quantity: int, terms: Terms, *, deposit_percent: int, locale: Locale, first: str = ""
) -> Shape:
    """What they are about to order, what it costs, what of it is asked for first, and by which terms.

    The button carries the terms that it stands below, so that nobody accepts what they were not shown.
    """
    total = quantity * view.type.price_amount
    rest = balance_of(total, deposit_percent)
    body = (words.CONFIRM_DEPOSIT if rest else words.CONFIRM).in_(
        locale,
        quantity=quantity,
        product=fit(view.type.name, MAX_BODY // 4),
        total=format_rupiah(total),
        due=format_rupiah(total - rest),
    )
    by = words.BY_TERMS.in_(
        locale,
        terms=terms.terms_url,
        refunds=terms.refunds_url,
        name=fit(terms.merchant_name, _MOST_OF_A_NAME),
    )
    body = "\n\n".join(part for part in (first, body, by) if part)
    yes = Button(f"o:{view.product.id}:{quantity}:{terms.stamp}", words.YES.in_(locale))
    return Buttons(fit(body, MAX_BODY), (yes, Button("x", words.NO.in_(locale))))


def ordered(
    view: ProductView, quantity: int, placed: Order, *, until: str, url: str, locale: Locale
) -> Shape:
    """That it is noted, until when it is kept, what is asked for first, and where it is paid."""
    rest = placed.balance_due_amount
    body = (words.ORDERED_DEPOSIT if rest else words.ORDERED).in_(
        locale,
        quantity=quantity,
        product=fit(view.type.name, MAX_BODY // 2),
        total=format_rupiah(placed.total_amount),
        due=format_rupiah(due_now(placed)),
        rest=format_rupiah(rest),
        code=placed.code,
        until=until,
    )
    return Link(fit(body, MAX_BODY), fit(words.PAY.in_(locale), MAX_LABEL), url)


def order_list(found: Sequence[Ordered], *, locale: Locale) -> Shape:
    """How their orders stand."""
    if not found:
        return plain(words.NO_ORDERS.in_(locale))
    return plain("\n".join([words.ORDERS.in_(locale), *(_order(each, locale) for each in found)]))


def which_order(found: Sequence[Ordered], *, about: str, locale: Locale) -> Shape:
    """Which of several orders a proof is for, the first ten; `about` names the message that it came in."""
    rows = tuple(
        Row(
            f"b:{each.order.id}:{about}",
            fit(each.order.code, MAX_ROW_TITLE),
            fit(f"{each.items} · {_asked(each.order, locale)}", MAX_DESCRIPTION),
        )
        for each in found[:MAX_ROWS]
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
        status=_status(order, locale),
    )
    if not each.parcel.courier:
        return line
    return line + words.PARCEL.in_(
        locale, courier=each.parcel.courier, tracking=each.parcel.tracking_no or ""
    ).replace(" )", ")")


def _asked(order: Order, locale: Locale) -> str:
    due = format_rupiah(due_now(order))
    return words.REST.in_(locale, due=due) if owes_balance(order) else due


def _status(order: Order, locale: Locale) -> str:
    """Where it stands, with what is due now where that is not all of it."""
    due = format_rupiah(due_now(order))
    if owes_balance(order):
        said = words.BALANCE_DUE if order.balance_submitted_at is None else words.BALANCE_CHECKED
        paid = format_rupiah(order.total_amount - order.balance_due_amount)
        return said.in_(locale, paid=paid, due=due)
    if order.state == OrderState.HOLD and order.balance_due_amount:
        return words.DEPOSIT_DUE.in_(locale, due=due)
    return words.STATUSES[order.state].in_(locale)


def _offer(view: ProductView) -> Sentence:
    return words.LEFT if view.available else words.GONE


def _price(view: ProductView) -> str:
    return format_rupiah(view.type.price_amount)
