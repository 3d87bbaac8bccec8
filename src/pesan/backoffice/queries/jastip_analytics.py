"""What became of a merchant's trips within some days: a fixed number of sums, each over one index of their own rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Subquery, cast, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from pesan.backoffice.periods import Period
from pesan.catalog.models import Event
from pesan.chats.models import ChatMessage
from pesan.chats.records import ChatCharge
from pesan.db import ReadSession
from pesan.jastip.models import Participant, Product, ShortlinkVisit, Trip, TripOrder
from pesan.jastip.states import JoinState
from pesan.orders.models import Order, OrderLine
from pesan.orders.states import OrderState
from pesan.payments.models import LedgerEntry
from pesan.payments.states import Account

MOST_TRIPS = 500
"""How many trips, the latest ones, are looked at together."""
LONGEST_LIST = 10
"""How many links, products and inviters are drawn."""
_EARNED = (OrderState.PAID, OrderState.COMPLETED)
_AWAITED = (OrderState.HOLD, OrderState.REVIEW)
# Money came for them, also where it went back later.
_WAS_PAID = (*_EARNED, OrderState.REFUNDED)


@dataclass(frozen=True, slots=True)
class Span:
    """Which trips of a merchant's are looked at and since when, in slots of the merchant's own clock."""

    merchant_id: UUID
    trip_ids: Sequence[UUID]
    zone: str
    since: datetime
    period: Period
    has_profile: bool = False
    """Whether the links to the merchant's profile count as well."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The orders of one slot in one state; `open_amount` is what is still to pay of them."""

    begins_at: datetime
    state: OrderState
    orders: int
    open_amount: int


@dataclass(frozen=True, slots=True)
class LinkVisits:
    """How often one short link was followed."""

    kind: str
    slug: str
    visits: int


@dataclass(frozen=True, slots=True)
class Sold:
    """The pieces of one product that were paid for, and those that still wait for money."""

    title: str
    pieces: int
    amount: int
    open_pieces: int
    open_amount: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """Of those who came to the trips in these days: how many took part, ordered, and paid."""

    joined: int
    ordered: int
    paid: int


@dataclass(frozen=True, slots=True)
class Inviter:
    """Somebody by whose code others came, how many of those took part, and how many of them ordered."""

    name: str
    code: str
    came: int
    ordered: int


@dataclass(frozen=True, slots=True)
class Charged:
    """The messages of one category that arrived, and what they cost."""

    category: str
    messages: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class TripFigures:
    """Everything that the page of figures shows; `charges` is None for whoever may not see what messages cost."""

    visits: Mapping[tuple[datetime, str], int]
    links: Sequence[LinkVisits]
    orders: Sequence[Placed]
    money: Mapping[Account, int]
    products: Sequence[Sold]
    funnel: Funnel
    messages: Mapping[str, int]
    inviters: Sequence[Inviter]
    charges: Sequence[Charged] | None


async def list_own_trips(session: ReadSession, merchant_id: UUID) -> list[tuple[UUID, datetime]]:
    """A merchant's trips that the session's actor may see, deleted ones too, and since when each is there."""
    query = select(Trip.event_id, Event.created_at).join(Event, Event.id == Trip.event_id)
    latest = query.where(Trip.merchant_id == merchant_id).order_by(Event.created_at.desc(), Event.id)
    return [(row[0], row[1]) for row in await session.execute(latest.limit(MOST_TRIPS))]


async def load_figures(session: ReadSession, span: Span, *, with_costs: bool) -> TripFigures:
    """The sums of some trips, in ten queries however many there are."""
    return TripFigures(
        visits=await _visits(session, span),
        links=await _links(session, span),
        orders=await _orders(session, span),
        money=await _money(session, span),
        products=await _products(session, span),
        funnel=await _funnel(session, span),
        messages=await _messages(session, span),
        inviters=await _inviters(session, span),
        charges=await _charges(session, span) if with_costs else None,
    )


def _visits_of(span: Span) -> Subquery:
    """Every count of visits, by its link: found by the links, of which there are few, and not by the merchant."""
    first_day = func.date(func.timezone(span.zone, span.since))
    counted = (ShortlinkVisit.kind, ShortlinkVisit.day, ShortlinkVisit.visits)
    trips = (
        select(*counted, Trip.slug)
        .join(Trip, Trip.event_id == ShortlinkVisit.target_id)
        .where(Trip.event_id.in_(span.trip_ids), ShortlinkVisit.kind.in_(("trip", "leave")))
    )
    products = (
        select(*counted, Product.slug)
        .join(Product, Product.id == ShortlinkVisit.target_id)
        .where(Product.event_id.in_(span.trip_ids), ShortlinkVisit.kind == "product")
    )
    parts = [part.where(ShortlinkVisit.day >= first_day) for part in (trips, products)]
    if span.has_profile:
        own = ShortlinkVisit.target_id == span.merchant_id, ShortlinkVisit.kind == "profile"
        parts.append(select(*counted, literal("")).where(*own, ShortlinkVisit.day >= first_day))
    return union_all(*parts).subquery()


async def _visits(session: ReadSession, span: Span) -> dict[tuple[datetime, str], int]:
    each = _visits_of(span)
    slot = func.date_trunc(span.period.value, cast(each.c.day, DateTime))
    query = select(slot, each.c.kind, func.sum(each.c.visits)).group_by(slot, each.c.kind)
    return {(begins_at, kind): int(visits) for begins_at, kind, visits in await session.execute(query)}


async def _links(session: ReadSession, span: Span) -> list[LinkVisits]:
    each = _visits_of(span)
    visits = func.sum(each.c.visits)
    query = select(each.c.kind, each.c.slug, visits).group_by(each.c.kind, each.c.slug)
    most = query.order_by(visits.desc(), each.c.kind, each.c.slug).limit(LONGEST_LIST)
    return [LinkVisits(kind, slug, int(count)) for kind, slug, count in await session.execute(most)]


async def _orders(session: ReadSession, span: Span) -> list[Placed]:
    slot = func.date_trunc(span.period.value, func.timezone(span.zone, Order.placed_at))
    is_open = Order.state.in_(_AWAITED)
    open_amount = func.sum(Order.total_amount).filter(is_open)
    balance = func.sum(Order.balance_due_amount).filter(Order.state == OrderState.PAID)
    query = (
        select(slot, Order.state, func.count(), func.coalesce(open_amount, 0) + func.coalesce(balance, 0))
        .where(*_ordered(span))
        .group_by(slot, Order.state)
    )
    rows = await session.execute(query)
    return [Placed(begins_at, OrderState(state), count, int(due)) for begins_at, state, count, due in rows]


async def _money(session: ReadSession, span: Span) -> dict[Account, int]:
    query = (
        select(LedgerEntry.account, func.sum(LedgerEntry.amount))
        .join(Order, Order.id == LedgerEntry.order_id)
        .where(*_ordered(span))
        .group_by(LedgerEntry.account)
    )
    found = {Account(account): abs(int(amount)) for account, amount in await session.execute(query)}
    return {account: found.get(account, 0) for account in Account}


async def _products(session: ReadSession, span: Span) -> list[Sold]:
    earned, awaited = Order.state.in_(_EARNED), Order.state.in_(_AWAITED)
    worth = OrderLine.quantity * OrderLine.unit_amount
    sums = [
        func.coalesce(func.sum(what).filter(which), 0)
        for which in (earned, awaited)
        for what in (OrderLine.quantity, worth)
    ]
    query = (
        select(func.max(OrderLine.title), *sums)
        .join(Order, Order.id == OrderLine.order_id)
        .where(*_ordered(span), Order.state.in_((*_EARNED, *_AWAITED)))
        .group_by(OrderLine.ticket_type_id)
        .order_by(sums[1].desc(), sums[3].desc(), OrderLine.ticket_type_id)
        .limit(LONGEST_LIST)
    )
    return [Sold(row[0], *(int(number) for number in row[1:])) for row in await session.execute(query)]


async def _funnel(session: ReadSession, span: Span) -> Funnel:
    buyers = _buyers(span)
    took_part = or_(Participant.state == JoinState.JOINED, buyers.c.participant_id.is_not(None))
    query = (
        select(
            func.count().filter(took_part),
            func.count(buyers.c.participant_id),
            func.count().filter(buyers.c.has_paid),
        )
        .select_from(Participant)
        .outerjoin(buyers, buyers.c.participant_id == Participant.id)
        .where(*_came(span))
    )
    return Funnel(*(await session.execute(query)).one())


async def _messages(session: ReadSession, span: Span) -> dict[str, int]:
    query = (
        select(ChatMessage.state, func.count())
        .where(ChatMessage.event_id.in_(span.trip_ids), ChatMessage.created_at >= span.since)
        .group_by(ChatMessage.state)
    )
    return {state: count for state, count in await session.execute(query)}  # noqa: C416  rows are no pairs to mypy


async def _inviters(session: ReadSession, span: Span) -> list[Inviter]:
    buyers, inviter = _buyers(span), aliased(Participant)
    came = func.count()
    query = (
        select(inviter.name, inviter.referral_code, came, func.count(buyers.c.participant_id))
        .select_from(Participant)
        .join(inviter, inviter.id == Participant.referred_by)
        .outerjoin(buyers, buyers.c.participant_id == Participant.id)
        .where(*_came(span), Participant.state == JoinState.JOINED, inviter.erased_at.is_(None))
        .group_by(inviter.id)
        .order_by(came.desc(), inviter.id)
        .limit(LONGEST_LIST)
    )
    return [Inviter(*row) for row in await session.execute(query)]


async def _charges(session: ReadSession, span: Span) -> list[Charged]:
    amount = func.sum(ChatCharge.amount)
    query = (
        select(ChatCharge.category, func.count(), amount)
        .where(
            ChatCharge.merchant_id == span.merchant_id,
            ChatCharge.event_id.in_(span.trip_ids),
            ChatCharge.at >= span.since,
        )
        .group_by(ChatCharge.category)
        .order_by(amount.desc(), ChatCharge.category)
    )
    return [Charged(*row) for row in await session.execute(query)]


def _ordered(span: Span) -> tuple[ColumnElement[bool], ...]:
    """Orders that were placed in these days; naming the merchant lets the index of its list serve."""
    return (
        Order.merchant_id == span.merchant_id,
        Order.placed_at >= span.since,
        Order.event_id.in_(span.trip_ids),
    )


def _came(span: Span) -> tuple[ColumnElement[bool], ...]:
    return Participant.event_id.in_(span.trip_ids), Participant.created_at >= span.since


def _buyers(span: Span) -> Subquery:
    """Who ordered, whatever became of it, and whether any of it was paid."""
    return (
        select(
            TripOrder.participant_id.label("participant_id"),
            func.bool_or(Order.state.in_(_WAS_PAID)).label("has_paid"),
        )
        .join(Order, Order.id == TripOrder.order_id)
        .where(TripOrder.event_id.in_(span.trip_ids))
        .group_by(TripOrder.participant_id)
        .subquery()
    )
