"""Another time for a session whose customer is still expected."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from pesan.booths.companions import MovedSession, Told
from pesan.booths.errors import NotReschedulable, SessionNotFound
from pesan.booths.fulfilling import Booked, facts_of
from pesan.booths.kinds import FeedKind
from pesan.booths.models import Booth, BoothSession, Outlet
from pesan.booths.slots import Span
from pesan.booths.states import SessionState, effective_state
from pesan.booths.telling import event_of
from pesan.capacity.models import Claim
from pesan.capacity.states import Bucket
from pesan.db import Actor, ReadSession
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.moves import Acquisition, Amendment, Move, Release, SlotWish
from pesan.orders.states import OrderEvent


@dataclass(frozen=True, slots=True)
class NewTime:
    """A time at a booth of the same outlet, and the slot that it is."""

    booth: Booth
    span: Span
    slot: SlotWish


@dataclass(frozen=True, slots=True)
class _Now:
    """A session as it is, with what of its order is exchanged."""

    order: Order
    session: BoothSession
    outlet: Outlet
    release: Release
    at: datetime


async def rescheduling(session: ReadSession, session_id: UUID, to: NewTime, *, actor: Actor) -> Move:
    """The move that exchanges a session's time, as its actor sees it; raises SessionNotFound, NotReschedulable.

    Customers may until the outlet's `reschedule_minutes` before the session, staff as long as its customer is expected.
    """
    now = await _read(session, session_id)
    if to.slot.pool_id == now.release.pool_id or not _is_allowed(now, actor):
        raise NotReschedulable
    acquisition = Acquisition(now.release.line_id, to.slot)
    return Move(
        OrderEvent.RESCHEDULE,
        now.order.event_id,
        actor,
        session_id,
        data={"booth_id": str(to.booth.id), "starts_at": to.span.starts_at.isoformat()},
        companions=_companions(now, to),
        amendment=Amendment(releases=(now.release,), acquires=(acquisition,)),
        occasion=new_id(),
    )


async def _read(session: ReadSession, session_id: UUID) -> _Now:
    query = (
        select(Order, BoothSession, Outlet, Claim.line_id, Claim.pool_id, func.clock_timestamp())
        .join(BoothSession, BoothSession.id == Order.id)
        .join(Outlet, Outlet.event_id == Order.event_id)
        .join(Claim, Claim.order_id == Order.id)
        .where(Order.id == session_id, Claim.resource.is_not(None), Claim.bucket != Bucket.RELEASED)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise SessionNotFound
    order, booked, outlet, line_id, pool_id, at = row
    return _Now(order, booked, outlet, Release(line_id, pool_id, 1), at)


def last_moment(session: BoothSession, outlet: Outlet) -> datetime:
    """Until when a customer may choose another time."""
    return session.starts_at - timedelta(minutes=outlet.reschedule_minutes)


def is_movable(session: BoothSession, outlet: Outlet, now: datetime) -> bool:
    """Whether the session's customer may choose another time at this moment."""
    return _is_awaited(session, now) and now <= last_moment(session, outlet)


def _is_allowed(now: _Now, actor: Actor) -> bool:
    if actor.works_for(now.order.merchant_id, now.order.event_id):
        return _is_awaited(now.session, now.at)
    return is_movable(now.session, now.outlet, now.at)


def _is_awaited(session: BoothSession, now: datetime) -> bool:
    return effective_state(session, now) is SessionState.AWAITING_CUSTOMER


def _companions(now: _Now, to: NewTime) -> tuple[MovedSession | Told, ...]:
    """The session at its new time, told at both booths where it changes its booth."""
    tolerance = now.session.tolerance_minutes
    booked = Booked(now.order, to.booth, to.span.starts_at, to.span.ends_at, tolerance, False, now.at)
    moved = MovedSession(
        id=now.order.id,
        booth_id=to.booth.id,
        resource=to.booth.number,
        starts_at=booked.starts_at,
        ends_at=booked.ends_at,
        duration_minutes=booked.duration_minutes,
    )
    told = event_of(facts_of(booked), FeedKind.SESSION_CHANGED, now.at)
    left = (
        () if now.session.booth_id == to.booth.id else (Told(replace(told, booth_id=now.session.booth_id)),)
    )
    return (moved, Told(told), *left)
