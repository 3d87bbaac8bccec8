"""Money that came too late or twice goes back by the way it came, without anybody's doing, where its provider can.

What cannot be sent back that way is left to people, on the list of refunds.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from pesan.audit import record
from pesan.db import Database, WriteSession
from pesan.errors import PesanError
from pesan.jobs import enqueue
from pesan.logging import get_logger
from pesan.orders.models import Order
from pesan.payments import ledger
from pesan.payments.gateways.base import Gateway, RefundOutcome, RemotePayment, RemoteRefund, RemoteState
from pesan.payments.gateways.errors import GatewayRefused
from pesan.payments.gateways.registry import Gateways, get_account
from pesan.payments.gateways.settle import ACTOR
from pesan.payments.models import Payment
from pesan.payments.refunds.locks import lock_refund
from pesan.payments.refunds.models import REFERENCE_LENGTH, Refund
from pesan.payments.refunds.states import (
    TELL_REFUND_TASK,
    RefundEvent,
    RefundMethod,
    RefundState,
    find_transition,
)
from pesan.payments.states import Reason

_CHUNK = 50
# Only money that was never ours to keep: what staff decide to give back, they send. In any order, so that those which
# cannot be sent for now, such as a card's before its settlement, are not always the first and the only ones tried.
_SENDABLE = text(
    "SELECT r.id FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE p.payment_key IS NOT NULL"
    " AND r.cause IN ('paid_late', 'paid_again')"
    " AND (r.state = 'requested' OR (r.state = 'approved' AND r.method = 'gateway'))"
    " ORDER BY random() LIMIT :limit"
)

log = get_logger(__name__)


async def send_refunds(gateways: Gateways) -> None:
    """Send back what is due and can be; one that a provider is still busy with is asked for again by its key."""
    for refund_id in await _list_sendable(gateways.database):
        try:
            await send_refund(gateways, refund_id)
        except PesanError as error:  # whoever is silent is asked again the next time
            log.warning("a refund could not be sent", refund=str(refund_id), error=error.code)


async def send_refund(gateways: Gateways, refund_id: UUID) -> None:
    """Send one refund: the intent is committed, then the provider is asked, then its answer is written down.

    The key is the refund's own, so that asking twice sends once.
    """
    async with gateways.database.write(ACTOR) as session:
        refund, order = await lock_refund(session, refund_id)
        if not await _intend(session, refund, order):
            return
        payment = await session.get_one(Payment, refund.payment_id)
        assert payment.gateway_account_id is not None
        account = await get_account(session, payment.gateway_account_id)
    answer = await _ask(gateways.open(account), payment, refund)
    async with gateways.database.write(ACTOR) as session:
        await _finish(session, refund_id, answer)


async def _intend(session: WriteSession, refund: Refund, order: Order) -> bool:
    """Whether it is ours to send; from here on nobody sends it by hand, until the provider could not."""
    if refund.state == RefundState.APPROVED:
        return refund.method == RefundMethod.GATEWAY
    if refund.state != RefundState.REQUESTED:
        return False
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    refund.state, refund.method = RefundState.APPROVED.value, RefundMethod.GATEWAY.value
    refund.approved_at = now
    await _note(session, order, refund, "approved")
    return True


async def _ask(gateway: Gateway, payment: Payment, refund: Refund) -> RemoteRefund:
    assert payment.payment_key is not None
    remote = RemotePayment(
        reference=payment.reference or "",
        provider_ref=payment.provider_ref or "",
        state=RemoteState.PAID,
        amount=payment.amount,
        currency=payment.currency,
        payment_key=payment.payment_key,
    )
    try:
        return await gateway.refund(
            remote, amount=refund.amount, key=f"refund-{refund.id}", reason=refund.cause
        )
    except GatewayRefused as refusal:
        return RemoteRefund(
            f"refund-{refund.id}", RefundOutcome.FAILED, refund.amount, failure=refusal.reason
        )


async def _finish(session: WriteSession, refund_id: UUID, answer: RemoteRefund) -> None:
    refund, order = await lock_refund(session, refund_id)
    event = {RefundOutcome.SUCCEEDED: RefundEvent.PAY, RefundOutcome.FAILED: RefundEvent.FAIL}.get(
        answer.outcome
    )
    target = find_transition(RefundState(refund.state), event) if event else None
    if target is None or refund.method != RefundMethod.GATEWAY:
        return
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    refund.state = target.value
    if event is RefundEvent.FAIL:
        await _note(session, order, refund, "failed", failure=answer.failure)
        return
    refund.reference = (answer.provider_ref or answer.key)[:REFERENCE_LENGTH]
    refund.paid_at = now
    await ledger.post(session, [_movement(refund)])
    await _note(session, order, refund, "paid")
    await enqueue(session, TELL_REFUND_TASK, refund_id=refund.id)


def _movement(refund: Refund) -> ledger.Movement:
    return ledger.Movement(
        reason=Reason.REFUND,
        order_id=refund.order_id,
        merchant_id=refund.merchant_id,
        source_id=refund.id,
        amount=refund.amount,
        currency=refund.currency,
    )


async def _note(session: WriteSession, order: Order, refund: Refund, what: str, **more: Any) -> None:
    data = {"refund_id": str(refund.id), "amount": refund.amount, "cause": refund.cause, **more}
    await record(session, order, action=f"order:refund:{what}", actor=ACTOR, data=data)
    await session.flush()


async def _list_sendable(database: Database) -> Sequence[UUID]:
    async with database.read(ACTOR) as session:
        return (await session.scalars(_SENDABLE, {"limit": _CHUNK})).all()
