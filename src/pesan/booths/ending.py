"""Orders that end, seen from the booth desk."""

from uuid import UUID

from sqlalchemy import exists, func, select

from pesan.booths.feed import tell_many
from pesan.booths.gate import transition_many
from pesan.booths.kinds import FeedKind
from pesan.booths.models import BoothSession
from pesan.booths.models.feeds import BoothEvent
from pesan.booths.moves import Moved, SessionMove
from pesan.booths.states import EXPECTED, FULFILMENT, UNFULFILLED, SessionEvent, SessionState
from pesan.booths.telling import rejected
from pesan.db import Actor, Database, WriteSession
from pesan.orders.models import Order
from pesan.orders.states import OrderState

_ACTOR = Actor.system("booths")
_REFUNDED = "Dana pesanan ini dikembalikan."


def taking_off(session_id: UUID) -> SessionMove:
    """The move that takes a session off the day because its money went back."""
    return SessionMove(SessionEvent.OVERRIDE, session_id, _ACTOR, reason=_REFUNDED)


async def end(database: Database, order_id: UUID) -> UUID | None:
    """Take a session off the day whose order was refunded, or say that an unpaid booking is gone.

    Returns the outlet that was told something; None when there was nothing to say. A session that runs goes on until
    somebody else has its time (`BoothDesk.make_way`), and one that is over stays what it was.
    """
    async with database.sale() as session:
        order = await session.get(Order, order_id)
        if order is None or order.fulfilment != FULFILMENT:
            return None
        booked = await session.get(BoothSession, order_id)
        if booked is None:
            return await _tell_rejected(session, order)
        if order.state != OrderState.REFUNDED or booked.state not in EXPECTED:
            return None
        (outcome,) = await transition_many(session, [taking_off(order_id)])
        return order.event_id if isinstance(outcome, Moved) else None


async def _tell_rejected(session: WriteSession, order: Order) -> UUID | None:
    if UNFULFILLED[OrderState(order.state)] is SessionState.PENDING_PAYMENT:
        return None
    told_already = exists(BoothEvent.kind).where(
        BoothEvent.event_id == order.event_id,
        BoothEvent.session_id == order.id,
        BoothEvent.kind == FeedKind.SESSION_REJECTED.value,
    )
    if await session.scalar(select(told_already)):
        return None
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    told = rejected(order.id, merchant_id=order.merchant_id, event_id=order.event_id, booth_id=None, at=now)
    await tell_many(session, [told])
    return order.event_id
