"""The money of orders whose price changes: what a provider gives back of it, and what is on its way meanwhile."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import text

from pesan.checkout.statements import accept_line, match_lines
from pesan.db import Actor
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.moves import Move, Repricing
from pesan.orders.queries import list_lines
from pesan.orders.repricing import change_of
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import FulfilCompanion, RefundCause, RefundDueCompanion
from pesan.payments.errors import BalanceArriving
from pesan.payments.gateways.base import RemotePayment, RemoteState
from pesan.payments.gateways.returns import send_refunds
from pesan.payments.gateways.sandbox import Act
from pesan.payments.gateways.settle import Outcome, note, settle
from pesan.payments.models import Payment, PaymentMethod
from pesan.payments.queries import list_proofs
from pesan.payments.refunds.errors import Overruled
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.repricing import RepricedCompanion
from pesan.payments.statements.models import BankLine
from pesan.payments.statements.queries import NEAR_AMOUNT, Suggestion, list_open_lines, list_suggestions
from pesan.payments.statements.reading import Line
from pesan.payments.statements.service import add_lines
from pesan.payments.states import Account
from tests.checkout.test_statements import today
from tests.payments.confirm_steps import give_key
from tests.payments.gateway_steps import Shop, event_of
from tests.payments.steps import add_method, choose, proof_of
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make

DEPOSIT, BALANCE = 60_000, 90_000
_TOLD_OF_MONEY = text(
    "SELECT id FROM procrastinate_jobs WHERE task_name = 'checkout.tell_buyer' AND args ->> 'order_id' = :order_id"
    " AND args ->> 'event' = 'pay_again'"
)


@pytest.fixture
async def paid(make: Make, shop: Shop) -> Order:
    """An order of Rp 150.000 whose deposit of Rp 60.000 was taken at the provider."""
    order = await make.order(await event_of(make, shop, fulfilment="jastip", deposit_percent=40))
    await shop.pay(order)
    return await shop.order(order)


async def reprice(shop: Shop, order: Order, price: int) -> None:
    """The buyer agrees to `price`."""
    await shop.desk.submit(await agreement(shop, order, price))


async def agreement(shop: Shop, order: Order, price: int) -> Move:
    seen = await shop.order(order)
    async with shop.database.read(SYSTEM) as session:
        (line,) = await list_lines(session, order.id)
    owed = change_of(seen, price - line.unit_amount).owed
    money = RepricedCompanion(
        order_id=order.id, merchant_id=order.merchant_id, currency=order.currency, owed=owed
    )
    return Move(
        OrderEvent.REPRICE,
        order.event_id,
        Actor.guest(order.code),
        order.id,
        companions=(money,),
        repricing=Repricing((line.id,), 1, line.unit_amount, price),
    )


async def test_a_provider_is_not_asked_for_more_than_a_payment_has_left(shop: Shop, paid: Order):
    await shop.pay(paid)
    for price in (100_000, 50_000, 20_000):
        await reprice(shop, paid, price)

    async with shop.database.read(SYSTEM) as session:
        found = await list_refunds(session, paid.id)
    # Rp 90.000 came with the balance: Rp 40.000 of it are left after the first.
    assert [(each.amount, each.method) for each in found] == [
        (50_000, "gateway"),
        (50_000, "manual"),
        (30_000, "gateway"),
    ]


async def test_what_one_payment_sent_back_excuses_nothing_that_went_back_by_the_other(
    shop: Shop, paid: Order
):
    await shop.pay(paid)
    await reprice(shop, paid, 120_000)
    await send_refunds(shop.gateways, alone_up_to=30_000)
    deposit, balance = await shop.payments(paid)
    books = await shop.balances(paid)

    outcomes = [
        await settle(shop.database, shop.desk, shop.account, lowered_by(each, 30_000))
        for each in (balance, deposit)
    ]

    async with shop.database.read(SYSTEM) as session:
        (refund,) = await list_refunds(session, paid.id)
    assert (refund.state, refund.method, refund.amount) == ("paid", "gateway", 30_000)
    assert outcomes == [Outcome.NOTHING, Outcome.FLAGGED]
    flags = [(each.amount, each.state, each.flag) for each in await shop.payments(paid)]
    assert flags == [(DEPOSIT, "paid", "reversed"), (BALANCE, "paid", None)]
    assert await shop.balances(paid) == books
    assert books == {Account.RECEIVED: 150_000, Account.CUSTOMER: 120_000, Account.REFUNDED: 30_000}
    assert await offenders(shop.database) == []


def lowered_by(payment: Payment, amount: int) -> RemotePayment:
    """What its provider says of a payment of which this went back."""
    return RemotePayment(
        reference=payment.reference or "",
        provider_ref=payment.provider_ref or "",
        state=RemoteState.PARTIALLY_REFUNDED,
        amount=payment.amount,
        currency=payment.currency,
        payment_key=payment.payment_key,
        refunded_amount=amount,
    )


async def test_a_price_waits_for_the_balance_that_a_provider_took(shop: Shop, paid: Order, owner):
    await shop.choose(paid)
    async with owner.begin() as connection:
        await connection.exec_driver_sql("UPDATE payments SET payment_key = 'taken' WHERE state = 'open'")
    before = await shop.order(paid)

    with pytest.raises(Overruled) as refused:
        await reprice(shop, paid, 200_000)

    assert isinstance(refused.value.refusal, BalanceArriving)
    after = await shop.order(paid)
    assert (after.total_amount, after.balance_due_amount) == (
        before.total_amount,
        before.balance_due_amount,
    )
    assert [payment.state for payment in await shop.payments(paid)] == ["paid", "open"]


async def test_a_price_does_not_wait_for_money_of_another_currency(shop: Shop, paid: Order):
    program = await give_key(shop)
    outcomes = await program.send(program.approve(paid, amount=BALANCE, currency="USD"))

    await reprice(shop, paid, 200_000)

    payments = [(each.state, each.flag, each.currency) for each in await shop.payments(paid)]
    after = await shop.order(paid)
    assert (outcomes, payments) == (["flagged"], [("paid", None, "IDR"), ("superseded", "currency", "USD")])
    assert (after.state, after.total_amount, after.balance_due_amount) == ("PAID", 200_000, 140_000)
    assert await shop.balances(paid) == {Account.RECEIVED: DEPOSIT, Account.CUSTOMER: DEPOSIT}
    async with shop.database.read(SYSTEM) as session:
        assert list(await list_refunds(session, paid.id)) == []
    assert await offenders(shop.database) == []


async def test_a_price_does_not_wait_for_money_that_its_provider_took_back(shop: Shop, paid: Order):
    """The process that noted it died before it was in any book."""
    await shop.choose(paid)
    told = RemotePayment(
        reference=await shop.reference(paid),
        provider_ref="page",
        state=RemoteState.PAID,
        amount=BALANCE,
        currency="IDR",
        payment_key="money-1",
    )
    async with shop.database.write(SYSTEM) as session:
        await note(session, shop.account, told)
    gone = replace(told, state=RemoteState.REFUNDED, refunded_amount=BALANCE)
    outcome = await settle(shop.database, shop.desk, shop.account, gone)

    await reprice(shop, paid, 50_000)

    payments = [(each.state, each.flag) for each in await shop.payments(paid)]
    after = await shop.order(paid)
    assert (outcome, payments) == (Outcome.FLAGGED, [("paid", None), ("superseded", "reversed")])
    assert (after.state, after.total_amount, after.balance_due_amount) == ("PAID", 50_000, 0)
    assert await shop.balances(paid) == {
        Account.RECEIVED: DEPOSIT,
        Account.CUSTOMER: 50_000,
        Account.REFUND_DUE: 10_000,
    }
    async with shop.database.read(SYSTEM) as session:
        due = [(each.cause, each.amount) for each in await list_refunds(session, paid.id)]
    assert due == [("price_lowered", 10_000)]
    assert await offenders(shop.database) == []


async def test_late_money_of_the_old_balance_leaves_open_what_asks_for_the_new_one(shop: Shop, paid: Order):
    bank = await add_method(shop.database, shop.account.merchant_id)
    await shop.choose(paid)
    late = await shop.press(paid, Act.PAY)
    await reprice(shop, paid, 200_000)
    asked = await choose(shop.database, paid, bank.id)

    for each in late:
        await shop.take(each)
    await shop.handle_all()
    states = [(each.amount, each.state) for each in await shop.payments(paid)]
    await read_statement(shop, bank, asked.amount)

    after = await shop.order(paid)
    assert states == [(DEPOSIT, "paid"), (BALANCE, "paid"), (asked.amount, "open")]
    assert (after.state, after.total_amount, after.balance_due_amount) == ("PAID", 200_000, 0)
    assert await shop.balances(paid) == {
        Account.RECEIVED: DEPOSIT + BALANCE + asked.amount,
        Account.CUSTOMER: DEPOSIT + asked.amount,
        Account.REFUND_DUE: BALANCE,
    }
    async with shop.database.read(SYSTEM) as session:
        due = [(each.cause, each.amount) for each in await list_refunds(session, paid.id)]
    assert due == [("paid_again", BALANCE)]
    assert await offenders(shop.database) == []


async def test_what_is_owed_goes_back_even_if_the_parcel_is_sent_in_the_same_group(shop: Shop, paid: Order):
    await shop.pay(paid)
    sent = Move(OrderEvent.FULFIL, paid.event_id, SYSTEM, paid.id, companions=(FulfilCompanion(paid.id),))

    outcomes = await shop.desk.submit_all([await agreement(shop, paid, 120_000), sent])

    assert [outcome.state for outcome in outcomes] == [OrderState.PAID, OrderState.COMPLETED]
    async with shop.database.read(SYSTEM) as session:
        (refund,) = await list_refunds(session, paid.id)
    assert (refund.cause, refund.amount) == ("price_lowered", 30_000)
    held = await shop.balances(paid)
    assert (held[Account.FULFILLED], held[Account.REFUND_DUE]) == (120_000, 30_000)
    assert await offenders(shop.database) == []


async def test_a_proof_is_of_what_asks_for_the_balance_whatever_else_came(shop: Shop, paid: Order):
    bank = await add_method(shop.database, shop.account.merchant_id)
    asked = await choose(shop.database, paid, bank.id)
    again = RefundDueCompanion(paid.id, paid.merchant_id, DEPOSIT, RefundCause.PAID_AGAIN)
    proof = proof_of(paid)

    for event, companion in ((OrderEvent.PAY_AGAIN, again), (OrderEvent.SUBMIT_BALANCE_PROOF, proof)):
        await shop.desk.submit(Move(event, paid.event_id, SYSTEM, paid.id, companions=(companion,)))

    async with shop.database.read(SYSTEM) as session:
        assert [each.payment_id for each in await list_proofs(session, paid.id)] == [asked.id]


async def test_an_order_that_keeps_more_than_it_costs_is_named(shop: Shop, paid: Order, owner):
    await shop.pay(paid)
    async with owner.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE orders SET subtotal_amount = 120000, total_amount = 120000 WHERE total_amount = 150000"
        )

    named = [found for found in await offenders(shop.database) if found[0].startswith("payments.")]

    assert named == [("payments.orders_keep_what_they_cost", paid.id, "PAID", 120_000, 150_000)]


@dataclass(frozen=True)
class Transferred:
    """A transfer to the merchant's account as the statement says it, and the order that is suggested for it."""

    shop: Shop
    line: BankLine
    near: Suggestion

    async def accept(self, order: Order) -> None:
        """Somebody says that it is this order's money."""
        staff = Actor.staff(new_id(), frozenset({order.merchant_id}))
        seen = await self.shop.order(order)
        await accept_line(self.shop.desk, line=self.line, order=seen, near=self.near, actor=staff)


async def read_statement(shop: Shop, method: PaymentMethod, amount: int) -> None:
    """The merchant's statement names a transfer; what is beyond doubt settles by itself."""
    staff = Actor.staff(new_id(), frozenset({method.merchant_id}))
    async with shop.database.write(staff) as session:
        await add_lines(session, method=method, lines=[Line(today(), amount, "TRSF SARI")])
    await match_lines(shop.database, shop.desk, method.id)


async def transfer(shop: Shop, method: PaymentMethod, amount: int) -> Transferred:
    await read_statement(shop, method, amount)
    async with shop.database.read(SYSTEM) as session:
        ((line, _),) = await list_open_lines(session, method.merchant_id)
        (near,) = (await list_suggestions(session, [line]))[line.id]
    return Transferred(shop, line, near)


@pytest.mark.parametrize(
    ("price", "stands", "back"),
    [
        (120_000, 0, ("price_lowered", 30_000)),
        (149_500, 0, ("price_lowered", 500)),
        (200_000, 140_000, ("paid_again", BALANCE)),
    ],
)
async def test_a_transfer_of_the_old_balance_is_booked_once_and_the_rest_of_it_is_due_back(
    shop: Shop, paid: Order, price: int, stands: int, back: tuple[str, int]
):
    bank = await add_method(shop.database, shop.account.merchant_id)
    asked = await choose(shop.database, paid, bank.id)
    code = asked.amount - BALANCE
    await reprice(shop, paid, price)
    came = await transfer(shop, bank, asked.amount)

    await came.accept(paid)

    async with shop.database.read(SYSTEM) as session:
        (refund,) = await list_refunds(session, paid.id)
        told = await session.scalars(_TOLD_OF_MONEY, {"order_id": str(paid.id)})
    assert (came.near.order_id, came.near.asked_amount) == (paid.id, asked.amount)
    assert (await shop.order(paid)).balance_due_amount == stands
    assert (refund.cause, refund.amount) == (back[0], back[1] + code)
    assert len(told.all()) == 1
    assert (await shop.balances(paid))[Account.RECEIVED] == DEPOSIT + asked.amount
    assert await offenders(shop.database) == []


async def test_a_little_more_than_was_asked_for_is_taken_for_enough_and_nothing_goes_back(
    shop: Shop, paid: Order
):
    bank = await add_method(shop.database, shop.account.merchant_id)
    asked = await choose(shop.database, paid, bank.id)
    came = await transfer(shop, bank, asked.amount + NEAR_AMOUNT)

    await came.accept(paid)

    async with shop.database.read(SYSTEM) as session:
        assert list(await list_refunds(session, paid.id)) == []
    assert (await shop.order(paid)).balance_due_amount == 0
    assert (await shop.balances(paid))[Account.RECEIVED] == DEPOSIT + asked.amount + NEAR_AMOUNT
