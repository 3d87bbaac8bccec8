"""The sales of one event as charts, each with the numbers that it draws."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pesan.backoffice.charts import Column, clip, columns, nice_ceiling, share, ticks
from pesan.backoffice.periods import HOURS_SHOWN, Period, Slot, choose_period, fold
from pesan.backoffice.queries.sales import SalesFacts, Steps, Use
from pesan.backoffice.words import TICKET_STATES
from pesan.kit.i18n import Locale, Text
from pesan.kit.money import format_rupiah
from pesan.kit.times import format_clock, format_datetime, format_day, format_short_day, in_zone
from pesan.payments.states import Account

_STEPS = {
    "placed": Text(id="Dipesan", en="Placed"),
    "paid": Text(id="Dibayar", en="Paid"),
    "completed": Text(id="Mendapat tiket", en="Got their tickets"),
}
_MONEY = {
    Account.RECEIVED: Text(id="Diterima", en="Received"),
    Account.FULFILLED: Text(id="Sudah jadi tiket", en="Became tickets"),
    Account.CUSTOMER: Text(id="Tiket belum terbit", en="Tickets still to come"),
    Account.REFUND_DUE: Text(id="Harus dikembalikan", en="Due back"),
    Account.REFUNDED: Text(id="Sudah dikembalikan", en="Sent back"),
}
_ALL_PLACES = Text(id="Semua tempat", en="All places")


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart of bars: `share` is its length in percent, `shown` the number in words."""

    label: str
    shown: str
    share: float
    note: str = ""

    @property
    def short_label(self) -> str:
        """The label as far as it fits the chart."""
        return clip(self.label)


@dataclass(frozen=True, slots=True)
class Moment:
    """One slot of the sale with its column; `tick` is empty where the axis says nothing."""

    label: str
    slot: Slot
    column: Column
    tick: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The sale over time."""

    period: Period
    moments: Sequence[Moment]
    ceiling: int
    best: Moment
    places: int

    @property
    def sold(self) -> Sequence[Moment]:
        """The slots in which something was sold, for the table."""
        return [moment for moment in self.moments if moment.slot.orders]


@dataclass(frozen=True, slots=True)
class Kind:
    """What was sold of one ticket type, with its bar."""

    bar: Bar
    inventory: int
    use: Use
    left: int


@dataclass(frozen=True, slots=True)
class SalesPage:
    """The page; a chart that has nothing to draw is empty."""

    event_title: str
    event_path: str
    path: str
    capacity: int
    use: Use
    received_amount: int
    due_back_amount: int
    timeline: Timeline | None
    steps: Sequence[Bar]
    kinds: Sequence[Kind]
    money: Sequence[Bar]
    tickets: Sequence[Bar]


def sales_page(
    facts: SalesFacts, *, path: str, zone: str, locale: Locale, period: Period | None
) -> SalesPage:
    """The view of one event's sales."""
    event = facts.own.event
    return SalesPage(
        event_title=event.title,
        event_path=path,
        path=f"{path}/sales",
        capacity=facts.own.pool.capacity,
        use=facts.use,
        received_amount=facts.money[Account.RECEIVED],
        due_back_amount=facts.money[Account.REFUND_DUE],
        timeline=_timeline(facts, zone, locale, period),
        steps=_steps(facts.steps, locale),
        kinds=_kinds(facts, locale),
        money=_money(facts, locale),
        tickets=_tickets(facts, locale),
    )


def make_bars(
    values: Iterable[tuple[str, int]], whole: int, write: Callable[[int], str] = str
) -> Sequence[Bar]:
    """Each value as its part of the whole; none at all when the whole is nothing."""
    if not whole:
        return []
    return [
        Bar(label, write(value), length := share(value, whole), f"{length:.0f}%") for label, value in values
    ]


def _timeline(facts: SalesFacts, zone: str, locale: Locale, wanted: Period | None) -> Timeline | None:
    if not facts.hours:
        return None
    newest = facts.hours[-1].begins_at
    last = max(newest, _local(min(facts.own.now, facts.own.event.ends_at), zone))
    first = facts.hours[0].begins_at
    period = choose_period(first, last, wanted)
    if period is Period.HOUR:
        first = max(first, last - HOURS_SHOWN + timedelta(hours=1))
    slots = fold(facts.hours, period, first=first, last=last)
    ceiling = nice_ceiling(max(slot.places for slot in slots))
    named = ticks(len(slots), with_middle=period is not Period.HOUR)
    drawn = zip(slots, columns([slot.places for slot in slots], ceiling), strict=True)
    moments = [
        Moment(
            label=_label(slot.begins_at, period, zone, locale),
            slot=slot,
            column=column,
            tick=_tick(slot.begins_at, period, zone, locale) if number in named else "",
        )
        for number, (slot, column) in enumerate(drawn)
    ]
    best = max(moments, key=lambda moment: moment.slot.places)
    return Timeline(period, moments, ceiling, best, sum(slot.places for slot in slots))


def _steps(steps: Steps, locale: Locale) -> Sequence[Bar]:
    counts = {"placed": steps.placed, "paid": steps.paid, "completed": steps.completed}
    return make_bars(((word.in_(locale), counts[name]) for name, word in _STEPS.items()), steps.placed)


def _kinds(facts: SalesFacts, locale: Locale) -> Sequence[Kind]:
    """Every ticket type, or the event as a whole where it has none."""
    pool = facts.own.pool
    if not facts.offers:
        return [_kind(_ALL_PLACES.in_(locale), pool.capacity, facts.use)]
    return [
        _kind(offer.type.name, offer.inventory, facts.uses.get(offer.type.pool_id, Use()))
        for offer in facts.offers
    ]


def _kind(name: str, inventory: int, use: Use) -> Kind:
    left = max(0, inventory - use.sold - use.in_review - use.held)
    return Kind(Bar(name, f"{use.sold} / {inventory}", share(use.sold, inventory)), inventory, use, left)


def _money(facts: SalesFacts, locale: Locale) -> Sequence[Bar]:
    amounts = ((word.in_(locale), facts.money[account]) for account, word in _MONEY.items())
    return make_bars(amounts, facts.money[Account.RECEIVED], format_rupiah)


def _tickets(facts: SalesFacts, locale: Locale) -> Sequence[Bar]:
    counts = ((word.in_(locale), facts.tickets.get(state, 0)) for state, word in TICKET_STATES.items())
    return make_bars(counts, sum(facts.tickets.values()))


def _label(begins_at: datetime, period: Period, zone: str, locale: Locale) -> str:
    moment = begins_at.replace(tzinfo=ZoneInfo(zone))
    if period is Period.HOUR:
        return format_datetime(moment, zone, locale)
    if period is Period.DAY:
        return format_day(moment, zone, locale)
    last = format_day(moment + timedelta(days=6), zone, locale)
    return f"{format_day(moment, zone, locale)} – {last}"


def _tick(begins_at: datetime, period: Period, zone: str, locale: Locale) -> str:
    moment = begins_at.replace(tzinfo=ZoneInfo(zone))
    day = format_short_day(moment, zone, locale)
    # Two days of hours have every hour twice.
    return f"{day} · {format_clock(moment, zone, locale)}" if period is Period.HOUR else day


def _local(moment: datetime, zone: str) -> datetime:
    return in_zone(moment, zone).replace(tzinfo=None)
