"""What a provider says of a payment becomes what we hold of it: exactly once, and never backwards.

First the money is written down under the order's lock, then the order moves at the sale desk, together with the
ledger. Whatever dies in between is found by its `payment_key` and taken up again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select

from pesan.audit import record
from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.idempotency.service import Answer, Wanted
from pesan.jobs import enqueue
from pesan.kit.ids import new_id
from pesan.logging import get_logger
from pesan.orders.desk import SaleDesk
from pesan.orders.dues import owes_balance
from pesan.orders.errors import WrongState
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import LOOK_TASK, OrderEvent, OrderState
from pesan.payments.gateways.base import RemotePayment, RemoteState
from pesan.payments.gateways.companions import GatewayCapture, GatewayRefundDue
from pesan.payments.gateways.locks import lock_chosen
from pesan.payments.gateways.models import GatewayAccount
from pesan.payments.gateways.other_amounts import book_other_amount, find_other_amount
from pesan.payments.gateways.senders import sum_sent_by
from pesan.payments.models import Payment
from pesan.payments.refunds.states import RefundCause
from pesan.payments.states import PaymentState

ACTOR = Actor.system("gateway")
_ATTEMPTS = 4
_EVENTS: Mapping[OrderState, OrderEvent] = {
    OrderState.HOLD: OrderEvent.PAY,
    OrderState.REVIEW: OrderEvent.PAY,
    OrderState.EXPIRED: OrderEvent.PAY_LATE,
    OrderState.CANCELLED: OrderEvent.PAY_LATE,
    OrderState.REJECTED: OrderEvent.PAY_LATE,
    OrderState.PAID: OrderEvent.PAY_AGAIN,
    OrderState.COMPLETED: OrderEvent.PAY_AGAIN,
    OrderState.REFUNDED: OrderEvent.PAY_AGAIN,
}
_OVER = frozenset({RemoteState.FAILED, RemoteState.CANCELLED, RemoteState.EXPIRED})
# What a provider never says of money that it took, unless the money went back (protocols.md §1.6).
_UNDONE = frozenset({RemoteState.FAILED, RemoteState.CANCELLED})
_REVERSED = frozenset({RemoteState.REFUNDED, RemoteState.PARTIALLY_REFUNDED, RemoteState.DISPUTED})

log = get_logger(__name__)


class Outcome(StrEnum):
    """What came of what a provider said."""

    UNKNOWN = "unknown"
    NOTHING = "nothing"
    FLAGGED = "flagged"
    OVER = "over"
    SETTLED = "settled"
    RETURNED = "returned"
    """A refund that was sent came back."""
    TRIAL = "trial"
    """It was told of a test payment, which is nobody's order."""
    REFUSED = "refused"
    """The proof that waited for review was refused."""
    DUPLICATE = "duplicate"
    """The money that it names is another order's, or of another amount, in the books already."""


class Flag(StrEnum):
    """Why money that a provider took settles nothing until a person has looked at it."""

    AMOUNT = "amount"
    CURRENCY = "currency"
    ACCOUNT = "account"
    REVERSED = "reversed"
    HANDLED = "handled"
    """Somebody has looked; what it was is in the audit."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A payment whose money was taken and its order, as they were seen together."""

    order: Order
    payment: Payment


@dataclass(frozen=True, slots=True)
class Noted:
    """What was written down; `captured` has to be settled, and `other` booked, if there is any."""

    outcome: Outcome
    captured: Captured | None = None
    other: Payment | None = None
    """The attempt for which another amount came than was asked for."""


async def settle(
    database: Database, desk: SaleDesk, account: GatewayAccount, remote: RemotePayment
) -> Outcome:
    """Bring our side to what the provider says now; the same word again changes nothing."""
    async with database.write(ACTOR) as session:
        noted = await note(session, account, remote)
    if noted.captured is not None:
        await _capture(database, desk, noted.captured)
    if noted.other is not None:
        await book_other_amount(database, noted.other, remote)
    return noted.outcome


async def note(session: WriteSession, account: GatewayAccount, remote: RemotePayment) -> Noted:
    """Write down what the provider says of one of this account's payments.

    **Locks** the order.
    """
    payment = await _find(session, account, remote.reference)
    if payment is None:
        return Noted(Outcome.UNKNOWN)
    order = await lock_chosen(session, payment.order_id)
    await session.refresh(payment)
    payment.checked_at = (await session.scalars(select(func.clock_timestamp()))).one()
    if remote.state is RemoteState.PAID:
        return await _note_money(session, order, payment, account, remote)
    if remote.state in _REVERSED:
        return await _note_reversal(session, order, payment, remote)
    if payment.state == PaymentState.PAID or payment.payment_key is not None:
        return await _note_undoing(session, order, payment, remote)
    if remote.state is RemoteState.REVIEW and payment.remote_state != RemoteState.REVIEW:
        await enqueue(session, LOOK_TASK, order_id=order.id)
    payment.remote_state = remote.state.value
    if remote.state not in _OVER:
        return Noted(Outcome.NOTHING)
    await _note_end(session, order, payment, remote.state)
    return Noted(Outcome.OVER)


async def capture(database: Database, desk: SaleDesk, payment_id: UUID) -> None:
    """Move the order of a payment whose money was taken: paid, or due back; done already, nothing happens.

    Raises what the desk refuses for a reason that passes, such as an event that is just being cancelled.
    """
    await _capture(database, desk, await _read(database, payment_id))


async def _capture(database: Database, desk: SaleDesk, seen: Captured) -> None:
    for attempts_left in reversed(range(_ATTEMPTS)):
        if seen.payment.state == PaymentState.PAID:
            return
        try:
            await desk.submit(_move(seen.order, seen.payment))
        except WrongState:  # somebody moved the order in between
            if not attempts_left:
                raise
            seen = await _read(database, seen.payment.id)
        else:
            return


async def _read(database: Database, payment_id: UUID) -> Captured:
    async with database.read(ACTOR) as session:
        payment = await session.get_one(Payment, payment_id)
        return Captured(await session.get_one(Order, payment.order_id), payment)


def _move(order: Order, payment: Payment) -> Move:
    """One capture has one key at the desk, so that it moves an order once, whoever tells of it and how often."""
    event = event_of(order, payment)
    cause = RefundCause.PAID_AGAIN if event is OrderEvent.PAY_AGAIN else RefundCause.PAID_LATE
    captured = GatewayCapture(order_id=order.id, payment_id=payment.id)
    due = GatewayRefundDue(order_id=order.id, payment_id=payment.id, cause=cause)
    return Move(
        event,
        order.event_id,
        ACTOR,
        order.id,
        data={"payment_id": str(payment.id)},
        balance_amount=payment.base_amount if event is OrderEvent.SETTLE_BALANCE else None,
        companions=(due if event is OrderEvent.PAY_AGAIN else captured,),
        if_refund_due=(due,),
        wanted=Wanted(
            f"gateway:{payment.gateway_account_id or payment.merchant_id}",
            str(payment.payment_key),
            sha256(payment.id.bytes).digest(),
        ),
        render=lambda _: Answer(200, b""),
    )


def event_of(order: Order, payment: Payment) -> OrderEvent:
    """What the money of a payment does to an order as it is: once more what it has already, it is due back."""
    is_wanted = payment.is_balance and payment.base_amount == order.balance_due_amount
    if owes_balance(order) and is_wanted:
        return OrderEvent.SETTLE_BALANCE
    return _EVENTS[OrderState(order.state)]


async def _find(session: ReadSession, account: GatewayAccount, reference: str) -> Payment | None:
    found: Payment | None = await session.scalar(
        select(Payment).where(
            Payment.reference == reference,
            Payment.gateway_account_id == account.id,
            Payment.method_id.is_not(None),
        )
    )
    return found


async def _note_money(
    session: WriteSession, order: Order, payment: Payment, account: GatewayAccount, remote: RemotePayment
) -> Noted:
    fault = _fault(payment, account, remote)
    if fault is not None:
        await flag(session, order, payment, fault, _told(remote))
        return Noted(Outcome.FLAGGED, other=payment if fault is Flag.AMOUNT else None)
    key = remote.payment_key or remote.provider_ref
    if payment.flag is not None and await find_other_amount(session, payment, key) is not None:
        return Noted(Outcome.FLAGGED)  # it is due back already: whether it may stay is for a person to say
    captured = await _captured(session, payment, remote, key)
    if captured.payment_key is None:
        captured.payment_key = key
        await session.flush()
    captured.remote_state = remote.state.value
    captured.issuer_country = remote.issuer_country
    return Noted(Outcome.SETTLED, Captured(order, captured))


def _fault(payment: Payment, account: GatewayAccount, remote: RemotePayment) -> Flag | None:
    if remote.currency.upper() != payment.currency:
        return Flag.CURRENCY
    if account.account_id and remote.account and remote.account != account.account_id:
        return Flag.ACCOUNT
    return Flag.AMOUNT if remote.amount != payment.amount else None


async def _captured(session: WriteSession, payment: Payment, remote: RemotePayment, key: str) -> Payment:
    """The payment that this money is; a second capture of one attempt is a payment of its own."""
    if payment.payment_key == key or (payment.payment_key is None and payment.state != PaymentState.PAID):
        return payment
    again = select(Payment).where(
        Payment.gateway_account_id == payment.gateway_account_id, Payment.payment_key == key
    )
    known: Payment | None = await session.scalar(again)
    if known is not None:
        return known
    extra = Payment(
        id=new_id(),
        merchant_id=payment.merchant_id,
        order_id=payment.order_id,
        base_amount=remote.amount,
        amount=remote.amount,
        currency=payment.currency,
        state=PaymentState.SUPERSEDED.value,
        gateway_account_id=payment.gateway_account_id,
        reference=payment.reference,
        provider_ref=remote.provider_ref,
        payment_key=key,
        closed_at=payment.checked_at,
    )
    session.add(extra)
    await session.flush()
    return extra


async def _note_undoing(
    session: WriteSession, order: Order, payment: Payment, remote: RemotePayment
) -> Noted:
    """What was paid does not become unpaid by a later word; a person looks at one that takes it back."""
    if remote.state not in _UNDONE:
        return Noted(Outcome.NOTHING)
    await flag(session, order, payment, Flag.REVERSED, _told(remote))
    return Noted(Outcome.FLAGGED)


async def _note_end(session: WriteSession, order: Order, payment: Payment, state: RemoteState) -> None:
    """The attempt is over: choosing the same way again makes another one.

    A card that was refused may be tried again on its page (protocols.md §1.4), which is asked about until it is closed.
    """
    if payment.state != PaymentState.FAILED:
        data = {"payment_id": str(payment.id), "state": state.value}
        await record(session, order, action="order:payment:ended", actor=ACTOR, data=data)
    payment.state = PaymentState.FAILED.value
    if state is not RemoteState.FAILED:
        payment.closed_at = payment.closed_at or payment.checked_at
    await session.flush()


async def _note_reversal(
    session: WriteSession, order: Order, payment: Payment, remote: RemotePayment
) -> Noted:
    """Money went back: expected when we sent it, and for a person to look at when somebody else did."""
    sent = await sum_sent_by(session, payment)
    payment.remote_state = remote.state.value
    if remote.state is RemoteState.DISPUTED or remote.refunded_amount > sent:
        await flag(session, order, payment, Flag.REVERSED, _told(remote))
        return Noted(Outcome.FLAGGED)
    return Noted(Outcome.NOTHING)


def _told(remote: RemotePayment) -> str:
    return f"{remote.state.value} {remote.amount} {remote.currency} -{remote.refunded_amount}"


async def flag(session: WriteSession, order: Order, payment: Payment, reason: Flag, told: str) -> None:
    """Ask a person to look, once for each thing that was `told`; the caller holds the order's lock.

    What somebody has handled silences that one word, and none that comes after it.
    """
    if payment.flag in {reason, Flag.HANDLED} and payment.flagged_for == told:
        return
    payment.flag, payment.flagged_for = reason.value, told
    payment.flagged_at = payment.checked_at
    data = {"payment_id": str(payment.id), "flag": reason.value, "told": told}
    await record(session, order, action="order:payment:flagged", actor=ACTOR, data=data)
    await session.flush()
    log.warning("a payment at a provider needs a person", payment=str(payment.id), flag=reason.value)
