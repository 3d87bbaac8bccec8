"""Money goes back by the way it came, where its provider can: late and doubled money at once, the rest when it may.

What cannot be sent back that way is left to people, on the list of refunds, with the reason.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
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
from pesan.payments.gateways import wishes
from pesan.payments.gateways.base import Gateway, RefundOutcome, RemotePayment, RemoteRefund, RemoteState
from pesan.payments.gateways.errors import (
    AccountNotFound,
    AccountSealed,
    GatewayRefused,
    GatewaySilent,
    RefundRefused,
)
from pesan.payments.gateways.registry import Gateways, get_account
from pesan.payments.gateways.senders import find_payment_of
from pesan.payments.gateways.settle import ACTOR
from pesan.payments.models import Payment
from pesan.payments.refunds.locks import lock_refund
from pesan.payments.refunds.models import FAILURE_LENGTH, REFERENCE_LENGTH, Refund
from pesan.payments.refunds.states import (
    OUTCOME_UNKNOWN,
    TELL_REFUND_TASK,
    RefundEvent,
    RefundMethod,
    RefundState,
    find_transition,
)
from pesan.payments.states import Reason

_CHUNK = 50
_SECONDS = 45
# A provider that is down costs each of its accounts three timeouts a run, and nobody else's refunds.
_MOST_SILENCES = 3
PATIENCE = timedelta(days=1)
"""For how long an account that does not open may still be mended, before its refunds are left to people."""
NOT_PAID = "not_paid"
KEY_PREFIX = "refund-"
# Late and doubled money was never ours to keep. What a cancelled event or a lowered price owes needs somebody's
# approval above an amount.
_SENDABLE = text(
    "SELECT id FROM refunds WHERE method = 'gateway' AND (state = 'approved' OR (state = 'requested'"
    " AND (cause IN ('paid_late', 'paid_again')"
    " OR (cause IN ('event_cancelled', 'price_lowered') AND weighed_amount <= :alone_up_to))))"
    # Whoever is busy or silent is asked after a minute, then after twice as long each time, and at least every hour.
    " AND (tried_at IS NULL OR tried_at < clock_timestamp()"
    " - least(interval '1 hour', interval '50 seconds' * power(2, greatest(least(tries, 10) - 1, 0))))"
    # Each merchant's first, then each one's second: whoever has many keeps nobody waiting.
    " ORDER BY row_number() OVER (PARTITION BY merchant_id ORDER BY tried_at NULLS FIRST, requested_at, id),"
    " tried_at NULLS FIRST, requested_at, id LIMIT :limit"
)

log = get_logger(__name__)

Silences = Counter[UUID]
"""How often each account's provider was silent in one run."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A refund whose intent is committed, and whoever is asked to send it."""

    gateway: Gateway
    account_id: UUID
    payment: Payment
    refund: Refund


async def send_refunds(gateways: Gateways, *, alone_up_to: int = 0) -> None:
    """Send back what is due and can be; one that a provider is still busy with is asked for again by its key."""
    seen: set[UUID] = set()
    silences = Silences()
    until = monotonic() + _SECONDS
    while monotonic() < until:
        found = await _list_sendable(gateways.database, alone_up_to)
        for refund_id in found:
            if monotonic() >= until:
                return
            await _try(gateways, refund_id, silences)
        if len(found) < _CHUNK or seen.issuperset(found):
            return
        seen.update(found)


async def _try(gateways: Gateways, refund_id: UUID, silences: Silences) -> None:
    try:
        await send_refund(gateways, refund_id, silences)
    except PesanError as error:  # whoever is silent is asked again the next time
        log.warning("a refund could not be sent", refund=str(refund_id), error=error.code)


async def send_refund(gateways: Gateways, refund_id: UUID, silences: Silences | None = None) -> None:
    """Send one refund: the intent is committed, then the provider is asked, then its answer is written down.

    The key is the refund's own, so that asking twice sends once.
    """
    silences = Silences() if silences is None else silences
    sending = await begin(gateways, refund_id, silences)
    if sending is None:
        return
    try:
        answer = await ask(sending)
    except GatewaySilent:
        silences[sending.account_id] += 1
        raise
    except GatewayRefused as refusal:  # of the key, or of a question: nothing is said of the refund
        log.warning("a provider says nothing of a refund", refund=str(refund_id), reason=refusal.reason)
        async with gateways.database.write(ACTOR) as session:
            await _give_up_asking(session, refund_id, refusal.reason)
        return
    async with gateways.database.write(ACTOR) as session:
        await _finish(session, refund_id, answer)


async def begin(gateways: Gateways, refund_id: UUID, silences: Silences | None = None) -> Sending | None:
    """Note that the provider is about to be asked.

    None when the refund is not ours to send, or when its account is shut or was silent too often in this run: it waits
    then as if it had been asked. **Locks** the order.
    """
    async with gateways.database.write(ACTOR) as session:
        refund, order = await lock_refund(session, refund_id)
        if not await _intend(session, refund, order):
            return None
        refund.tried_at = (await session.scalars(select(func.clock_timestamp()))).one()
        payment = await find_payment_of(session, refund)
        if payment is None or payment.gateway_account_id is None:
            await _fail(session, refund, order, NOT_PAID)
            return None
        if silences and silences[payment.gateway_account_id] >= _MOST_SILENCES:
            return None
        try:
            gateway = gateways.open(await get_account(session, payment.gateway_account_id))
        except (AccountNotFound, AccountSealed) as error:
            log.warning("the account of a refund does not open", refund=str(refund_id), error=error.code)
            await _give_up_late(session, refund, order, error.code)
            return None
        refund.tries += 1
        return Sending(gateway, payment.gateway_account_id, payment, refund)


async def ask(sending: Sending) -> RemoteRefund:
    """What the provider says, by the refund's own key.

    Raises GatewayUnavailable when it says nothing, GatewayRefused when it refuses to say anything about the refund.
    """
    refund, key = sending.refund, key_of(sending.refund)
    try:
        return await sending.gateway.refund(
            remote_of(sending.payment),
            amount=refund.amount,
            key=key,
            reason=refund.cause,
            provider_ref=refund.reference,
        )
    except RefundRefused as refusal:
        log.warning("a provider refused a refund", refund=str(refund.id), reason=refusal.reason)
        # An earlier sending may have arrived without our knowing: this no is not about that one.
        is_unclear = refund.tries > 1 or refusal.reason == wishes.KEY_TAKEN
        failure = OUTCOME_UNKNOWN if is_unclear else refusal.reason
        return RemoteRefund(key, RefundOutcome.FAILED, refund.amount, failure=failure)


def key_of(refund: Refund) -> str:
    """What a refund is called at its provider."""
    return f"{KEY_PREFIX}{refund.id}"


def remote_of(payment: Payment) -> RemotePayment:
    """A payment whose money was taken, as its provider knows it."""
    return RemotePayment(
        reference=payment.reference or "",
        provider_ref=payment.provider_ref or "",
        state=RemoteState.PAID,
        amount=payment.amount,
        currency=payment.currency,
        payment_key=payment.payment_key,
    )


async def _intend(session: WriteSession, refund: Refund, order: Order) -> bool:
    """Whether it is ours to send; from here on nobody sends it by hand, until the provider could not."""
    if refund.method != RefundMethod.GATEWAY:
        return False
    if refund.state == RefundState.REQUESTED:
        now = (await session.scalars(select(func.clock_timestamp()))).one()
        refund.state, refund.approved_at = RefundState.APPROVED.value, now
        await note_refund(session, order, refund, "approved")
    return refund.state == RefundState.APPROVED


async def _give_up_late(session: WriteSession, refund: Refund, order: Order, failure: str) -> None:
    """An account that stays shut for a day is not waited for: people send the money, and see why."""
    assert refund.approved_at is not None
    assert refund.tried_at is not None
    if refund.tried_at - refund.approved_at > PATIENCE:
        await _fail(session, refund, order, failure)


async def _give_up_asking(session: WriteSession, refund_id: UUID, reason: str) -> None:
    """A key that is mended asks again; after a day people look at the provider's dashboard, and see why."""
    refund, order = await lock_refund(session, refund_id)
    if refund.state == RefundState.APPROVED and refund.method == RefundMethod.GATEWAY:
        await _give_up_late(session, refund, order, OUTCOME_UNKNOWN if refund.tries > 1 else reason)


async def _fail(session: WriteSession, refund: Refund, order: Order, failure: str | None) -> None:
    refund.state, refund.failure = RefundState.FAILED.value, (failure or "unknown")[:FAILURE_LENGTH]
    await note_refund(session, order, refund, "failed", failure=refund.failure)


async def _finish(session: WriteSession, refund_id: UUID, answer: RemoteRefund) -> None:
    refund, order = await lock_refund(session, refund_id)
    if answer.outcome is RefundOutcome.PENDING and refund.state == RefundState.APPROVED:
        # The provider took it on: from here on it is asked for by this name, and never sent again.
        refund.reference = (answer.provider_ref or "")[:REFERENCE_LENGTH] or None
        return
    event = {RefundOutcome.SUCCEEDED: RefundEvent.PAY, RefundOutcome.FAILED: RefundEvent.FAIL}.get(
        answer.outcome
    )
    target = find_transition(RefundState(refund.state), event) if event else None
    if target is None or refund.method != RefundMethod.GATEWAY:
        return
    if event is RefundEvent.FAIL:
        await _fail(session, refund, order, answer.failure)
        return
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    refund.state = target.value
    refund.reference = (answer.provider_ref or answer.key)[:REFERENCE_LENGTH]
    refund.paid_at = now
    await ledger.post(session, [movement_of(refund, Reason.REFUND)])
    await note_refund(session, order, refund, "paid")
    await enqueue(session, TELL_REFUND_TASK, refund_id=refund.id)


def movement_of(refund: Refund, reason: Reason) -> ledger.Movement:
    """The way of a refund's money, there or back."""
    return ledger.Movement(
        reason=reason,
        order_id=refund.order_id,
        merchant_id=refund.merchant_id,
        source_id=refund.source_id,
        amount=refund.amount,
        currency=refund.currency,
    )


async def note_refund(session: WriteSession, order: Order, refund: Refund, what: str, **more: Any) -> None:
    """Write into the order's history what became of a refund."""
    data = {"refund_id": str(refund.id), "amount": refund.amount, "cause": refund.cause, **more}
    await record(session, order, action=f"order:refund:{what}", actor=ACTOR, data=data)
    await session.flush()


async def _list_sendable(database: Database, alone_up_to: int) -> Sequence[UUID]:
    async with database.read(ACTOR) as session:
        limits = {"limit": _CHUNK, "alone_up_to": alone_up_to}
        return (await session.scalars(_SENDABLE, limits)).all()
