"""How a merchant's trips go, as charts, each with the numbers that it draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pesan.backoffice.charts import Column, nice_ceiling, share, stacks, ticks
from pesan.backoffice.chat_words import CHARGE_CATEGORIES
from pesan.backoffice.periods import DAYS_SHOWN, Period, begin_of, begins
from pesan.backoffice.queries.jastip_analytics import Inviter, Span, TripFigures
from pesan.backoffice.views.sales import Bar, make_bars
from pesan.chats.states import MessageState
from pesan.kit.i18n import Locale, Text
from pesan.kit.money import format_rupiah
from pesan.kit.times import format_day, format_short_day, in_zone
from pesan.orders.states import OrderState
from pesan.payments.states import Account


class Window(StrEnum):
    """How far back the page looks."""

    WEEK = "7"
    MONTH = "30"
    QUARTER = "90"
    ALL = "all"


LONGEST = timedelta(days=3 * 365)
"""How far back `all` looks."""

LINKS = {
    "trip": Text(id="Tautan trip", en="Trip link"),
    "product": Text(id="Tautan produk", en="Product links"),
    "profile": Text(id="Tautan profil", en="Profile link"),
    "leave": Text(id="Tautan berhenti", en="Unsubscribe link"),
}
_PREFIXES = {"trip": "/t/", "product": "/o/", "profile": "/", "leave": "/u/"}
_ORDERS: Mapping[str, tuple[Text, tuple[OrderState, ...]]] = {
    "good": (Text(id="Lunas", en="Paid"), (OrderState.PAID,)),
    "look": (Text(id="Dikirim", en="Sent"), (OrderState.COMPLETED,)),
    "wait": (Text(id="Belum lunas", en="Not paid yet"), (OrderState.HOLD, OrderState.REVIEW)),
    "gone": (
        Text(id="Tidak jadi", en="Not going on"),
        (OrderState.REJECTED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REFUNDED),
    ),
}
_MONEY: Mapping[Account, Text] = {
    Account.RECEIVED: Text(id="Diterima", en="Received"),
    Account.FULFILLED: Text(id="Untuk yang sudah dikirim", en="For what was sent"),
    Account.CUSTOMER: Text(id="Untuk yang belum dikirim", en="For what is still to be sent"),
    Account.REFUND_DUE: Text(id="Harus dikembalikan", en="Due back"),
    Account.REFUNDED: Text(id="Sudah dikembalikan", en="Sent back"),
}
_DUE = Text(id="Belum dibayar", en="Not paid yet")
_STEPS = (
    Text(id="Membuka tautan", en="Followed a link"),
    Text(id="Ikut trip", en="Joined"),
    Text(id="Memesan", en="Ordered"),
    Text(id="Membayar", en="Paid"),
)
_MESSAGES: Mapping[Text, tuple[MessageState, ...]] = {
    Text(id="Dibaca", en="Read"): (MessageState.READ,),
    Text(id="Sampai", en="Delivered"): (MessageState.DELIVERED,),
    Text(id="Terkirim", en="Sent"): (MessageState.SENT, MessageState.ACCEPTED),
    Text(id="Menunggu", en="Waiting"): (MessageState.QUEUED, MessageState.SENDING),
    Text(id="Gagal", en="Failed"): (MessageState.FAILED,),
    Text(id="Tidak pasti", en="Not certain"): (MessageState.UNKNOWN,),
    Text(id="Dibatalkan", en="Cancelled"): (MessageState.CANCELLED,),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of one column: `tone` names its colour."""

    tone: str
    count: int
    column: Column


@dataclass(frozen=True, slots=True)
class Slot:
    """One column with its parts; `tick` is empty where the axis says nothing."""

    label: str
    total: int
    parts: Sequence[Part]
    tick: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """What one colour means, and how many of it there are in all."""

    tone: str
    label: str
    total: int


@dataclass(frozen=True, slots=True)
class Stack:
    """Something counted by day or week, each column in its parts."""

    period: Period
    series: Sequence[Series]
    slots: Sequence[Slot]
    ceiling: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(slot.total for slot in self.slots)

    @property
    def best(self) -> Slot:
        """The first slot with the most."""
        return max(self.slots, key=lambda slot: slot.total)

    @property
    def filled(self) -> Sequence[Slot]:
        """Those with anything in them, for the table."""
        return [slot for slot in self.slots if slot.total]


@dataclass(frozen=True, slots=True)
class AnalyticsPage:
    """The page; a chart that has nothing to draw is empty, and `costs` is None where they are not shown."""

    path: str
    window: Window
    visits: Stack | None
    links: Sequence[Bar]
    orders: Stack | None
    received: int
    due: int
    sent: int
    money: Sequence[Bar]
    products: Sequence[Bar]
    funnel: Sequence[Bar]
    messages: Sequence[Bar]
    costs: Sequence[Bar] | None
    cost: int
    inviters: Sequence[Inviter]


def span_of(window: Window, now: datetime, zone: str, first: datetime) -> tuple[datetime, Period]:
    """When the window begins, at a midnight of the merchant's, and how long one column lasts."""
    today = begin_of(in_zone(now, zone), Period.DAY)
    if window is Window.ALL:
        local = begin_of(in_zone(max(first, now - LONGEST), zone), Period.DAY)
        period = Period.DAY if today - local < DAYS_SHOWN else Period.WEEK
        return _midnight(begin_of(local, period), zone), period
    return _midnight(today - timedelta(days=int(window) - 1), zone), Period.DAY


def analytics_page(
    figures: TripFigures, span: Span, now: datetime, *, path: str, window: Window, locale: Locale
) -> AnalyticsPage:
    """The view of some trips' figures."""
    due = sum(placed.open_amount for placed in figures.orders)
    received = figures.money[Account.RECEIVED]
    visits = {(slot, kind): count for (slot, kind), count in figures.visits.items() if kind in LINKS}
    tones = {kind: word.in_(locale) for kind, word in LINKS.items()}
    charges = figures.charges
    return AnalyticsPage(
        path=path,
        window=window,
        visits=_stack(visits, tones, span, now, locale),
        links=_links(figures, locale),
        orders=_orders(figures, span, now, locale),
        received=received,
        due=due,
        sent=figures.money[Account.FULFILLED],
        money=_money(figures, due, locale),
        products=_products(figures, locale),
        funnel=_funnel(figures, locale),
        messages=_messages(figures, locale),
        costs=None if charges is None else _costs(figures, locale),
        cost=round(sum(charge.amount for charge in charges or ())),
        inviters=figures.inviters,
    )


def _midnight(local: datetime, zone: str) -> datetime:
    return local.replace(tzinfo=ZoneInfo(zone))


def _orders(figures: TripFigures, span: Span, now: datetime, locale: Locale) -> Stack | None:
    tones = {state: tone for tone, (_, states) in _ORDERS.items() for state in states}
    counts: dict[tuple[datetime, str], int] = {}
    for placed in figures.orders:
        key = placed.begins_at, tones[placed.state]
        counts[key] = counts.get(key, 0) + placed.orders
    return _stack(counts, {tone: word.in_(locale) for tone, (word, _) in _ORDERS.items()}, span, now, locale)


def _stack(
    counts: Mapping[tuple[datetime, str], int],
    names: Mapping[str, str],
    span: Span,
    now: datetime,
    locale: Locale,
) -> Stack | None:
    """Every slot from the window's begin to now, empty ones too; None where there is nothing in any."""
    totals = {tone: sum(count for (_, own), count in counts.items() if own == tone) for tone in names}
    series = [Series(tone, names[tone], total) for tone, total in totals.items() if total]
    if not series:
        return None
    first, last = (in_zone(moment, span.zone).replace(tzinfo=None) for moment in (span.since, now))
    starts = begins(span.period, first, last)
    values = [[counts.get((start, one.tone), 0) for one in series] for start in starts]
    ceiling = nice_ceiling(max(sum(parts) for parts in values) or 1)
    named = ticks(len(starts))
    slots = [
        Slot(
            label=_label(start, span, locale),
            total=sum(counted),
            parts=[
                Part(one.tone, count, column)
                for one, count, column in zip(series, counted, drawn, strict=True)
            ],
            tick=format_short_day(_midnight(start, span.zone), span.zone, locale) if number in named else "",
        )
        for number, (start, counted, drawn) in enumerate(
            zip(starts, values, stacks(values, ceiling), strict=True)
        )
    ]
    return Stack(span.period, series, slots, ceiling)


def _label(start: datetime, span: Span, locale: Locale) -> str:
    day = format_day(_midnight(start, span.zone), span.zone, locale)
    if span.period is Period.DAY:
        return day
    return f"{day} – {format_day(_midnight(start + timedelta(days=6), span.zone), span.zone, locale)}"


def _links(figures: TripFigures, locale: Locale) -> Sequence[Bar]:
    values = [
        (f"{_PREFIXES[link.kind]}{link.slug}" if link.slug else LINKS[link.kind].in_(locale), link.visits)
        for link in figures.links
    ]
    return make_bars(values, max((count for _, count in values), default=0))


def _money(figures: TripFigures, due: int, locale: Locale) -> Sequence[Bar]:
    """Where the money is; what went back is named only where something did."""
    usual = (Account.RECEIVED, Account.FULFILLED, Account.CUSTOMER)
    amounts = [
        (word.in_(locale), figures.money[account])
        for account, word in _MONEY.items()
        if account in usual or figures.money[account]
    ]
    whole = figures.money[Account.RECEIVED] + due
    return make_bars([*amounts[:1], (_DUE.in_(locale), due), *amounts[1:]], whole, format_rupiah)


def _products(figures: TripFigures, locale: Locale) -> Sequence[Bar]:
    """By what was paid for each; the note tells the pieces."""
    most = max((sold.amount + sold.open_amount for sold in figures.products), default=0)
    paid, waits = Text(id="{n} lunas", en="{n} paid"), Text(id="{n} menunggu", en="{n} waiting")
    return [
        Bar(
            sold.title,
            format_rupiah(sold.amount),
            share(sold.amount, most),
            ", ".join(
                word.in_(locale).format(n=count)
                for word, count in ((paid, sold.pieces), (waits, sold.open_pieces))
                if count
            ),
        )
        for sold in figures.products
    ]


def _funnel(figures: TripFigures, locale: Locale) -> Sequence[Bar]:
    """From a link to money; each step's note is its part of the step before, where that one is wider."""
    funnel = figures.funnel
    leaving = sum(count for (_, kind), count in figures.visits.items() if kind == "leave")
    visits = sum(figures.visits.values()) - leaving
    counts = (visits, funnel.joined, funnel.ordered, funnel.paid)
    whole = max(counts)
    if not whole:
        return []
    notes = ["", *(_part(count, before) for count, before in zip(counts[1:], counts, strict=False))]
    return [
        Bar(word.in_(locale), str(count), share(count, whole), note)
        for word, count, note in zip(_STEPS, counts, notes, strict=True)
    ]


def _part(count: int, before: int) -> str:
    return f"{share(count, before):.0f}%" if 0 < count <= before else ""


def _messages(figures: TripFigures, locale: Locale) -> Sequence[Bar]:
    counts = [
        (word.in_(locale), sum(figures.messages.get(state.value, 0) for state in states))
        for word, states in _MESSAGES.items()
    ]
    return make_bars([(word, count) for word, count in counts if count], sum(figures.messages.values()))


def _costs(figures: TripFigures, locale: Locale) -> Sequence[Bar]:
    charges = figures.charges or ()
    most = max((charge.amount for charge in charges), default=0)
    sent = Text(id="{n} pesan", en="{n} messages").in_(locale)
    return [
        Bar(
            CHARGE_CATEGORIES.get(charge.category, Text(id=charge.category, en=charge.category)).in_(locale),
            format_rupiah(round(charge.amount)),
            share(round(charge.amount * 100), round(most * 100)),
            sent.format(n=charge.messages),
        )
        for charge in charges
    ]
