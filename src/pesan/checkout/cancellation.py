"""A cancelled event: its orders are ended or taken back, and the money of those who paid is due to them.

Everything here may be run again: what was done is found done. Booked times that were over when their outlet was
cancelled are nobody's loss and stay as they are.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from pesan.audit.queries import list_entries
from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.checkout.refunds import Approval, refund_move
from pesan.checkout.telling import tell
from pesan.checkout.transfer_letters import tell_holders
from pesan.db import Actor, ReadSession, WriteSession
from pesan.notifications.channels import Channels
from pesan.notifications.states import Kind
from pesan.orders import Move, Moved, OrderEvent, OrderState
from pesan.orders.desk import SaleDesk
from pesan.orders.errors import WrongState
from pesan.orders.models import Order
from pesan.orders.queries import ends_at_of_order
from pesan.orders.states import SLOTTED
from pesan.payments import RefundCause

ACTOR = Actor.system("cancellation")
REASON = "Acara dibatalkan."
_CHUNK = 100
_UNPAID = frozenset({OrderState.HOLD, OrderState.REVIEW})
_PAID = frozenset({OrderState.PAID, OrderState.COMPLETED})


async def tell_next(
    session: WriteSession, channels: Channels, event_id: UUID, *, after: UUID | None
) -> Sequence[Order]:
    """Tell the next buyers who still have places that there is nothing to come to; returns their orders.

    They are told before their orders end, so that nobody is forgotten when the process dies in between.
    """
    if not await _is_cancelled(session, event_id):
        return ()
    query = (
        select(Order)
        .join(Event, Event.id == Order.event_id)
        .where(Order.event_id == event_id, Order.state.in_(_UNPAID | _PAID), _lost_something())
    )
    if after is not None:
        query = query.where(Order.id > after)
    orders = (await session.scalars(query.order_by(Order.id).limit(_CHUNK))).all()
    for order in orders:
        await tell(session, channels, order, Kind.EVENT_CANCELLED)
    await tell_holders(session, channels, orders, Kind.TICKET_CANCELLED)
    return orders


async def find_canceller(session: ReadSession, event_id: UUID) -> UUID | None:
    """Whoever cancelled the event, and so is the first of the two that let a large sum go."""
    entries = [record.entry for record in await list_entries(session, event_id)]
    found = [
        entry.actor_id for entry in entries if entry.action == f"event:sale:{EventStatus.CANCELLED.value}"
    ]
    return found[-1] if found else None


async def end_all(desk: SaleDesk, orders: Sequence[Order], *, asked_by: UUID | None = None) -> None:
    """Cancel what nobody paid and take back the rest, tickets and money; one that ended meanwhile is left alone.

    Raises the first other refusal.
    """
    for outcome in await desk.submit_all([_ending(order, asked_by) for order in orders]):
        if isinstance(outcome, BaseException) and not isinstance(outcome, WrongState):
            raise outcome
        assert isinstance(outcome, Moved | WrongState)


def _ending(order: Order, asked_by: UUID | None) -> Move:
    if order.state in _UNPAID:
        return Move(OrderEvent.CANCEL, order.event_id, ACTOR, order.id, reason=REASON)
    return refund_move(
        order, cause=RefundCause.EVENT_CANCELLED, reason=REASON, approval=Approval(ACTOR, wished_by=asked_by)
    )


def _lost_something() -> ColumnElement[bool]:
    """Not who got their booked time before the event was cancelled; `leftovers.NOT_WOUND_UP` says the same."""
    return or_(
        Order.state != OrderState.COMPLETED,
        Order.fulfilment.not_in(SLOTTED),
        ends_at_of_order() > Event.updated_at,
    )


async def _is_cancelled(session: ReadSession, event_id: UUID) -> bool:
    status = await session.scalar(select(Event.status).where(Event.id == event_id))
    return status == EventStatus.CANCELLED
