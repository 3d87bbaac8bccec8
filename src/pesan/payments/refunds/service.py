"""What people do about a refund: ask for it, approve or decline it, record that the money went."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from pesan.audit import record
from pesan.db import Actor, ReadSession, WriteSession
from pesan.jobs import enqueue
from pesan.kit.ids import new_id
from pesan.orders.errors import WrongState
from pesan.orders.models import Order
from pesan.orders.states import OrderEvent, OrderState
from pesan.orders.states import find_transition as find_order_move
from pesan.payments import ledger
from pesan.payments.refunds.errors import (
    ApprovalNeeded,
    NothingToRefund,
    ProviderSends,
    ReferenceMissing,
    RefundAsked,
    RefundDecided,
    SecondPersonNeeded,
)
from pesan.payments.refunds.locks import lock_order, lock_refund
from pesan.payments.refunds.models import REFERENCE_LENGTH, Refund
from pesan.payments.refunds.policies import is_approvable, may_approve, may_pay, needs_approval
from pesan.payments.refunds.queries import find_whole_refund, list_ticket_wishes, sum_asked
from pesan.payments.refunds.states import (
    TELL_REFUND_TASK,
    RefundCause,
    RefundEvent,
    RefundMethod,
    RefundState,
    find_transition,
)
from pesan.payments.states import Reason

SHORTEST_REFERENCE = 3


async def request_refund(session: WriteSession, *, order_id: UUID, reason: str, actor: Actor) -> Refund:
    """Ask that a paid order goes back as a whole; it stays as it is until somebody else approves.

    **Locks** the order. Raises WrongState, RefundAsked, NothingToRefund.
    """
    order = await lock_order(session, order_id)
    if find_order_move(OrderState(order.state), OrderEvent.REFUND) is None:
        raise WrongState(state=order.state, extra={"state": order.state})
    if await find_whole_refund(session, order.id) is not None:
        raise RefundAsked
    amount = await ledger.get_returnable(session, order.id)
    if not amount:
        raise NothingToRefund
    return await _ask(session, order, amount=amount, reason=reason, actor=actor)


async def request_ticket_refund(
    session: WriteSession,
    *,
    order_id: UUID,
    ticket_ids: Sequence[UUID],
    amount: int,
    reason: str,
    actor: Actor,
) -> Refund:
    """Ask that some tickets go back; they stay as they are until somebody else approves.

    **Locks** the order. Raises WrongState, RefundAsked.
    """
    order = await lock_order(session, order_id)
    if find_order_move(OrderState(order.state), OrderEvent.AMEND) is None:
        raise WrongState(state=order.state, extra={"state": order.state})
    await require_unasked(session, order.id, ticket_ids)
    return await _ask(session, order, amount=amount, reason=reason, actor=actor, ticket_ids=list(ticket_ids))


async def require_unasked(session: ReadSession, order_id: UUID, ticket_ids: Sequence[UUID]) -> None:
    """Raises RefundAsked when somebody asked for the whole order, or for one of these tickets, already."""
    wishes = await list_ticket_wishes(session, order_id)
    asked = {ticket_id for wish in wishes for ticket_id in wish.ticket_ids or ()}
    if asked.intersection(ticket_ids) or await find_whole_refund(session, order_id) is not None:
        raise RefundAsked


async def _ask(
    session: WriteSession,
    order: Order,
    *,
    amount: int,
    reason: str,
    actor: Actor,
    ticket_ids: list[UUID] | None = None,
) -> Refund:
    refund = Refund(
        id=new_id(),
        merchant_id=order.merchant_id,
        order_id=order.id,
        ticket_ids=ticket_ids,
        amount=amount,
        weighed_amount=amount + await sum_asked(session, order.id),
        currency=order.currency,
        cause=RefundCause.ASKED.value,
        reason=reason,
        requested_by=actor.user_id,
    )
    session.add(refund)
    await _note(session, order, refund, "requested", actor, reason=reason)
    return refund


def check_approval(refund: Refund, actor: Actor, *, four_eyes_amount: int) -> None:
    """Raises RefundDecided for one that waits for no approval, SecondPersonNeeded for whoever asked for it."""
    if not is_approvable(refund):
        raise RefundDecided
    if not may_approve(refund, actor.user_id, four_eyes_amount=four_eyes_amount):
        raise SecondPersonNeeded


async def approve_refund(
    session: WriteSession, refund_id: UUID, *, actor: Actor, four_eyes_amount: int
) -> Refund:
    """Let owed money go. What was only asked for is approved by the order's own move (`checkout.refunds`).

    **Locks** the order. Raises RefundDecided, SecondPersonNeeded.
    """
    refund, order = await lock_refund(session, refund_id)
    check_approval(refund, actor, four_eyes_amount=four_eyes_amount)
    _approve(refund, actor, await _now(session))
    await _note(session, order, refund, "approved", actor)
    return refund


async def decline_refund(session: WriteSession, refund_id: UUID, *, reason: str, actor: Actor) -> Refund:
    """Turn a wish down, or take one's own back; what is owed cannot be declined.

    **Locks** the order. Raises RefundDecided.
    """
    refund, order = await lock_refund(session, refund_id)
    if refund.cause != RefundCause.ASKED:
        raise RefundDecided
    _move(refund, RefundEvent.DECLINE)
    await _note(session, order, refund, "declined", actor, reason=reason)
    return refund


async def record_paid(
    session: WriteSession, refund_id: UUID, *, reference: str, actor: Actor, four_eyes_amount: int
) -> Refund:
    """The money was sent by hand: the ledger says so, once, and the buyer is told.

    **Locks** the order. **Enqueues** telling the buyer.
    Raises ReferenceMissing, RefundDecided, ApprovalNeeded, SecondPersonNeeded.
    """
    named = " ".join(reference.split())
    if not SHORTEST_REFERENCE <= len(named) <= REFERENCE_LENGTH:
        raise ReferenceMissing(limit=REFERENCE_LENGTH)
    refund, order = await lock_refund(session, refund_id)
    if refund.state == RefundState.APPROVED and refund.method == RefundMethod.GATEWAY:
        raise ProviderSends
    if needs_approval(refund, four_eyes_amount=four_eyes_amount):
        raise ApprovalNeeded
    if refund.state == RefundState.REQUESTED and refund.method == RefundMethod.GATEWAY:
        raise ProviderSends
    if not may_pay(refund, actor.user_id, four_eyes_amount=four_eyes_amount):
        raise SecondPersonNeeded
    now = await _now(session)
    if refund.state == RefundState.REQUESTED:
        _approve(refund, actor, now)  # small enough for one person to do both
    _move(refund, RefundEvent.PAY)
    refund.reference, refund.paid_by, refund.paid_at = named, actor.user_id, now
    await _post(session, refund)
    await _note(session, order, refund, "paid", actor, after={"reference": named})
    await enqueue(session, TELL_REFUND_TASK, refund_id=refund.id)
    return refund


def _move(refund: Refund, event: RefundEvent) -> None:
    target = find_transition(RefundState(refund.state), event)
    if target is None:
        raise RefundDecided
    refund.state = target.value


def _approve(refund: Refund, actor: Actor, now: datetime) -> None:
    _move(refund, RefundEvent.APPROVE)
    refund.approved_by, refund.approved_at = actor.user_id, now


async def _post(session: WriteSession, refund: Refund) -> None:
    movement = ledger.Movement(
        reason=Reason.REFUND,
        order_id=refund.order_id,
        merchant_id=refund.merchant_id,
        source_id=refund.source_id,
        amount=refund.amount,
        currency=refund.currency,
    )
    await ledger.post(session, [movement])


async def _now(session: WriteSession) -> datetime:
    now: datetime = (await session.scalars(select(func.clock_timestamp()))).one()
    return now


async def _note(
    session: WriteSession, order: Order, refund: Refund, what: str, actor: Actor, **more: Any
) -> None:
    data = {"refund_id": str(refund.id), "amount": refund.amount, "cause": refund.cause}
    await record(session, order, action=f"order:refund:{what}", actor=actor, data=data, **more)
    await session.flush()
