"""Writes to events."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from pesan.audit import changed_values, record
from pesan.capacity.models import DEFAULT_HOLD_RATIO, CapacityPool
from pesan.capacity.service import create_pool, resize_pool
from pesan.catalog.errors import InvalidPeriod
from pesan.catalog.models import Event, EventPaymentMethod
from pesan.catalog.states import TICKETS, EventStatus
from pesan.db import Actor, WriteSession
from pesan.jobs import enqueue
from pesan.kit.ids import new_id, new_short_id

DEFAULT_DURATION = timedelta(hours=3)
MAX_SLUG_LENGTH = 60
REISSUE_TASK = "tickets.reissue_event"
CANCEL_TASK = "checkout.cancel_event"
_TIMES = frozenset({"starts_at", "ends_at"})


@dataclass(frozen=True, slots=True)
class EventDraft:
    """What an organizer says of an event; money in whole rupiah, times aware."""

    title: str
    starts_at: datetime
    capacity: int
    price_amount: int
    ends_at: datetime | None = None
    summary: str = ""
    description: str = ""
    venue: str = ""
    address: str = ""
    city: str = ""
    hold_ratio: Decimal = DEFAULT_HOLD_RATIO
    hold_minutes: int = 15
    max_per_order: int = 1
    max_holds_per_contact: int = 2
    max_holds_per_ip: int = 10
    review_cap: int | None = None
    reminder_hours: int | None = None
    follow_up_hours: int | None = None
    sale_opens_at: datetime | None = None
    sale_closes_at: datetime | None = None
    certificate: bool = False
    is_featured: bool = False
    tags: Sequence[str] = ()
    transferable: bool = True
    needs_guardian: bool = False
    deposit_percent: int = 100
    method_ids: Sequence[UUID] = field(default_factory=tuple)

    def columns(self) -> dict[str, Any]:
        """The event's own columns; raises InvalidPeriod."""
        ends_at = self.ends_at or self.starts_at + DEFAULT_DURATION
        backwards = self.sale_opens_at and self.sale_closes_at and self.sale_closes_at <= self.sale_opens_at
        if ends_at <= self.starts_at or backwards:
            raise InvalidPeriod
        names = (
            "title summary description venue address city starts_at price_amount hold_minutes max_per_order"
            " max_holds_per_contact max_holds_per_ip review_cap sale_opens_at sale_closes_at certificate"
            " is_featured transferable reminder_hours follow_up_hours needs_guardian"
            " deposit_percent"
        )
        own = {name: getattr(self, name) for name in names.split()}
        return own | {"ends_at": ends_at, "tags": list(self.tags)}


async def create_event(
    session: WriteSession,
    *,
    merchant_id: UUID,
    draft: EventDraft,
    actor: Actor,
    status: str = EventStatus.DRAFT,
    fulfilment: str = TICKETS,
) -> Event:
    """A new event with its pool; `fulfilment` names what its orders turn into."""
    pool = await create_pool(
        session,
        merchant_id=merchant_id,
        capacity=draft.capacity,
        hold_ratio=draft.hold_ratio,
        max_per_order=draft.max_per_order,
    )
    event = Event(
        id=new_id(),
        merchant_id=merchant_id,
        pool_id=pool.id,
        slug=slugify(draft.title),
        short_id=new_short_id(),
        status=status,
        fulfilment=fulfilment,
        **draft.columns(),
    )
    session.add(event)
    await session.flush()
    await _replace_methods(session, event, draft.method_ids)
    await record(session, event, action="event:catalog:created", actor=actor, data={"status": status})
    return event


async def update_event(session: WriteSession, *, event: Event, draft: EventDraft, actor: Actor) -> None:
    """Change an event; raises CapacityTooLow when places below what is sold and held were asked for.

    **Locks** the event's pool, after the event's own row. **Enqueues** the reissue of tickets, whose validity ends with
    the event, when it moves; the move is named, so that buyers are told of each one once.
    """
    values = draft.columns()
    old = {name: getattr(event, name) for name in values} | await _terms_beside(session, event)
    terms = {
        "capacity": draft.capacity,
        "hold_ratio": draft.hold_ratio,
        "method_ids": sorted(set(draft.method_ids)),
    }
    before, after = changed_values(old, values | terms)
    for name, value in values.items():
        setattr(event, name, value)
    event.updated_at = func.clock_timestamp()
    await session.flush()
    await resize_pool(
        session,
        event.pool_id,
        capacity=draft.capacity,
        hold_ratio=draft.hold_ratio,
        max_per_order=draft.max_per_order,
    )
    await _replace_methods(session, event, draft.method_ids)
    data = {"changed": list(after), "capacity": draft.capacity, "hold_ratio": str(draft.hold_ratio)}
    action = "event:catalog:updated"
    await record(session, event, action=action, actor=actor, data=data, before=before, after=after)
    if _TIMES & after.keys():
        await enqueue(session, REISSUE_TASK, event_id=event.id, occasion=f"move-{event.audit_seq}")


async def set_status(
    session: WriteSession, *, event: Event, status: EventStatus, actor: Actor, reason: str | None = None
) -> None:
    """Open, close, cancel or withdraw an event's sale.

    **Enqueues**, when the event is cancelled, what that means for everybody who booked.
    """
    before, event.status = event.status, status.value
    event.updated_at = func.clock_timestamp()
    await session.flush()
    data = {"from": before, "to": status.value}
    action = f"event:sale:{status.value}"
    await record(
        session,
        event,
        action=action,
        actor=actor,
        data=data,
        reason=reason,
        before={"status": before},
        after={"status": status.value},
    )
    if status is EventStatus.CANCELLED:
        await enqueue(session, CANCEL_TASK, event_id=event.id)


async def set_cover(session: WriteSession, *, event: Event, object_key: str | None, actor: Actor) -> None:
    """Give the event another picture, or none."""
    before, event.cover_key = event.cover_key, object_key
    event.updated_at = func.clock_timestamp()
    await session.flush()
    await record(
        session,
        event,
        action="event:catalog:cover_changed",
        actor=actor,
        before={"cover_key": before},
        after={"cover_key": object_key},
    )


def slugify(title: str) -> str:
    """The readable part of an event's address; the short id beside it is what finds the event."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG_LENGTH].strip("-") or "acara"


async def _terms_beside(session: WriteSession, event: Event) -> dict[str, Any]:
    """The terms of an event that are not its own columns, before they change."""
    pool = await session.get_one(CapacityPool, event.pool_id, populate_existing=True)
    chosen = select(EventPaymentMethod.method_id).where(EventPaymentMethod.event_id == event.id)
    methods = sorted(await session.scalars(chosen))
    return {"capacity": pool.capacity, "hold_ratio": pool.hold_ratio, "method_ids": methods}


async def _replace_methods(session: WriteSession, event: Event, method_ids: Sequence[UUID]) -> None:
    await session.execute(delete(EventPaymentMethod).where(EventPaymentMethod.event_id == event.id))
    session.add_all(
        EventPaymentMethod(event_id=event.id, method_id=method_id, merchant_id=event.merchant_id)
        for method_id in dict.fromkeys(method_ids)
    )
    await session.flush()
