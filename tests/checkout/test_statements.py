"""Bank statements: exact amounts settle by themselves, near ones wait for a person, nothing settles twice."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from pesan.checkout.statements import accept_line, match_lines
from pesan.db import Actor, Database
from pesan.errors import PesanError
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.models import Payment, PaymentMethod
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.refunds.states import RefundCause
from pesan.payments.statements.errors import LineNotFound
from pesan.payments.statements.models import BankLine
from pesan.payments.statements.queries import Suggestion, get_open_line, list_open_lines, list_suggestions
from pesan.payments.statements.reading import Line
from pesan.payments.statements.service import add_lines, dismiss_line
from pesan.payments.statements.states import LineState
from pesan.realtime import Hub
from pesan.tenancy.models import Merchant
from tests.payments.steps import approve, choose, send_proof
from tests.support.booths import book, make_place
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make

pytestmark = pytest.mark.every_postgres
COLUMNS = {"date": "Tanggal", "description": "Keterangan", "amount": "Jumlah"}


def today() -> date:
    return datetime.now(ZoneInfo("Asia/Jakarta")).date()


class Bank:
    """A merchant's account, orders that wait for its money, and the statements that come."""

    def __init__(self, make: Make, database: Database, desk: SaleDesk) -> None:
        self.make = make
        self.database = database
        self.desk = desk
        self.method: PaymentMethod

    async def open(self) -> "Bank":
        self.merchant = await self.make.merchant()
        self.method = await self.make.method(self.merchant)
        self.event = await self.make.event(self.merchant, capacity=10)
        return self

    @property
    def staff(self) -> Actor:
        """The merchant's own people, because only they may upload."""
        return Actor.staff(UUID(int=7), frozenset([self.method.merchant_id]))

    async def order(self, **wish: object) -> tuple[Order, Payment]:
        order = await self.make.order(self.event, **wish)
        return order, await choose(self.database, order, self.method.id)

    async def upload(self, *lines: Line) -> int:
        async with self.database.write(self.staff) as session:
            return await add_lines(session, method=self.method, lines=lines, columns=COLUMNS)

    async def match(self) -> None:
        await match_lines(self.database, self.desk, self.method.id)

    async def states(self) -> Sequence[str]:
        async with self.database.read(SYSTEM) as session:
            return (await session.scalars(text("SELECT state FROM bank_lines ORDER BY amount, id"))).all()

    async def state_of(self, order: Order) -> str:
        async with self.database.read(SYSTEM) as session:
            return (await session.get_one(Order, order.id)).state

    async def received(self, order: Order) -> Sequence[int]:
        query = text(
            "SELECT amount FROM ledger_entries WHERE order_id = :id AND account = 'received' ORDER BY 1"
        )
        async with self.database.read(SYSTEM) as session:
            return (await session.scalars(query, {"id": order.id})).all()

    async def near(self, line: BankLine, order: Order) -> Suggestion:
        async with self.database.read(self.staff) as session:
            suggested = (await list_suggestions(session, [line]))[line.id]
        return next(one for one in suggested if one.order_id == order.id)

    async def accept(self, line: BankLine, order: Order) -> bool:
        """Say that the line is the order's money; whether it paid for anything."""
        near = await self.near(line, order)
        return await accept_line(self.desk, line=line, order=order, near=near, actor=self.staff)

    async def first_open(self) -> BankLine:
        async with self.database.read(SYSTEM) as session:
            ((line, _),) = await list_open_lines(session, self.method.merchant_id)
            return line


def line(amount: int, *, days_ago: int = 0, description: str = "TRSF SARI", number: int = 1) -> Line:
    return Line(today() - timedelta(days=days_ago), amount, description, number)


@pytest.fixture
async def bank(make: Make, database: Database) -> Bank:
    return await Bank(make, database, SaleDesk(database, Hub())).open()


@pytest.mark.parametrize("is_reviewed", [False, True])
async def test_an_exact_amount_settles_by_itself(bank: Bank, is_reviewed: bool):
    order, payment = await bank.order()
    if is_reviewed:
        await send_proof(bank.make, order)
    await bank.upload(line(payment.amount))
    await bank.match()
    assert (await bank.state_of(order), await bank.received(order)) == (OrderState.PAID, [payment.amount])
    assert (await bank.states(), await offenders(bank.database)) == ([LineState.MATCHED], [])


async def test_a_statement_uploaded_again_settles_nothing_again(bank: Bank):
    order, payment = await bank.order()
    assert [await bank.upload(line(payment.amount)), await bank.upload(line(payment.amount))] == [1, 0]
    await bank.match()
    assert [await bank.upload(line(payment.amount), line(90_000)), await bank.received(order)] == [
        1, [payment.amount]
    ]  # fmt: skip


async def test_a_transfer_that_was_approved_by_its_proof_is_confirmed(bank: Bank):
    order, payment = await bank.order()
    await send_proof(bank.make, order)
    await approve(bank.make, order)
    await bank.upload(line(payment.amount), line(payment.amount, number=2))
    await bank.match()
    assert await bank.received(order) == [payment.amount]
    assert sorted(await bank.states()) == [LineState.MATCHED, LineState.OPEN]  # the second is money again
    assert await offenders(bank.database) == []


async def test_money_for_an_order_that_ended_pays_it_while_places_are_left(bank: Bank):
    order, payment = await bank.order()
    await bank.make.move(cancel(order))
    await bank.upload(line(payment.amount))
    await bank.match()
    assert await bank.state_of(order) == OrderState.PAID


async def test_late_money_without_places_is_due_back(bank: Bank):
    order, payment = await bank.order()
    await bank.make.move(cancel(order))
    for _ in range(10):
        await bank.make.order(bank.event)
    await bank.upload(line(payment.amount))
    await bank.match()
    assert (await bank.state_of(order), await bank.received(order)) == (
        OrderState.CANCELLED,
        [payment.amount],
    )
    assert (await bank.states(), await offenders(bank.database)) == ([LineState.MATCHED], [])


@pytest.mark.parametrize("days_ago", [-5, 1, 30])
async def test_an_amount_out_of_its_time_waits_for_a_person(bank: Bank, days_ago: int):
    order, payment = await bank.order()
    await bank.upload(line(payment.amount, days_ago=days_ago))
    await bank.match()
    assert (await bank.state_of(order), await bank.states()) == (OrderState.HOLD, [LineState.OPEN])


async def test_a_line_of_the_day_before_the_amount_was_reserved_waits_for_a_person(bank: Bank, execute):
    """The order may be older: until that day's end the amount was another one's."""
    order, payment = await bank.order()
    await bank.upload(line(payment.amount))
    execute("UPDATE amount_reservations SET reserved_at = now() + interval '1 day'")
    await bank.match()
    assert (await bank.state_of(order), await bank.states()) == (OrderState.HOLD, [LineState.OPEN])


async def test_an_amount_of_another_account_settles_nothing(bank: Bank, make: Make):
    order, payment = await bank.order()
    bank.method = await make.method(await make.merchant())
    await bank.upload(line(payment.amount))
    await bank.match()
    assert (await bank.state_of(order), await bank.states()) == (OrderState.HOLD, [LineState.OPEN])


async def test_an_amount_of_a_method_given_up_waits_for_a_person(bank: Bank, make: Make, database: Database):
    order, payment = await bank.order()
    async with database.read(SYSTEM) as session:
        other = await make.method(await session.get_one(Merchant, order.merchant_id))
    await choose(database, order, other.id)
    await bank.upload(line(payment.amount))
    await bank.match()
    assert (await bank.state_of(order), await bank.states()) == (OrderState.HOLD, [LineState.OPEN])


def beside(payment: Payment, other: Payment) -> int:
    """An amount that is off by one, away from what the other was asked for."""
    return payment.amount + (1 if other.amount < payment.amount else -1)


async def test_a_near_amount_is_suggested_and_settles_when_a_person_says_so(bank: Bank):
    order, payment = await bank.order(buyer_name="Sari Dewi")
    _, other = await bank.order(buyer_name="Budi Santoso")
    amount = beside(payment, other)
    await bank.upload(line(amount))
    await bank.match()
    near = await bank.first_open()
    async with bank.database.read(SYSTEM) as session:
        nearest, *_ = (await list_suggestions(session, [near]))[near.id]
        order = await session.get_one(Order, order.id)
    assert (nearest.code, nearest.asked_amount) == (order.code, payment.amount)
    assert await bank.accept(near, order)
    assert (await bank.state_of(order), await bank.received(order)) == (OrderState.PAID, [amount])
    assert (await bank.states(), await offenders(bank.database)) == ([LineState.MATCHED], [])


async def test_an_order_that_was_paid_with_far_too_little_is_named(bank: Bank):
    order, asked = await bank.order()
    await bank.upload(line(1_000))
    await bank.match()
    near = Suggestion(order.id, order.code, order.buyer_name, asked.amount, asked.base_amount)
    await accept_line(bank.desk, line=await bank.first_open(), order=order, near=near, actor=bank.staff)
    named = [(rule, order_id, amount) for rule, order_id, *_, amount in await offenders(bank.database)]
    assert named == [("payments.paid_orders_have_money", order.id, 1_000)]


async def test_a_line_for_a_time_that_is_over_pays_nothing_and_is_due_back(
    bank: Bank, postgres, database_url
):
    place = await make_place(bank.make, bank.database, bank.merchant)
    order = await book(bank.make, place, in_minutes=30)
    payment = await choose(bank.database, order, bank.method.id)
    await bank.upload(line(payment.amount - 1))
    await bank.match()
    with postgres.connect(database_url.database) as owner:
        owner.execute("UPDATE slots SET starts_at = starts_at - interval '1 hour', ends_at = now()")

    assert not await bank.accept(await bank.first_open(), order)

    async with bank.database.read(SYSTEM) as session:
        (refund,) = await list_refunds(session, order.id)
    assert (refund.amount, refund.cause) == (payment.amount - 1, RefundCause.PAID_LATE)
    assert (await bank.state_of(order), await bank.states()) == (OrderState.HOLD, [LineState.MATCHED])


async def test_one_line_pays_one_order_however_many_accept_it(bank: Bank):
    (first, payment), (second, _) = await bank.order(), await bank.order()
    await bank.upload(line(payment.base_amount))
    await bank.match()
    near = await bank.first_open()
    outcomes = await asyncio.gather(
        *(bank.accept(near, order) for order in (first, second)),
        return_exceptions=True,
    )
    assert sorted(isinstance(outcome, LineNotFound) for outcome in outcomes) == [False, True]
    assert sorted([await bank.state_of(first), await bank.state_of(second)]) == [
        OrderState.HOLD,
        OrderState.PAID,
    ]
    assert await offenders(bank.database) == []


async def test_two_jobs_at_once_settle_once(bank: Bank):
    orders = [await bank.order() for _ in range(4)]
    await bank.upload(*(line(payment.amount) for _, payment in orders))
    await asyncio.gather(bank.match(), bank.match())
    assert [len(await bank.received(order)) for order, _ in orders] == [1, 1, 1, 1]
    assert await offenders(bank.database) == []


async def test_a_dismissed_line_is_nobodys_money(bank: Bank):
    await bank.upload(line(90_000))
    await bank.match()
    open_line = await bank.first_open()
    async with bank.database.write(bank.staff) as session:
        await dismiss_line(session, open_line.id, merchant_id=bank.method.merchant_id, by=None)
    with pytest.raises(LineNotFound):
        async with bank.database.read(bank.staff) as session:
            await get_open_line(session, bank.method.merchant_id, open_line.id)
    assert await bank.states() == [LineState.DISMISSED]


async def test_an_accepted_line_is_refused_for_an_order_that_is_paid(bank: Bank):
    order, payment = await bank.order()
    await bank.upload(line(payment.base_amount))
    await bank.match()
    open_line = await bank.first_open()
    near = await bank.near(open_line, order)
    await send_proof(bank.make, order)
    await approve(bank.make, order)
    with pytest.raises(PesanError):
        await accept_line(bank.desk, line=open_line, order=order, near=near, actor=bank.staff)
    assert (await bank.states(), await bank.received(order)) == ([LineState.OPEN], [payment.amount])


def cancel(order: Order) -> Move:
    return Move(OrderEvent.CANCEL, order.event_id, SYSTEM, order.id)
