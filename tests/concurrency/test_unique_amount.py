"""Two buyers never get the same exact amount on one account, however many choose at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import URL, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pesan.db import Actor, Database
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.models import Payment, PaymentMethod
from pesan.settings import Settings
from tests.payments.steps import add_method, choose, offenders
from tests.support.factories import Make
from tests.support.schema import open_database

BUYERS = 40


@pytest.fixture
async def wide_database(settings: Settings) -> AsyncIterator[Database]:
    """As many connections as there are buyers."""
    database = open_database(settings.model_copy(update={"database_pool_size": BUYERS}), "web")
    yield database
    await database.dispose()


@pytest.fixture
async def owner(database_url: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database_url, pool_size=1)
    yield engine
    await engine.dispose()


async def make_orders(make: Make, number: int = BUYERS) -> list[Order]:
    event = await make.event(capacity=number)
    return [await make.order(event) for _ in range(number)]


async def leave_free(owner: AsyncEngine, payment: Payment, free: range, up_to: int = 9_999) -> None:
    """Take every amount of the payment's account but those of the codes in `free`."""
    async with owner.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO amount_reservations (account_key, amount, merchant_id, order_id, payment_id)"
                " SELECT r.account_key, :base + code, r.merchant_id, r.order_id, r.payment_id"
                " FROM amount_reservations r, generate_series(1, :up_to) AS code"
                " WHERE r.payment_id = :payment_id AND r.amount = :amount AND NOT code BETWEEN :first AND :last"
                " ON CONFLICT DO NOTHING"
            ),
            {
                "base": payment.base_amount,
                "up_to": up_to,
                "payment_id": payment.id,
                "amount": payment.amount,
                "first": free.start,
                "last": free.stop - 1,
            },
        )


async def test_racing_buyers_get_different_amounts_from_a_nearly_empty_pool(
    make: Make, database: Database, wide_database: Database, owner: AsyncEngine
) -> None:
    first, *orders = await make_orders(make, BUYERS + 1)
    method = await add_method(database, first.merchant_id)
    taken = await choose(wide_database, first, method.id)
    free = range(500, 500 + BUYERS // 2)
    await leave_free(owner, taken, free, up_to=999)

    payments = await asyncio.gather(*(choose(wide_database, order, method.id) for order in orders))

    codes = sorted(payment.unique_code or 0 for payment in payments)
    three_digits = [code for code in codes if code <= 999]
    assert len(set(codes)) == BUYERS
    assert three_digits == [code for code in free if code != taken.unique_code]
    assert all(1_000 <= code <= 9_999 for code in codes[len(three_digits) :])
    assert await offenders(database) == {}


async def test_amount_of_an_ended_order_is_taken_over_by_one_racer_only(
    make: Make, database: Database, wide_database: Database, owner: AsyncEngine
) -> None:
    ended, live, *orders = await make_orders(make)
    method = await add_method(database, ended.merchant_id)
    old = await choose(wide_database, ended, method.id)
    await leave_free(owner, await choose(wide_database, live, method.id), range(0))
    async with owner.begin() as connection:
        long_ago = func.clock_timestamp() - timedelta(days=2)
        changes = {"state": OrderState.EXPIRED, "ended_at": long_ago}
        await connection.execute(update(Order).where(Order.id == ended.id).values(**changes))

    payments = await asyncio.gather(*(choose(wide_database, order, method.id) for order in orders))

    assert sorted(payment.amount for payment in payments) == [150_000] * (len(orders) - 1) + [old.amount]


async def test_one_buyer_in_two_windows_has_one_open_payment(
    make: Make, database: Database, wide_database: Database
) -> None:
    (order,) = await make_orders(make, 1)
    methods = [await add_method(database, order.merchant_id, account_no=f"12345678{n}") for n in range(4)]

    await asyncio.gather(*(choose(wide_database, order, method.id) for method in methods * 3))

    async with wide_database.read(Actor.guest(order.code)) as session:
        states = (await session.scalars(select(Payment.state).where(Payment.order_id == order.id))).all()
    assert sorted(states) == ["open", "superseded", "superseded", "superseded"]


async def test_without_the_reservation_the_same_race_gives_one_amount_twice(
    make: Make, database: Database, wide_database: Database
) -> None:
    """The control: whoever looks for a free amount and then writes it is too late."""
    orders = await make_orders(make)
    method = await add_method(database, orders[0].merchant_id)

    await asyncio.gather(*(choose_without_guard(wide_database, order, method) for order in orders))

    async with database.read(Actor.system("tests")) as session:
        amounts = (await session.scalars(select(Payment.amount))).all()
    assert len(amounts) == BUYERS
    assert len(set(amounts)) < BUYERS


async def choose_without_guard(database: Database, order: Order, method: PaymentMethod) -> None:
    async with database.sale() as session:
        taken = set((await session.scalars(select(Payment.unique_code))).all())
        code = next(number for number in range(1, 1_000) if number not in taken)
        session.add(
            Payment(
                id=new_id(),
                merchant_id=order.merchant_id,
                order_id=order.id,
                method_id=method.id,
                base_amount=order.total_amount,
                unique_code=code,
                amount=order.total_amount + code,
                state="open",
            )
        )
