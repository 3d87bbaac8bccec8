"""What a paid order turns into: a session at the booth and the time that it claims."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from pesan.booths.companions import NewSession, Told
from pesan.booths.kinds import FeedKind
from pesan.booths.models import Booth, BoothConfig
from pesan.booths.models.configs import DEFAULT_TOLERANCE_MINUTES
from pesan.booths.moves import SessionFacts
from pesan.booths.states import SECOND_CHANCE, SessionState
from pesan.booths.telling import event_of
from pesan.capacity.models import Claim
from pesan.capacity.states import Bucket
from pesan.catalog.models import Event, Slot
from pesan.catalog.states import EventStatus
from pesan.db import Actor, ReadSession
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import FulfilCompanion

_ACTOR = Actor.system("booths")


@dataclass(frozen=True, slots=True)
class Booked:
    """A paid order with its booth and its time."""

    order: Order
    booth: Booth
    starts_at: datetime
    ends_at: datetime
    tolerance_minutes: int
    is_cancelled: bool
    now: datetime

    @property
    def duration_minutes(self) -> int:
        """The length that was booked, whatever a session takes now."""
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)

    @property
    def arrive_until(self) -> datetime:
        """The last moment at which the customer is in time.

        Nobody may arrive before they have a session: however late it is made, its customer has a moment to come.
        """
        return max(self.starts_at + timedelta(minutes=self.tolerance_minutes), self.now + SECOND_CHANCE)


async def find_booked(session: ReadSession, order_id: UUID) -> Booked | None:
    """An order with the slot that it claims; None when there is no such order, or it claims none."""
    tolerance = func.coalesce(BoothConfig.arrival_tolerance_minutes, DEFAULT_TOLERANCE_MINUTES)
    query = (
        select(Order, Booth, Slot.starts_at, Slot.ends_at, tolerance, Event.status, func.clock_timestamp())
        .join(Event, Event.id == Order.event_id)
        .join(Claim, Claim.order_id == Order.id)
        .join(Slot, Slot.pool_id == Claim.pool_id)
        .join(Booth, Booth.number == Slot.resource)
        .outerjoin(BoothConfig, BoothConfig.merchant_id == Order.merchant_id)
        .where(Order.id == order_id, Claim.bucket != Bucket.RELEASED)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    order, booth, starts_at, ends_at, minutes, status, now = row
    is_cancelled = status == EventStatus.CANCELLED
    return Booked(order, booth, starts_at, ends_at, minutes, is_cancelled, now)


def fulfilment(booked: Booked) -> Move:
    """The move that completes an order, with the session that it turns into: never one without the other."""
    order = booked.order
    told = Told(event_of(facts_of(booked), FeedKind.SESSION_APPROVED, booked.now))
    companions = (session_of(booked), FulfilCompanion(order.id), told)
    return Move(OrderEvent.FULFIL, order.event_id, _ACTOR, order.id, companions=companions)


def session_of(booked: Booked) -> NewSession:
    """The session that the order turns into, written nowhere yet."""
    return NewSession(
        id=booked.order.id,
        merchant_id=booked.order.merchant_id,
        event_id=booked.order.event_id,
        booth_id=booked.booth.id,
        resource=booked.booth.number,
        state=SessionState.AWAITING_CUSTOMER.value,
        starts_at=booked.starts_at,
        ends_at=booked.ends_at,
        duration_minutes=booked.duration_minutes,
        tolerance_minutes=booked.tolerance_minutes,
        arrive_until=booked.arrive_until,
    )


def facts_of(booked: Booked) -> SessionFacts:
    """The same session as the gate would read it once it is there."""
    return SessionFacts(
        id=booked.order.id,
        merchant_id=booked.order.merchant_id,
        event_id=booked.order.event_id,
        booth_id=booked.booth.id,
        booth_name=booked.booth.name,
        customer_name=booked.order.buyer_name,
        order_state=OrderState.COMPLETED,
        state=SessionState.AWAITING_CUSTOMER,
        starts_at=booked.starts_at,
        ends_at=booked.ends_at,
        duration_minutes=booked.duration_minutes,
        tolerance_minutes=booked.tolerance_minutes,
        arrive_until=booked.arrive_until,
        arrived_at=None,
        started_at=None,
        due_at=None,
        finished_at=None,
        expired_at=None,
        override_by=None,
        override_at=None,
        override_reason=None,
        overridden_from=None,
        replaced=None,
    )
