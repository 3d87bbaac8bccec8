"""Reminding buyers of an event that is near, once for each time that it is set for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.checkout.telling import tell
from pesan.db import ReadSession, WriteSession
from pesan.notifications.channels import Channels
from pesan.notifications.models import Notification
from pesan.notifications.states import Kind
from pesan.orders.models import Order
from pesan.orders.queries import Period
from pesan.orders.states import OrderState
from pesan.tenancy.models import Merchant

COMING = frozenset({OrderState.PAID, OrderState.COMPLETED})
_CHUNK = 100
# Each of these says when the event is: whoever got one so shortly before it needs no reminder.
_NAMES_THE_TIME = (Kind.REMINDER.value, Kind.TICKET_READY.value, Kind.EVENT_MOVED.value)
_HOUR = timedelta(hours=1)
# What the event says itself, else what its merchant says for all.
_HOURS = func.coalesce(Event.reminder_hours, Merchant.reminder_hours)
_OPENS = Event.starts_at - _HOURS * _HOUR


def is_near(event: Event, merchant: Merchant, now: datetime) -> bool:
    """Whether it is time to remind of an event: not too early, and before it starts."""
    hours = merchant.reminder_hours if event.reminder_hours is None else event.reminder_hours
    return event.starts_at - timedelta(hours=hours) <= now < event.starts_at


def is_slot_near(period: Period, event: Event, merchant: Merchant, now: datetime) -> bool:
    """The same of a time that was booked, whose desk reminds of it."""
    hours = merchant.reminder_hours if event.reminder_hours is None else event.reminder_hours
    return period.starts_at - timedelta(hours=hours) <= now < period.starts_at


async def list_near(session: ReadSession) -> Sequence[UUID]:
    """The events whose buyers are to be reminded now, the next one first."""
    query = select(Event.id).join(Merchant, Merchant.id == Event.merchant_id).where(_is_near())
    return (await session.scalars(query.order_by(Event.starts_at, Event.id))).all()


async def remind_next(
    session: WriteSession, channels: Channels, event_id: UUID, *, after: UUID | None
) -> UUID | None:
    """Remind the next buyers of an event, by id from `after` on; returns the last of them, None when nobody is left."""
    orders = await _list_unreminded(session, event_id, after=after)
    for order, starts_at in orders:
        # A moved event is reminded of at its new time, too.
        await tell(session, channels, order, Kind.REMINDER, occasion=f"at-{starts_at.timestamp():.0f}")
    return orders[-1][0].id if orders else None


async def _list_unreminded(
    session: ReadSession, event_id: UUID, *, after: UUID | None
) -> list[tuple[Order, datetime]]:
    told = exists().where(
        Notification.order_id == Order.id,
        Notification.kind.in_(_NAMES_THE_TIME),
        Notification.created_at >= _OPENS,
    )
    query = (
        select(Order, Event.starts_at)
        .join(Event, and_(Event.id == Order.event_id, Event.merchant_id == Order.merchant_id))
        .join(Merchant, Merchant.id == Event.merchant_id)
        .where(
            Event.id == event_id,
            _is_near(),
            Order.state.in_(COMING),
            or_(Order.email.is_not(None), Order.wa.is_not(None)),
            ~told,
        )
        .order_by(Order.id)
        .limit(_CHUNK)
    )
    found = await session.execute(query if after is None else query.where(Order.id > after))
    return [(order, starts_at) for order, starts_at in found]


def _is_near() -> ColumnElement[bool]:
    now = func.clock_timestamp()
    takes_place = Event.status.in_((EventStatus.OPEN, EventStatus.CLOSED))
    return and_(takes_place, _HOURS > 0, Event.starts_at > now, now >= _OPENS)
