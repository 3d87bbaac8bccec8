"""Reminding customers of the session that they booked, once for each time that it has."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, func, or_, select

from pesan.booths.models import BoothSession
from pesan.booths.states import SessionState
from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.checkout.telling import tell
from pesan.db import ReadSession, WriteSession
from pesan.notifications.channels import Channels
from pesan.notifications.models import Notification
from pesan.notifications.states import Kind
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.tenancy.models import Merchant

_CHUNK = 100
_HOUR = timedelta(hours=1)
# What the outlet's event says itself, else what its merchant says for all.
_HOURS = func.coalesce(Event.reminder_hours, Merchant.reminder_hours)
_OPENS = BoothSession.starts_at - _HOURS * _HOUR
# Each of these says when the session is: whoever got one so shortly before it needs no reminder.
_NAMES_THE_TIME = (Kind.SESSION_REMINDER.value, Kind.SESSION_READY.value, Kind.SESSION_MOVED.value)


async def remind_next(session: WriteSession, channels: Channels, *, after: UUID | None) -> UUID | None:
    """Remind the next customers, by id from `after` on; returns the last of them, None when nobody is left.

    Only who is waited for: whoever staff put elsewhere, or let in early, is not told to come.
    """
    found = await _list_unreminded(session, after=after)
    for order, booked in found:
        occasion = f"at-{booked.starts_at.timestamp():.0f}"
        await tell(session, channels, order, Kind.SESSION_REMINDER, occasion=occasion)
    return found[-1][0].id if found else None


async def _list_unreminded(
    session: ReadSession, *, after: UUID | None
) -> Sequence[tuple[Order, BoothSession]]:
    now = func.clock_timestamp()
    told = exists().where(
        Notification.order_id == Order.id,
        Notification.kind.in_(_NAMES_THE_TIME),
        Notification.created_at >= _OPENS,
    )
    query = (
        select(Order, BoothSession)
        .join(BoothSession, BoothSession.id == Order.id)
        .join(Event, Event.id == Order.event_id)
        .join(Merchant, Merchant.id == Order.merchant_id)
        .where(
            BoothSession.state == SessionState.AWAITING_CUSTOMER,
            BoothSession.starts_at > now,
            now >= _OPENS,
            _HOURS > 0,
            Event.status != EventStatus.CANCELLED,
            Order.state == OrderState.COMPLETED,
            or_(Order.email.is_not(None), Order.wa.is_not(None)),
            ~told,
        )
        .order_by(Order.id)
        .limit(_CHUNK)
    )
    found = await session.execute(query if after is None else query.where(Order.id > after))
    return [(order, booked) for order, booked in found]
