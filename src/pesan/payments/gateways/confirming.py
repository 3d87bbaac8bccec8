"""What a merchant's own program confirmed: orders are paid as by a provider, and proofs refused as by a reviewer.

The program is believed, because its merchant signed: there is nobody else to ask. Money is known by its reference,
which is in the books once, whatever messages name it.
"""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from pesan.db import Database, ReadSession, WriteSession
from pesan.kit.i18n import Text, parse_locale
from pesan.kit.ids import new_id
from pesan.orders.desk import SaleDesk
from pesan.orders.dues import due_now, owes_balance
from pesan.orders.errors import WrongState
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.gateways.companions import GatewayRefundDue, owe_back
from pesan.payments.gateways.confirmations import Confirmation, Verdict, read_confirmation
from pesan.payments.gateways.inbox import finish
from pesan.payments.gateways.locks import lock_chosen
from pesan.payments.gateways.models import WebhookEvent
from pesan.payments.gateways.settle import ACTOR, Captured, Flag, Noted, Outcome, capture, flag
from pesan.payments.models import Payment
from pesan.payments.refunds.states import RefundCause
from pesan.payments.states import PaymentState

_LONGEST_REASON = 300
_REFUSED = Text(
    id="Penjual tidak menemukan uangnya; bukti pembayaran ditolak.",
    en="The seller did not find the money; the proof of payment was refused.",
)
# Of several payments that asked for the same amount: what a person approved was this money, before it is any other.
_PREFERRED = (PaymentState.PAID, PaymentState.OPEN, PaymentState.SUPERSEDED)


async def handle_confirmation(database: Database, desk: SaleDesk, event_id: UUID) -> None:
    """Settle what one message says; done already, nothing happens."""
    async with database.read(ACTOR) as session:
        query = select(WebhookEvent).options(undefer(WebhookEvent.body)).where(WebhookEvent.id == event_id)
        event = (await session.scalars(query)).one()
        if event.handled_at is not None:
            return
        told = read_confirmation(event.body)
        order = await _find_order(session, event.merchant_id, told)
    if order is None:
        outcome = Outcome.UNKNOWN
    elif told.status is Verdict.REJECTED:
        outcome = await _refuse(desk, order, told)
    else:
        outcome = await _pay(database, desk, order, told)
    await finish(database, event_id, outcome)


async def _find_order(session: ReadSession, merchant_id: UUID, told: Confirmation) -> Order | None:
    """The booking, if it is this merchant's."""
    named = Order.id == told.booking_id if told.booking_id else Order.code == told.booking
    found: Order | None = await session.scalar(select(Order).where(named, Order.merchant_id == merchant_id))
    return found


async def _refuse(desk: SaleDesk, order: Order, told: Confirmation) -> Outcome:
    """A proof that waits for review is refused; there is nothing to refuse about any other order."""
    event = _refusal_of(order)
    if event is None:
        return Outcome.NOTHING
    given = "".join(sign for sign in " ".join((told.reason or "").split()) if sign.isprintable())
    reason = given[:_LONGEST_REASON] or _REFUSED.in_(parse_locale(order.locale))
    try:
        await desk.submit(Move(event, order.event_id, ACTOR, order.id, reason=reason))
    except WrongState:  # somebody decided in between
        return Outcome.NOTHING
    return Outcome.REFUSED


def _refusal_of(order: Order) -> OrderEvent | None:
    if order.state == OrderState.REVIEW:
        return OrderEvent.REJECT
    return OrderEvent.REFUSE_BALANCE_PROOF if order.balance_submitted_at else None


async def _pay(database: Database, desk: SaleDesk, order: Order, told: Confirmation) -> Outcome:
    async with database.write(ACTOR) as session:
        noted = await note_confirmed(session, order.id, told)
    if noted.other is not None:
        async with database.sale() as session:
            await lock_chosen(session, order.id)
            due = GatewayRefundDue(
                order_id=order.id, payment_id=noted.other.id, cause=RefundCause.OTHER_AMOUNT
            )
            await owe_back(session, [due])
    if noted.captured is not None:
        await capture(database, desk, noted.captured.payment.id)
    return noted.outcome


async def note_confirmed(session: WriteSession, order_id: UUID, told: Confirmation) -> Noted:
    """Write down that this money came for an order: by the payment that asked for it, or one of its own.

    **Locks** the order. Raises IntegrityError when another order's message named the same money meanwhile.
    """
    assert told.amount is not None
    order = await lock_chosen(session, order_id)
    known = await _find_money(session, order, told)
    if known is not None:
        return _again(order, known, told)
    asked = await _find_asked(session, order, told)
    payment = asked or _new(order, told)
    payment.payment_key = told.reference
    payment.checked_at = (await session.scalars(select(func.clock_timestamp()))).one()
    session.add(payment)
    await session.flush()
    fault = None if asked else _fault(order, told)
    if fault is None:
        return Noted(Outcome.SETTLED, Captured(order, payment))
    await flag(session, order, payment, fault, f"paid {told.amount} {told.currency}")
    return _flagged(order, payment)


async def _find_money(session: ReadSession, order: Order, told: Confirmation) -> Payment | None:
    """The payment that this money is already, at whichever of the merchant's orders."""
    query = select(Payment).where(
        Payment.merchant_id == order.merchant_id,
        Payment.gateway_account_id.is_(None),
        Payment.payment_key == told.reference,
    )
    found: Payment | None = await session.scalar(query)
    return found


def _again(order: Order, known: Payment, told: Confirmation) -> Noted:
    """The same money once more changes nothing; what a process that died left of it is finished."""
    if known.order_id != order.id or (known.amount, known.currency) != (told.amount, told.currency):
        return Noted(Outcome.DUPLICATE)
    return _flagged(order, known) if known.flag else Noted(Outcome.SETTLED, Captured(order, known))


def _flagged(order: Order, payment: Payment) -> Noted:
    """What came in the order's own currency is in the books as well, and due back."""
    is_owed = payment.currency == order.currency and payment.state != PaymentState.PAID
    return Noted(Outcome.FLAGGED, other=payment if is_owed else None)


async def _find_asked(session: ReadSession, order: Order, told: Confirmation) -> Payment | None:
    """The payment by an account or a code that asked for exactly this, and that no other money is yet."""
    query = select(Payment).where(
        Payment.order_id == order.id,
        Payment.method_id.is_not(None),
        Payment.gateway_account_id.is_(None),
        Payment.payment_key.is_(None),
        Payment.currency == told.currency,
        Payment.state.in_(_PREFERRED),
    )
    found = sorted(await session.scalars(query), key=lambda one: _PREFERRED.index(PaymentState(one.state)))
    return next((payment for payment in found if _is_for(order, payment, told)), None)


def _is_for(order: Order, payment: Payment, told: Confirmation) -> bool:
    """Whether the money is what the payment asked for; a person may have approved it without its kode unik."""
    if payment.settled_at is None or payment.base_amount != told.amount:
        return payment.amount == told.amount
    # As much is asked for again: what was seen since somebody approved this payment is the balance, and not this one.
    may_be_balance = owes_balance(order) and order.balance_due_amount == told.amount
    return not may_be_balance or told.occurred_at < payment.settled_at


def _new(order: Order, told: Confirmation) -> Payment:
    assert told.amount is not None
    return Payment(
        id=new_id(),
        merchant_id=order.merchant_id,
        order_id=order.id,
        base_amount=told.amount,
        amount=told.amount,
        currency=told.currency,
        is_balance=owes_balance(order),
        state=PaymentState.SUPERSEDED.value,
    )


def _fault(order: Order, told: Confirmation) -> Flag | None:
    if told.currency != order.currency:
        return Flag.CURRENCY
    # What is due no more is money again, which the order's own move says.
    return Flag.AMOUNT if told.amount != (due_now(order) or order.total_amount) else None
