"""Events of a merchant with their places, drafts included; outlets of booths have pages of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text, tuple_

from pesan.capacity.models import CapacityPool
from pesan.catalog.errors import EventNotFound
from pesan.catalog.models import Event, EventPaymentMethod
from pesan.db import ReadSession
from pesan.db.access import WITHIN_LIMITS
from pesan.identity.models import Membership
from pesan.kit.pagination import Page, decode_moment, encode_moment
from pesan.orders.states import SLOTTED

PAGE_SIZE = 50
CHOICES = 200
IS_NO_OUTLET = Event.fulfilment.not_in(SLOTTED)
"""An outlet is changed where its sessions are; copied or called off like an event, it would take years along."""


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """An event with its pool; `held` are live holds only."""

    event: Event
    pool: CapacityPool
    held: int
    now: datetime


async def list_events(
    session: ReadSession,
    merchant_id: UUID,
    *,
    search: str = "",
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[OwnEvent]:
    """All events of the merchant, the latest first; raises BadCursor."""
    query = _events(merchant_id).where(IS_NO_OUTLET).order_by(Event.starts_at.desc(), Event.id.desc())
    if search.strip():
        query = query.where(
            or_(*(column.icontains(search.strip(), autoescape=True) for column in (Event.title, Event.city)))
        )
    if cursor:
        query = query.where(tuple_(Event.starts_at, Event.id) < tuple_(*decode_moment(cursor)))
    rows = (await session.execute(query.limit(limit + 1))).all()
    events = [OwnEvent(*row) for row in rows[:limit]]
    last = events[-1].event if len(rows) > limit else None
    return Page(events, encode_moment(last.starts_at, last.id) if last else None)


async def list_coming_events(
    session: ReadSession, merchant_id: UUID, *, limit: int = 8
) -> Sequence[OwnEvent]:
    """Events that have not ended, the soonest first."""
    query = _events(merchant_id).where(IS_NO_OUTLET, Event.ends_at > func.clock_timestamp())
    rows = await session.execute(query.order_by(Event.starts_at, Event.id).limit(limit))
    return [OwnEvent(*row) for row in rows]


async def list_event_choices(session: ReadSession, merchant_id: UUID) -> Sequence[Event]:
    """The events that a place in the merchant's team can be for, the latest first.

    As many as anybody chooses from a list, and those that somebody is limited to, however old: a form that did not
    show them would take them away.
    """
    own = (Event.merchant_id == merchant_id, text(WITHIN_LIMITS))
    by_time = (Event.starts_at.desc(), Event.id)
    latest = select(Event.id).where(*own).order_by(*by_time).limit(CHOICES)
    given = select(func.unnest(Membership.event_ids)).where(Membership.merchant_id == merchant_id)
    query = select(Event).where(*own, or_(Event.id.in_(latest), Event.id.in_(given)))
    return (await session.scalars(query.order_by(*by_time))).all()


async def get_event(
    session: ReadSession, merchant_id: UUID, short_id: str, *, or_outlet: bool = False
) -> OwnEvent:
    """One event of this merchant; raises EventNotFound, also for another merchant's, and for an outlet unless asked."""
    query = _events(merchant_id).where(Event.short_id == short_id)
    row = (await session.execute(query if or_outlet else query.where(IS_NO_OUTLET))).first()
    if row is None:
        raise EventNotFound
    return OwnEvent(*row)


async def list_method_ids(session: ReadSession, event_id: UUID) -> Sequence[UUID]:
    """The payment methods that the event is limited to; none means all."""
    query = select(EventPaymentMethod.method_id).where(EventPaymentMethod.event_id == event_id)
    return (await session.scalars(query)).all()


def _events(merchant_id: UUID) -> Select[Any]:
    return (
        select(Event, CapacityPool, CapacityPool.held - func.expired_holds(Event.id), func.clock_timestamp())
        .join(CapacityPool, CapacityPool.id == Event.pool_id)
        .where(Event.merchant_id == merchant_id, text(WITHIN_LIMITS))
    )
