"""Outlets: opened, changed, archived and brought back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from pesan.audit import changed_values, record
from pesan.booths.errors import OutletBusy
from pesan.booths.feed import tell_many
from pesan.booths.models import BoothSession, Outlet
from pesan.booths.models.outlets import DEFAULT_RESCHEDULE_MINUTES
from pesan.booths.service.locks import lock_outlet, lock_sale
from pesan.booths.states import FULFILMENT, LIVE
from pesan.booths.telling import outlet_changed
from pesan.catalog.models import Event
from pesan.catalog.service import EventDraft, create_event
from pesan.catalog.states import EventStatus
from pesan.db import Actor, WriteSession
from pesan.errors import InvalidInput
from pesan.kit.i18n import Text
from pesan.kit.times import DEFAULT_ZONE, ZONES
from pesan.orders.models import Order
from pesan.orders.states import OrderState

# An outlet is open until somebody archives it, and its places are its booths' times.
_FOR_EVER = timedelta(days=365 * 100)
_UNFINISHED = (OrderState.HOLD, OrderState.REVIEW, OrderState.PAID)
_UNKNOWN_ZONE = Text(id="Pilih zona waktu yang ada di daftar.", en="Choose a time zone of the list.")


@dataclass(frozen=True, slots=True)
class OutletDraft:
    """What a super admin says of an outlet; `price_amount` is that of a session, in whole rupiah."""

    name: str
    location: str = ""
    zone: str = DEFAULT_ZONE
    price_amount: int = 0
    reschedule_minutes: int = DEFAULT_RESCHEDULE_MINUTES
    is_open: bool = True

    def own(self) -> dict[str, Any]:
        """The outlet's own columns; raises InvalidInput."""
        if self.zone not in ZONES:
            raise InvalidInput("zone", _UNKNOWN_ZONE)
        names = ("name", "location", "zone", "reschedule_minutes")
        return {name: getattr(self, name) for name in names}


async def create_outlet(
    session: WriteSession, *, merchant_id: UUID, draft: OutletDraft, actor: Actor
) -> Outlet:
    """A new outlet without booths and hours, and the event that it sells as; raises InvalidInput."""
    own = draft.own()
    event = await create_event(
        session,
        merchant_id=merchant_id,
        draft=_event_draft(draft),
        actor=actor,
        status=_status(draft).value,
        fulfilment=FULFILMENT,
    )
    event.zone = draft.zone
    outlet = Outlet(event_id=event.id, merchant_id=merchant_id, **own)
    session.add(outlet)
    await session.flush()
    await record(session, event, action="event:outlet:created", actor=actor, after=_said(draft))
    await session.flush()
    return outlet


async def change_outlet(session: WriteSession, event_id: UUID, *, draft: OutletDraft, actor: Actor) -> None:
    """Say something else of an outlet; what is booked stays. Raises OutletNotFound, InvalidInput.

    **Locks** its event.
    """
    await _change(session, *await lock_outlet(session, event_id), draft, actor)


async def amend_outlet(
    session: WriteSession, event_id: UUID, *, said: Mapping[str, Any], actor: Actor
) -> None:
    """Say some of an OutletDraft's values anew; what is left out stays as somebody else may just have said it.

    Raises OutletNotFound, InvalidInput. **Locks** its event.
    """
    outlet, event = await lock_outlet(session, event_id)
    await _change(session, outlet, event, OutletDraft(**_said_of(outlet, event) | dict(said)), actor)


async def archive_outlet(session: WriteSession, event_id: UUID, *, actor: Actor) -> None:
    """Take an outlet off every list, for good until it is restored; raises OutletNotFound, OutletBusy.

    **Locks** its event, then its pool, so that nobody books meanwhile.
    """
    outlet, event = await lock_outlet(session, event_id)
    if outlet.is_archived:
        return
    await lock_sale(session, event)
    if count := await _count_unfinished(session, event_id):
        raise OutletBusy(count=count, extra={"count": count})
    outlet.is_archived = True
    if event.status == EventStatus.OPEN:
        event.status = EventStatus.CLOSED.value
    await _note(session, event, "event:outlet:archived", actor)


async def restore_outlet(session: WriteSession, event_id: UUID, *, actor: Actor) -> None:
    """Bring an archived outlet back, closed until somebody opens it; raises OutletNotFound. **Locks** its event."""
    outlet, event = await lock_outlet(session, event_id)
    if outlet.is_archived:
        outlet.is_archived = False
        await _note(session, event, "event:outlet:restored", actor)


async def _change(
    session: WriteSession, outlet: Outlet, event: Event, draft: OutletDraft, actor: Actor
) -> None:
    if not _may_open(outlet, event):
        draft = replace(draft, is_open=event.status == EventStatus.OPEN)
    own = draft.own()
    before, after = changed_values(_said_of(outlet, event), _said(draft))
    if not after:
        return
    for name, value in own.items():
        setattr(outlet, name, value)
    event.title, event.venue, event.price_amount = draft.name, draft.location[:120], draft.price_amount
    event.zone = draft.zone
    if "is_open" in after:
        event.status = _status(draft).value
    await _note(session, event, "event:outlet:changed", actor, before=before, after=after)


async def _count_unfinished(session: WriteSession, event_id: UUID) -> int:
    """Orders that may still be paid, and sessions that are to come or run."""
    is_live = (
        select(BoothSession.id).where(BoothSession.id == Order.id, BoothSession.state.in_(LIVE)).exists()
    )
    query = select(func.count()).where(
        Order.event_id == event_id,
        or_(Order.state.in_(_UNFINISHED), (Order.state == OrderState.COMPLETED) & is_live),
    )
    return await session.scalar(query) or 0


async def _note(
    session: WriteSession,
    event: Event,
    action: str,
    actor: Actor,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    event.updated_at = func.clock_timestamp()
    await session.flush()
    await record(session, event, action=action, actor=actor, before=before, after=after)
    await session.flush()
    await tell_many(session, [outlet_changed(event.id, event.merchant_id)])


def _event_draft(draft: OutletDraft) -> EventDraft:
    now = datetime.now(UTC)
    return EventDraft(
        title=draft.name,
        starts_at=now,
        ends_at=now + _FOR_EVER,
        capacity=1,
        hold_ratio=Decimal(1),
        price_amount=draft.price_amount,
        venue=draft.location[:120],
        transferable=False,
    )


def _may_open(outlet: Outlet, event: Event) -> bool:
    """An archived outlet is restored first, and a cancelled sale is for good."""
    return not outlet.is_archived and event.status != EventStatus.CANCELLED


def _status(draft: OutletDraft) -> EventStatus:
    return EventStatus.OPEN if draft.is_open else EventStatus.CLOSED


def _said(draft: OutletDraft) -> dict[str, Any]:
    return draft.own() | {"price_amount": draft.price_amount, "is_open": draft.is_open}


def _said_of(outlet: Outlet, event: Event) -> dict[str, Any]:
    names = ("name", "location", "zone", "reschedule_minutes")
    own = {name: getattr(outlet, name) for name in names}
    return own | {"price_amount": event.price_amount, "is_open": event.status == EventStatus.OPEN}
