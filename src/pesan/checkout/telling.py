"""Telling buyers, by every channel they gave an address for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select

from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.db import ReadSession, WriteSession
from pesan.notifications.channels import Channels
from pesan.notifications.service import notify
from pesan.notifications.states import ChannelName, Kind
from pesan.orders.models import Order
from pesan.orders.states import KNOWN_BY_DESK, OrderEvent, OrderState
from pesan.payments.refunds.queries import list_refunds
from pesan.tickets.models import TicketTransfer

_KINDS = {
    OrderEvent.SUBMIT_PROOF: Kind.PROOF_RECEIVED,
    OrderEvent.REJECT: Kind.REJECTED,
    OrderEvent.FULFIL: Kind.TICKET_READY,
    OrderEvent.EXPIRE: Kind.EXPIRED,
    OrderEvent.CANCEL: Kind.CANCELLED,
    # Only money that buys nothing is told of by itself.
    OrderEvent.PAY: Kind.REFUND_DUE,
    OrderEvent.PAY_LATE: Kind.REFUND_DUE,
    OrderEvent.PAY_AGAIN: Kind.REFUND_DUE,
    OrderEvent.REFUND: Kind.TAKEN_BACK,
    OrderEvent.AMEND: Kind.TICKETS_REFUNDED,
    OrderEvent.SETTLE_BALANCE: Kind.ORDER_CONFIRMED,
    OrderEvent.REFUSE_BALANCE_PROOF: Kind.BALANCE_REFUSED,
}
_OF_SESSIONS = _KINDS | {OrderEvent.FULFIL: Kind.SESSION_READY, OrderEvent.RESCHEDULE: Kind.SESSION_MOVED}
_OF_PARCELS = _KINDS | {OrderEvent.FULFIL: Kind.PARCEL_SENT}
_BY_FULFILMENT = {"tickets": _KINDS, "booths": _OF_SESSIONS, "jastip": _OF_PARCELS}
# What happens to an order because its event was cancelled, too.
_ENDS = frozenset({OrderEvent.CANCEL, OrderEvent.REFUND})
_EXPECTING = (OrderState.REVIEW, OrderState.PAID, OrderState.COMPLETED)


async def tell(
    session: WriteSession, channels: Channels, order: Order, kind: Kind, *, occasion: str = ""
) -> None:
    """Write down, once for each occasion, that a buyer is told something."""
    await notify(
        session,
        order_id=order.id,
        merchant_id=order.merchant_id,
        kind=kind,
        channels=channels.reaching(await find_contacts(session, channels, order)),
        occasion=occasion,
    )


def contacts_of(order: Order) -> dict[ChannelName, str | None]:
    """Where a buyer said that they can be reached."""
    return {ChannelName.EMAIL: order.email, ChannelName.WHATSAPP: order.wa}


async def find_contacts(
    session: ReadSession, channels: Channels, order: Order
) -> dict[ChannelName, str | None]:
    """Where a buyer can be reached: by what they said, and where that is no number, by what the order's desk knows."""
    said = contacts_of(order)
    if order.wa:
        return said
    return said | {ChannelName.WHATSAPP: await channels.find_address(session, order.id, order.fulfilment)}


async def kind_of(session: ReadSession, order: Order, event: OrderEvent) -> Kind | None:
    """What a buyer is told of a move; None when it is nothing that they do not know.

    A hold that was given back says nothing; an order that ended with its event says so, once.
    """
    if event in _ENDS and (await session.get_one(Event, order.event_id)).status == EventStatus.CANCELLED:
        return Kind.EVENT_CANCELLED
    if event is OrderEvent.CANCEL and order.submitted_at is None:
        return None
    return _BY_FULFILMENT[order.fulfilment][event]


async def occasion_of(session: ReadSession, order: Order, kind: Kind) -> str:
    """What a move that names no occasion is told as: money due back each time, everything else once."""
    if kind is not Kind.REFUND_DUE:
        return ""
    refunds = await list_refunds(session, order.id)
    return str(refunds[-1].id) if refunds else ""


async def list_expecting(
    session: ReadSession, event_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[Order]:
    """The next orders, by id from `after` on, of which somebody expects the event to take place and can be told."""
    handed_on = select(TicketTransfer.id).where(TicketTransfer.order_id == Order.id).exists()
    query = (
        select(Order)
        .where(
            Order.event_id == event_id,
            Order.state.in_(_EXPECTING),
            or_(
                Order.email.is_not(None),
                Order.wa.is_not(None),
                Order.fulfilment.in_(KNOWN_BY_DESK),
                handed_on,
            ),
        )
        .order_by(Order.id)
        .limit(limit)
    )
    return (await session.scalars(query if after is None else query.where(Order.id > after))).all()
