"""Choosing how to pay: this is where an order gets the exact amount that names it."""

from uuid import UUID

from sqlalchemy import func, select

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.kit.ids import new_id
from pesan.kit.money import format_rupiah
from pesan.orders.dues import due_now, owes_balance
from pesan.orders.errors import HoldExpired, WrongState
from pesan.orders.locks import lock_orders
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments import queries, unique_amount
from pesan.payments.errors import MethodNotOffered, NothingToPay, QrisAmountRefused
from pesan.payments.models import Payment, PaymentMethod
from pesan.payments.qris import MAX_AMOUNT as QRIS_CEILING
from pesan.payments.states import MethodKind, PaymentState


async def select_method(session: WriteSession, *, order: Order, method_id: UUID, actor: Actor) -> Payment:
    """The open payment of `order` by this method, with its kode unik.

    Choosing the same method again gives the same payment; choosing another gives up the open one, whose amount
    stays reserved, and returning to it finds it as it was.
    **Locks** the order, then the chosen amount.
    Raises HoldExpired, WrongState, NothingToPay, MethodNotOffered, QrisAmountRefused.
    """
    await lock_orders(session, [order.id])
    await session.refresh(order)  # what the caller read, it read before the lock
    await require_payable(session, order)
    method = await queries.get_offered_method(
        session, method_id, event_id=order.event_id, merchant_id=order.merchant_id
    )
    if method.kind == MethodKind.GATEWAY:
        raise MethodNotOffered  # its page is opened outside any transaction (`gateways.attempts`)
    current = await queries.find_open_payment(session, order.id)
    if current is not None and current.method_id == method.id:
        return current
    if current is not None:
        current.state = PaymentState.SUPERSEDED
        await session.flush()  # one open payment per order is a constraint, checked row by row
    payment = await _reopen(session, order, method) or await _open(session, order, method)
    await _record(session, order, payment, current, actor)
    return payment


async def require_payable(session: WriteSession, order: Order) -> None:
    """Whether its deposit or its balance is asked for now; the caller holds the order's lock.

    Raises WrongState, NothingToPay, HoldExpired.
    """
    if owes_balance(order):
        return
    if order.state != OrderState.HOLD:
        raise WrongState(state=order.state, extra={"state": order.state})
    if not order.total_amount:
        raise NothingToPay
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    if now >= order.hold_expires_at:
        raise HoldExpired(extra={"state": OrderState.EXPIRED.value})


async def _reopen(session: WriteSession, order: Order, method: PaymentMethod) -> Payment | None:
    payment = await queries.find_superseded_payment(session, order, method.id)
    if payment is not None:
        payment.state = PaymentState.OPEN
        await session.flush()
    return payment


async def _open(session: WriteSession, order: Order, method: PaymentMethod) -> Payment:
    payment_id, due = new_id(), due_now(order)
    ceiling = _ceiling(method, due)
    code = await unique_amount.reserve(
        session,
        account_key=method.account_key,
        base_amount=due,
        ceiling=ceiling,
        merchant_id=order.merchant_id,
        order_id=order.id,
        payment_id=payment_id,
    )
    payment = Payment(
        id=payment_id,
        merchant_id=order.merchant_id,
        order_id=order.id,
        method_id=method.id,
        base_amount=due,
        unique_code=code,
        amount=due + (code or 0),
        is_balance=owes_balance(order),
        currency=order.currency,
        state=PaymentState.OPEN.value,
    )
    session.add(payment)
    await session.flush()
    return payment


def _ceiling(method: PaymentMethod, base_amount: int) -> int:
    if method.kind != MethodKind.QRIS:
        return unique_amount.NO_CEILING
    if base_amount > QRIS_CEILING:
        raise QrisAmountRefused(maximum=format_rupiah(QRIS_CEILING))
    return QRIS_CEILING


async def _record(
    session: WriteSession, order: Order, payment: Payment, previous: Payment | None, actor: Actor
) -> None:
    await record(
        session,
        order,
        action="order:payment:method_selected",
        actor=actor,
        data={
            "payment_id": str(payment.id),
            "method_id": str(payment.method_id),
            "amount": payment.amount,
            "superseded_payment_id": str(previous.id) if previous else None,
        },
    )
    await session.flush()
