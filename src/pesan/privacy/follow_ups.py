"""Thanking buyers after an event, where the merchant wants it and the buyer agreed to hear from them.

It is not about the booking any more, so it needs consent (UU 27/2022): when it is written down, and when it leaves.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select

from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.checkout.telling import tell
from pesan.db import Actor, Database, WriteSession
from pesan.notifications.channels import Channels
from pesan.notifications.letters import Composer, Letter
from pesan.notifications.models import Notification
from pesan.notifications.states import Kind
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.privacy.consents import find_consent
from pesan.privacy.models import Consent
from pesan.privacy.states import Purpose
from pesan.tenancy.models import Merchant

_CHUNK = 100
_HOUR = timedelta(hours=1)
# Thanks for what was long ago would puzzle; whoever turns this on does not write to everybody who ever came.
_LATEST = timedelta(days=3)
# What the event says itself, else what its merchant says for all.
_HOURS = func.coalesce(Event.follow_up_hours, Merchant.follow_up_hours)
_DUE = Event.ends_at + _HOURS * _HOUR
_ACTOR = Actor.system("follow_ups")


class ConsentingComposer:
    """Composes what another composer would, while the buyer's consent stands."""

    def __init__(self, inner: Composer, database: Database, purpose: Purpose) -> None:
        self._inner = inner
        self._database = database
        self._purpose = purpose

    async def compose(self, order_id: UUID, kind: Kind, occasion: str = "") -> Letter | None:
        """The letter; None, too, when consent was taken back meanwhile."""
        async with self._database.read(_ACTOR) as session:
            consent = await find_consent(session, order_id, self._purpose)
        return await self._inner.compose(order_id, kind, occasion) if consent else None


async def follow_up_next(session: WriteSession, channels: Channels, *, after: UUID | None) -> UUID | None:
    """Thank the next buyers, by order id from `after` on; returns the last of them, None when nobody is left."""
    now = func.clock_timestamp()
    thanked = exists().where(Notification.order_id == Order.id, Notification.kind == Kind.FOLLOW_UP.value)
    query = (
        select(Order)
        .join(Event, and_(Event.id == Order.event_id, Event.merchant_id == Order.merchant_id))
        .join(Merchant, Merchant.id == Event.merchant_id)
        .join(Consent, and_(Consent.order_id == Order.id, Consent.merchant_id == Order.merchant_id))
        .where(
            _HOURS > 0,
            Event.status.in_((EventStatus.OPEN, EventStatus.CLOSED)),
            now >= _DUE,
            now < _DUE + _LATEST,
            Consent.purpose == Purpose.MARKETING.value,
            Consent.withdrawn_at.is_(None),
            Order.state == OrderState.COMPLETED,
            or_(Order.email.is_not(None), Order.wa.is_not(None)),
            ~thanked,
        )
        .order_by(Order.id)
        .limit(_CHUNK)
    )
    orders = (await session.scalars(query if after is None else query.where(Order.id > after))).all()
    for order in orders:
        await tell(session, channels, order, Kind.FOLLOW_UP)
    return orders[-1].id if orders else None
