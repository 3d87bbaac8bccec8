"""Choosing to pay at a provider: the attempt is committed first, then its page is opened, then its name is stored.

A process that dies in between leaves an attempt that the same choice takes up again, by the same reference.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.kit.ids import new_code, new_id
from pesan.orders.dues import due_now, owes_balance
from pesan.orders.models import Order
from pesan.orders.queries import list_lines
from pesan.payments.errors import MethodNotOffered
from pesan.payments.gateways.base import Checkout, Item, Opened
from pesan.payments.gateways.errors import GatewayRefused
from pesan.payments.gateways.locks import lock_chosen
from pesan.payments.gateways.models import GatewayAccount
from pesan.payments.gateways.registry import PROVIDERS, Gateways, get_account
from pesan.payments.models import Payment, PaymentMethod
from pesan.payments.queries import find_open_payment, find_superseded_payment
from pesan.payments.service.selection import require_payable
from pesan.payments.states import PaymentState

CLOSING = timedelta(minutes=2)
"""How long after its end a hold waits for its page to be closed, before its places go to others anyway."""
_REFERENCE_LENGTH = 26


@dataclass(frozen=True, slots=True)
class Attempt:
    """A committed attempt, and all that its page is opened with."""

    payment: Payment
    order: Order
    account: GatewayAccount
    items: tuple[Item, ...]
    expires_at: datetime

    def wanted(self, return_url: str) -> Checkout:
        """What the provider is asked; the page of a hold never outlives it."""
        order = self.order
        assert self.payment.reference is not None
        return Checkout(
            reference=self.payment.reference,
            amount=self.payment.amount,
            items=self.items,
            buyer_name=order.buyer_name,
            expires_at=self.expires_at,
            return_url=return_url,
            email=order.email,
            phone=order.wa,
            currency=order.currency,
            locale=order.locale,
        )


async def open_hosted_page(
    gateways: Gateways, *, order: Order, method: PaymentMethod, actor: Actor, return_url: str
) -> str:
    """Where the buyer pays by a provider's method; the same choice again leads there until the attempt is over.

    Raises HoldExpired, WrongState, NothingToPay, MethodNotOffered; GatewayUnavailable, after which the same choice is
    tried again by the same reference; GatewayRefused, which ends the attempt.
    """
    database = gateways.database
    async with database.sale() as session:
        attempt = await commit_attempt(session, order_id=order.id, method=method, actor=actor)
    if attempt.payment.redirect_url is not None:
        return attempt.payment.redirect_url
    try:
        opened = await gateways.open(attempt.account).open(attempt.wanted(return_url))
    except GatewayRefused:
        async with database.sale() as session:
            await _end(session, attempt.payment.id)
        raise
    async with database.sale() as session:
        await _store(session, attempt.payment.id, opened)
    return opened.redirect_url


async def commit_attempt(
    session: WriteSession, *, order_id: UUID, method: PaymentMethod, actor: Actor
) -> Attempt:
    """The open attempt of an order by this method; the first one extends the hold to the provider's window, once.

    **Locks** the order. Raises HoldExpired, WrongState, NothingToPay, MethodNotOffered.
    """
    if method.gateway_account_id is None:
        raise MethodNotOffered
    order = await lock_chosen(session, order_id)
    await require_payable(session, order)
    account = await get_account(session, method.gateway_account_id)
    payment = await _take_up(session, order, method, actor)
    expires_at = await _keep_open(session, order, account)
    return Attempt(payment, order, account, await _list_items(session, order), expires_at)


async def _take_up(session: WriteSession, order: Order, method: PaymentMethod, actor: Actor) -> Payment:
    current = await find_open_payment(session, order.id)
    if current is not None and current.method_id == method.id:
        return current
    if current is not None:
        current.state = PaymentState.SUPERSEDED
        await session.flush()  # one open payment per order is a constraint, checked row by row
    payment = await find_superseded_payment(session, order, method.id)
    if payment is None:
        payment = _new(order, method)
        session.add(payment)
    payment.state = PaymentState.OPEN
    await session.flush()
    data = {"payment_id": str(payment.id), "method_id": str(method.id), "amount": payment.amount}
    await record(session, order, action="order:payment:method_selected", actor=actor, data=data)
    return payment


def _new(order: Order, method: PaymentMethod) -> Payment:
    due = due_now(order)
    return Payment(
        id=new_id(),
        merchant_id=order.merchant_id,
        order_id=order.id,
        method_id=method.id,
        base_amount=due,
        amount=due,
        is_balance=owes_balance(order),
        currency=order.currency,
        gateway_account_id=method.gateway_account_id,
        reference=new_code(_REFERENCE_LENGTH),
    )


async def _keep_open(session: WriteSession, order: Order, account: GatewayAccount) -> datetime:
    """When the page ends. A hold is extended once: a buyer who fails and tries again has what is left of its time.

    A balance has no such end, so that each attempt has the provider's whole window.
    """
    window = PROVIDERS[account.provider].window
    now: datetime = (await session.scalars(select(func.clock_timestamp()))).one()
    if owes_balance(order):
        return now + window
    if order.payment_open_until is None:
        order.hold_expires_at = max(order.hold_expires_at, now + window)
    order.payment_open_until = order.hold_expires_at + CLOSING
    await session.flush()
    ends_at: datetime = order.hold_expires_at
    return ends_at


async def _list_items(session: WriteSession, order: Order) -> tuple[Item, ...]:
    """The order's lines and what comes on top, which is what it costs; a part of that is one line."""
    due = due_now(order)
    if due != order.total_amount:
        title = "Pelunasan" if owes_balance(order) else "Uang muka"
        return (Item(title=f"{title} {order.code}", quantity=1, unit_amount=due),)
    lines = [
        Item(title=line.title, quantity=line.quantity, unit_amount=line.unit_amount)
        for line in await list_lines(session, order.id)
    ]
    extras = (
        ("Potongan", -order.discount_amount),
        ("Biaya layanan", order.fees_amount),
        ("Pajak", order.tax_amount),
    )
    return (
        *lines,
        *(Item(title=title, quantity=1, unit_amount=amount) for title, amount in extras if amount),
    )


async def _store(session: WriteSession, payment_id: UUID, opened: Opened) -> None:
    """A slower answer to the same question changes nothing; that a page is there outweighs that another was refused."""
    await session.execute(
        update(Payment)
        .where(Payment.id == payment_id, Payment.provider_ref.is_(None))
        .values(provider_ref=opened.provider_ref, redirect_url=opened.redirect_url, closed_at=None)
    )


async def _end(session: WriteSession, payment_id: UUID) -> None:
    """Nothing was opened, so nothing can be paid; another attempt gets another reference."""
    await session.execute(
        update(Payment)
        .where(Payment.id == payment_id, Payment.state != PaymentState.PAID, Payment.provider_ref.is_(None))
        .values(state=PaymentState.FAILED.value, closed_at=func.clock_timestamp())
    )
