"""A deposit, then the balance: each rupiah once, by whichever way it comes, and nothing sent before all of it."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from pesan.checkout import service
from pesan.checkout.refunds import Approval, refund_move
from pesan.checkout.statements import accept_line, match_lines
from pesan.db import Actor
from pesan.kit.ids import new_id
from pesan.orders.errors import BalanceDue, BalanceSettled, WrongState
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import RefundCause
from pesan.payments.gateways.reconciliation import close_ended
from pesan.payments.gateways.sandbox import Act
from pesan.payments.models import PaymentMethod
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.statements.queries import list_open_lines, list_suggestions
from pesan.payments.statements.reading import Line
from pesan.payments.statements.service import add_lines
from pesan.payments.states import Account
from tests.checkout.test_statements import today
from tests.payments.confirm_steps import give_key
from tests.payments.gateway_steps import Shop, event_of
from tests.payments.steps import add_method, choose, fulfil, proof_of, send_proof
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make

pytestmark = pytest.mark.every_postgres
TOTAL, DEPOSIT, BALANCE = 150_000, 60_000, 90_000
WHOLE = {Account.RECEIVED: TOTAL, Account.CUSTOMER: TOTAL}


@pytest.fixture
async def bank(shop: Shop) -> PaymentMethod:
    return await add_method(shop.database, shop.account.merchant_id)


@pytest.fixture
async def order(make: Make, shop: Shop) -> Order:
    """A held order of Rp 150.000, of which forty percent are asked for first."""
    return await make.order(await event_of(make, shop, fulfilment="jastip", deposit_percent=40))


@pytest.fixture
async def paid(shop: Shop, order: Order) -> Order:
    """The same, whose deposit was taken in cash."""
    await service.accept_cash(shop.desk, order=order, actor=SYSTEM)
    return await shop.order(order)


async def refunds_of(shop: Shop, order: Order) -> list[tuple[str, int]]:
    async with shop.database.read(SYSTEM) as session:
        return [(each.cause, each.amount) for each in await list_refunds(session, order.id)]


async def stands(shop: Shop, order: Order) -> tuple[str, int]:
    now = await shop.order(order)
    return now.state, now.balance_due_amount


async def prove(shop: Shop, order: Order) -> None:
    proof = proof_of(order)
    now = await shop.order(order)
    await service.submit_proof(shop.desk, order=now, proof=proof, actor=Actor.guest(order.code))


async def test_deposit_and_balance_are_each_asked_for_and_proved(
    shop: Shop, order: Order, bank: PaymentMethod, make: Make
):
    first = await choose(shop.database, order, bank.id)
    await send_proof(make, order)
    await service.approve(shop.desk, order=await shop.order(order), actor=SYSTEM)
    after_deposit = await stands(shop, order)
    with pytest.raises(BalanceDue):
        await fulfil(make, order)
    rest = await choose(shop.database, order, bank.id)
    await prove(shop, order)
    await service.accept_balance_proof(shop.desk, order=await shop.order(order), actor=SYSTEM)
    await fulfil(make, order)

    assert (first.base_amount, rest.base_amount) == (DEPOSIT, BALANCE)
    assert after_deposit == ("PAID", BALANCE)
    assert await stands(shop, order) == ("COMPLETED", 0)
    came = first.amount + rest.amount
    assert await shop.balances(order) == {Account.RECEIVED: came, Account.FULFILLED: came}
    assert [payment.state for payment in await shop.payments(order)] == ["paid", "paid"]
    assert await offenders(shop.database) == []


async def test_a_refused_proof_of_the_balance_keeps_the_order(shop: Shop, paid: Order):
    await prove(shop, paid)
    waiting = await shop.order(paid)
    await service.refuse_balance_proof(shop.desk, order=waiting, actor=SYSTEM, reason="Nominal kurang")

    refused = await shop.order(paid)
    assert (waiting.balance_submitted_at is None, refused.balance_submitted_at) == (False, None)
    assert (*await stands(shop, paid), refused.reject_reason) == ("PAID", BALANCE, "Nominal kurang")
    assert await shop.balances(paid) == {Account.RECEIVED: DEPOSIT, Account.CUSTOMER: DEPOSIT}
    await prove(shop, paid)
    assert await offenders(shop.database) == []


async def test_cash_takes_the_deposit_then_the_balance_and_no_more(
    shop: Shop, paid: Order, bank: PaymentMethod
):
    await choose(shop.database, paid, bank.id)
    with pytest.raises(WrongState):
        await service.accept_cash(shop.desk, order=paid, actor=SYSTEM)
    await service.accept_balance_cash(shop.desk, order=paid, actor=SYSTEM)
    with pytest.raises(BalanceSettled):
        await service.accept_balance_cash(shop.desk, order=paid, actor=SYSTEM)

    assert (await stands(shop, paid), await shop.balances(paid)) == (("PAID", 0), WHOLE)
    assert sorted(payment.state for payment in await shop.payments(paid)) == ["paid", "paid", "superseded"]
    with pytest.raises(WrongState):
        await choose(shop.database, paid, bank.id)
    assert await offenders(shop.database) == []


async def test_a_provider_takes_the_deposit_and_then_the_balance(shop: Shop, order: Order):
    await shop.pay(order)
    after_deposit = await stands(shop, order)
    await close_ended(shop.gateways, shop.desk)
    await shop.choose(order)
    await close_ended(shop.gateways, shop.desk)
    (waiting,) = [payment for payment in await shop.payments(order) if payment.state == "open"]
    await shop.pay(order)

    assert (after_deposit, waiting.amount, waiting.closed_at) == (("PAID", BALANCE), BALANCE, None)
    assert (await stands(shop, order), await shop.balances(order)) == (("PAID", 0), WHOLE)
    assert await offenders(shop.database) == []


async def test_money_of_a_provider_for_a_balance_that_was_paid_is_due_back(shop: Shop, paid: Order):
    await shop.choose(paid)
    sent = await shop.press(paid, Act.PAY)
    await service.accept_balance_cash(shop.desk, order=paid, actor=SYSTEM)
    for each in sent:
        await shop.take(each)
    await shop.handle_all()

    assert await stands(shop, paid) == ("PAID", 0)
    assert await refunds_of(shop, paid) == [("paid_again", BALANCE)]
    assert await shop.balances(paid) == {
        Account.RECEIVED: TOTAL + BALANCE,
        Account.CUSTOMER: TOTAL,
        Account.REFUND_DUE: BALANCE,
    }
    assert await offenders(shop.database) == []


async def test_a_second_deposit_is_not_the_balance(shop: Shop, make: Make):
    """They may be the same amount: what the payment was opened for decides."""
    half = await make.order(await event_of(make, shop, fulfilment="jastip", deposit_percent=50))
    await shop.choose(half)
    sent = await shop.press(half, Act.PAY)
    await service.accept_cash(shop.desk, order=half, actor=SYSTEM)
    for each in sent:
        await shop.take(each)
    await shop.handle_all()

    assert await stands(shop, half) == ("PAID", TOTAL // 2)
    assert await refunds_of(shop, half) == [("paid_again", TOTAL // 2)]
    assert await offenders(shop.database) == []


async def test_a_program_confirms_the_balance_and_refuses_its_proof(shop: Shop, paid: Order):
    program = await give_key(shop)
    await prove(shop, paid)
    outcomes = await program.send(program.reject(paid))
    refused = await stands(shop, paid)
    outcomes += await program.send(program.approve(paid, "BCA-1", amount=BALANCE))
    outcomes += await program.send(program.approve(paid, "BCA-1", amount=BALANCE))
    outcomes += await program.send(program.approve(paid, "BCA-2", amount=TOTAL))

    assert (outcomes, refused) == (["refused", "settled", "settled", "settled"], ("PAID", BALANCE))
    assert await stands(shop, paid) == ("PAID", 0)
    assert await refunds_of(shop, paid) == [("paid_again", TOTAL)]
    assert await offenders(shop.database) == []


@pytest.mark.parametrize(("days", "left", "key"), [(1, 0, None), (-1, TOTAL // 2, "BCA-2")])
async def test_money_that_may_be_either_half_is_the_balance_when_it_came_after_the_approval(
    shop: Shop, bank: PaymentMethod, make: Make, days: int, left: int, key: str | None
):
    """Before it, it is what a person approved, without its kode unik."""
    half = await make.order(await event_of(make, shop, fulfilment="jastip", deposit_percent=50))
    deposit = await choose(shop.database, half, bank.id)
    await send_proof(make, half)
    await service.approve(shop.desk, order=await shop.order(half), actor=SYSTEM)
    await choose(shop.database, half, bank.id)
    (approved,) = [each for each in await shop.payments(half) if each.id == deposit.id]
    assert approved.settled_at is not None
    came = (approved.settled_at + timedelta(days=days)).isoformat()
    program = await give_key(shop)

    outcomes = await program.send(program.approve(half, "BCA-2", amount=TOTAL // 2, occurred_at=came))

    settled = [payment for payment in await shop.payments(half) if payment.state == "paid"]
    assert (outcomes, await stands(shop, half)) == (["settled"], ("PAID", left))
    assert {each.payment_key for each in settled if each.id == deposit.id} == {key}
    received = deposit.amount + TOTAL // 2 - left
    assert await shop.balances(half) == {Account.RECEIVED: received, Account.CUSTOMER: received}
    assert await refunds_of(shop, half) == []
    assert await offenders(shop.database) == []


async def test_the_deposit_that_was_approved_is_no_other_amount_while_the_balance_is_due(
    shop: Shop, order: Order, bank: PaymentMethod, make: Make
):
    deposit = await choose(shop.database, order, bank.id)
    await send_proof(make, order)
    await service.approve(shop.desk, order=await shop.order(order), actor=SYSTEM)
    program = await give_key(shop)

    outcomes = await program.send(
        program.approve(order, "BCA-1", amount=DEPOSIT, occurred_at="2999-01-01T00:00:00Z"),
        program.approve(order, "BCA-2", amount=BALANCE),
    )

    keys = sorted((each.amount, each.payment_key) for each in await shop.payments(order))
    assert (outcomes, await stands(shop, order)) == (["settled"] * 2, ("PAID", 0))
    assert keys == [(deposit.amount, "BCA-1"), (BALANCE, "BCA-2")]
    received = deposit.amount + BALANCE
    assert await shop.balances(order) == {Account.RECEIVED: received, Account.CUSTOMER: received}
    assert await refunds_of(shop, order) == []
    assert await offenders(shop.database) == []


async def test_another_amount_than_the_balance_settles_nothing(shop: Shop, paid: Order):
    program = await give_key(shop)
    outcomes = await program.send(program.approve(paid, "BCA-1", amount=TOTAL))

    assert (outcomes, await stands(shop, paid)) == (["flagged"], ("PAID", BALANCE))
    assert await refunds_of(shop, paid) == [("other_amount", TOTAL)]
    assert await offenders(shop.database) == []


async def upload(shop: Shop, bank: PaymentMethod, amount: int) -> None:
    staff = Actor.staff(new_id(), frozenset({bank.merchant_id}))
    async with shop.database.write(staff) as session:
        await add_lines(session, method=bank, lines=[Line(today(), amount, "TRSF SARI")])
    await match_lines(shop.database, shop.desk, bank.id)


async def test_a_statement_settles_the_exact_balance(shop: Shop, paid: Order, bank: PaymentMethod):
    asked = await choose(shop.database, paid, bank.id)
    await upload(shop, bank, asked.amount)

    assert await stands(shop, paid) == ("PAID", 0)
    assert (await shop.balances(paid))[Account.RECEIVED] == DEPOSIT + asked.amount
    assert await offenders(shop.database) == []


async def test_a_near_amount_is_the_balance_when_a_person_says_so(
    shop: Shop, paid: Order, bank: PaymentMethod
):
    asked = await choose(shop.database, paid, bank.id)
    await upload(shop, bank, asked.amount + 1)
    async with shop.database.read(SYSTEM) as session:
        ((line, _),) = await list_open_lines(session, bank.merchant_id)
        (near,) = (await list_suggestions(session, [line]))[line.id]
    await accept_line(shop.desk, line=line, order=paid, near=near, actor=SYSTEM)

    assert (near.code, near.asked_amount) == (paid.code, asked.amount)
    assert await stands(shop, paid) == ("PAID", 0)
    assert (await shop.balances(paid))[Account.RECEIVED] == DEPOSIT + asked.amount + 1
    assert await offenders(shop.database) == []


@pytest.mark.parametrize(("settles", "back"), [(False, DEPOSIT), (True, TOTAL)])
async def test_a_refund_gives_back_what_was_paid_and_no_more(
    shop: Shop, paid: Order, bank: PaymentMethod, settles: bool, back: int
):
    if settles:
        await service.accept_balance_cash(shop.desk, order=paid, actor=SYSTEM)
    staff = Actor.staff(new_id(), frozenset({paid.merchant_id}))
    await shop.desk.submit(
        refund_move(paid, cause=RefundCause.ASKED, reason="Barang habis", approval=Approval(staff))
    )

    assert (await shop.order(paid)).state == "REFUNDED"
    assert await refunds_of(shop, paid) == [("asked", back)]
    with pytest.raises(WrongState):
        await service.accept_balance_cash(shop.desk, order=await shop.order(paid), actor=SYSTEM)
    with pytest.raises(WrongState):
        await choose(shop.database, paid, bank.id)
    assert await offenders(shop.database) == []


async def test_what_came_in_parts_at_a_provider_goes_back_by_hand(shop: Shop, order: Order):
    """A provider gives back no more than it took by one payment."""
    await shop.pay(order)
    await shop.pay(order)
    await shop.desk.submit(
        refund_move(order, cause=RefundCause.ASKED, reason="Barang habis", approval=Approval(SYSTEM))
    )

    async with shop.database.read(SYSTEM) as session:
        (refund,) = await list_refunds(session, order.id)
    assert (refund.method, refund.amount) == ("manual", TOTAL)
    assert await offenders(shop.database) == []


async def test_late_money_of_a_deposit_pays_the_deposit(shop: Shop, order: Order, make: Make):
    await make.move(Move(OrderEvent.CANCEL, order.event_id, SYSTEM, order.id))
    await service.accept_late(
        shop.desk, order=await shop.order(order), actor=SYSTEM, reason="Uang masuk terlambat"
    )

    assert await stands(shop, order) == (OrderState.PAID, BALANCE)
    assert await shop.balances(order) == {Account.RECEIVED: DEPOSIT, Account.CUSTOMER: DEPOSIT}
    assert await offenders(shop.database) == []


async def test_only_goods_that_are_shopped_for_are_paid_in_parts(make: Make, shop: Shop):
    with pytest.raises(IntegrityError):
        await event_of(make, shop, deposit_percent=50)


async def test_a_paid_order_without_its_money_is_named(shop: Shop, paid: Order, owner):
    async with owner.begin() as connection:
        await connection.exec_driver_sql("UPDATE orders SET balance_due_amount = 0")

    assert [rule for rule, *_ in await offenders(shop.database)] == ["payments.paid_orders_have_money"]
