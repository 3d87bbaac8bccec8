"""Telling a buyer once more where their order stands, because somebody at the merchant asked for it."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from pesan.audit import record
from pesan.audit.models import AuditEntry
from pesan.checkout.errors import NobodyToTell, NothingToResend, ResentTooOften
from pesan.checkout.telling import find_contacts, kind_of
from pesan.db import Actor, ReadSession, WriteSession
from pesan.jobs import enqueue
from pesan.notifications.channels import Channels
from pesan.notifications.states import Kind
from pesan.orders.models import Order
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.refunds.locks import lock_order

RESEND_TASK = "checkout.resend_letter"
RESENT = "order:letter:resent"
MOST = 3
WINDOW = timedelta(hours=1)
"""How often one order's buyer can be written to again: enough to help, too little to pester."""

_LAST_MOVES: Mapping[OrderState, OrderEvent] = {
    OrderState.REVIEW: OrderEvent.SUBMIT_PROOF,
    OrderState.COMPLETED: OrderEvent.FULFIL,
    OrderState.REJECTED: OrderEvent.REJECT,
    OrderState.EXPIRED: OrderEvent.EXPIRE,
    OrderState.CANCELLED: OrderEvent.CANCEL,
    OrderState.REFUNDED: OrderEvent.REFUND,
}


async def find_letter(session: ReadSession, order: Order) -> Kind | None:
    """The letter that says where an order stands; None while there is nothing to say."""
    move = _LAST_MOVES.get(OrderState(order.state))
    return await kind_of(session, order, move) if move else None


async def resend_letter(session: WriteSession, channels: Channels, *, order_id: UUID, actor: Actor) -> None:
    """Ask that the buyer gets the letter of their order again, tickets included.

    **Locks** the order. **Enqueues** `checkout.resend_letter`. Raises NothingToResend, NobodyToTell, ResentTooOften.
    """
    order = await lock_order(session, order_id)
    kind = await find_letter(session, order)
    if kind is None:
        raise NothingToResend
    if not channels.reaching(await find_contacts(session, channels, order)):
        raise NobodyToTell
    if await _count_recent(session, order) >= MOST:
        raise ResentTooOften(most=MOST, retry_after=int(WINDOW.total_seconds()))
    await record(session, order, action=RESENT, actor=actor, data={"kind": kind.value})
    await enqueue(session, RESEND_TASK, order_id=order.id, occasion=f"again-{order.audit_seq}")
    await session.flush()


async def _count_recent(session: ReadSession, order: Order) -> int:
    query = select(func.count()).where(
        AuditEntry.subject_id == order.id,
        AuditEntry.action == RESENT,
        AuditEntry.at > func.clock_timestamp() - WINDOW,
    )
    return await session.scalar(query) or 0
