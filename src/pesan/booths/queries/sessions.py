"""Bookings of outlets with their sessions, as the desk and the booths see them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select, tuple_

from pesan.booths.errors import SessionNotFound
from pesan.booths.models import Booth, BoothSession
from pesan.booths.states import EXPECTED, FULFILMENT, LEFT_AFTER, UNFULFILLED, SessionState, standing
from pesan.db import Actor, ActorKind, ReadSession
from pesan.kit.pagination import Page, decode_moment, encode_moment
from pesan.orders.models import Order
from pesan.orders.queries import begins_within, ends_at_of_order, resource_of_order, starts_at_of_order
from pesan.orders.searching import is_order, matches_order
from pesan.orders.states import OrderState
from pesan.orders.states import effective_state as effective_order_state
from pesan.payments.models import Payment
from pesan.payments.states import PaymentState

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """What narrows the list; None does not narrow. Times are half-open; `by_beginning` is of `matches_order`.

    `actor` narrows it to where they work: everybody sees what they booked for themselves elsewhere, too.
    """

    outlet_ids: Sequence[UUID] | None = None
    state: SessionState | None = None
    search: str = ""
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    by_beginning: bool = False
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """One booking: its order, when it is, and its session with its booth once it is paid for; by the clock at `now`."""

    order: Order
    starts_at: datetime
    ends_at: datetime
    booth: Booth | None
    session: BoothSession | None
    paid_at: datetime | None
    now: datetime

    @property
    def expired_at(self) -> datetime | None:
        """When its customer was waited for no more, or its hold was over."""
        if self.session is not None:
            return self.session.expired_at
        return self.order.ended_at if self.state is SessionState.EXPIRED else None

    @property
    def state(self) -> SessionState:
        """Where it stands."""
        if self.session is None:
            return UNFULFILLED[effective_order_state(self.order, self.now)]
        return standing(self.session, self.order.state, self.now)


async def get_booked(session: ReadSession, ref: str) -> Booked:
    """One booking by its id or its code; raises SessionNotFound."""
    row = (await session.execute(_booked().where(is_order(ref)))).one_or_none()
    if row is None:
        raise SessionNotFound
    return Booked(*row)


async def get_booked_here(session: ReadSession, ref: str, actor: Actor) -> Booked:
    """The same of an outlet that the actor works at; what they booked elsewhere for themselves is none."""
    booked = await get_booked(session, ref)
    if not (
        _is_device_of(actor, booked.order) or actor.works_for(booked.order.merchant_id, booked.order.event_id)
    ):
        raise SessionNotFound
    return booked


async def list_booked(
    session: ReadSession, wanted: BookingFilter, *, cursor: str | None = None, limit: int = PAGE_SIZE
) -> Page[Booked]:
    """The bookings that the asker may see, the newest first; raises BadCursor."""
    # Which they are is found out before anything is looked up for each of them: there may be very many others.
    page = _listed(select(Order.id).where(Order.fulfilment == FULFILMENT, *_conditions(wanted)))
    if wanted.state is not None:
        page = page.outerjoin(BoothSession, BoothSession.id == Order.id)
    if cursor:
        page = page.where(tuple_(Order.placed_at, Order.id) < tuple_(*decode_moment(cursor)))
    rows = (await session.execute(_listed(_booked().where(_is_of(page.limit(limit + 1)))))).all()
    found = [Booked(*row) for row in rows[:limit]]
    last = found[-1] if len(rows) > limit else None
    return Page(found, encode_moment(last.order.placed_at, last.order.id) if last else None)


def _is_device_of(actor: Actor, order: Order) -> bool:
    return actor.kind is ActorKind.DEVICE and order.event_id in actor.event_ids


def _listed(query: Select[Any]) -> Select[Any]:
    return query.order_by(Order.placed_at.desc(), Order.id.desc())


def _is_of(page: Select[Any]) -> ColumnElement[bool]:
    """As a whole, so that each order's own times are looked up for those of the page alone."""
    return Order.id == func.any(func.array(page.correlate(None).scalar_subquery()))


def _booked() -> Select[Any]:
    return (
        select(
            Order,
            starts_at_of_order(),
            ends_at_of_order(),
            Booth,
            BoothSession,
            _paid_at(),
            func.clock_timestamp(),
        )
        .outerjoin(BoothSession, BoothSession.id == Order.id)
        .outerjoin(Booth, Booth.number == resource_of_order())
        .where(Order.fulfilment == FULFILMENT)
    )


def _paid_at() -> ColumnElement[Any]:
    paid = (Payment.order_id == Order.id) & (Payment.state == PaymentState.PAID)
    return select(func.min(Payment.settled_at)).where(paid).correlate(Order).scalar_subquery()


def _conditions(wanted: BookingFilter) -> Iterator[ColumnElement[bool]]:
    if (actor := wanted.actor) is not None and not actor.is_platform_admin:
        limited = Order.merchant_id.in_(actor.limited_ids) & Order.event_id.in_(actor.event_ids)
        yield Order.merchant_id.in_(actor.merchant_ids) | limited
    if wanted.outlet_ids is not None:
        yield Order.event_id.in_(wanted.outlet_ids)
    if wanted.state is not None:
        yield state_by_clock() == wanted.state.value
    if wanted.starts_from is not None or wanted.starts_before is not None:
        yield begins_within(wanted.starts_from, wanted.starts_before)
    if search := wanted.search.strip():
        yield matches_order(search, by_beginning=wanted.by_beginning)


def state_by_clock() -> ColumnElement[str]:
    """The state by the clock, as `Booked.state` says it."""
    now = func.clock_timestamp()
    is_over = func.greatest(Order.hold_expires_at, Order.payment_open_until) <= now
    unfulfilled = {state.value: stands.value for state, stands in UNFULFILLED.items()}
    return case(
        (BoothSession.id.is_(None) & (Order.state == OrderState.HOLD) & is_over, SessionState.EXPIRED.value),
        (BoothSession.id.is_(None), case(unfulfilled, value=Order.state)),
        (
            (BoothSession.state == SessionState.AWAITING_CUSTOMER) & (BoothSession.arrive_until < now),
            SessionState.EXPIRED.value,
        ),
        (
            (BoothSession.state == SessionState.ARRIVED)
            & (func.greatest(BoothSession.ends_at, BoothSession.arrived_at) + LEFT_AFTER < now),
            SessionState.EXPIRED.value,
        ),
        (
            (BoothSession.state == SessionState.ONGOING) & (BoothSession.due_at <= now),
            SessionState.DONE.value,
        ),
        (
            (Order.state == OrderState.REFUNDED) & BoothSession.state.in_(EXPECTED),
            SessionState.OVERRIDDEN.value,
        ),
        else_=BoothSession.state,
    )
