"""Choosing a method gives an order the exact amount that names it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.audit.models import AuditEntry
from pesan.db import Actor, Database
from pesan.kit.ids import new_id
from pesan.orders.errors import HoldExpired, WrongState
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.errors import MethodNotOffered, NothingToPay, QrisAmountRefused
from pesan.payments.models import AmountReservation, Payment
from pesan.payments.queries import find_open_payment, list_offered_methods, list_payments
from pesan.payments.service import update_method
from pesan.payments.states import PaymentState
from tests.payments.steps import BANK, QRIS, add_method, choose, offenders
from tests.support.factories import SYSTEM, Make


async def reservations(database: Database) -> list[tuple[str, int]]:
    async with database.read(SYSTEM) as session:
        rows = await session.execute(
            select(AmountReservation.account_key, AmountReservation.amount).order_by(
                AmountReservation.reserved_at
            )
        )
        return [(key, amount) for key, amount in rows]


async def payments_of(database: Database, order: Order) -> list[tuple[str, int]]:
    async with database.read(SYSTEM) as session:
        return [(payment.state, payment.amount) for payment in await list_payments(session, order.id)]


async def end(owner: AsyncEngine, order: Order, *, before_midnight: timedelta) -> None:
    """Let the order have ended before Jakarta's last midnight; the owner of the tables alone may write this."""
    midnight = func.date_trunc("day", func.clock_timestamp(), "Asia/Jakarta")
    async with owner.begin() as connection:
        await connection.execute(
            update(Order)
            .where(Order.id == order.id)
            .values(state=OrderState.EXPIRED, ended_at=midnight - before_midnight)
        )


async def test_first_choice_adds_three_digits_to_the_price(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    method = await add_method(database, order.merchant_id)

    payment = await choose(web_database, order, method.id)

    assert payment.unique_code is not None
    assert 1 <= payment.unique_code <= 999
    assert (payment.base_amount, payment.amount) == (150_000, 150_000 + payment.unique_code)
    assert (payment.state, payment.currency) == (PaymentState.OPEN, "IDR")
    assert await reservations(database) == [("bank:014:1234567890", payment.amount)]
    assert await offenders(database) == {}


async def test_same_method_again_is_the_same_payment(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    method = await add_method(database, order.merchant_id)
    first = await choose(web_database, order, method.id)

    again = await choose(web_database, order, method.id)

    assert (again.id, again.amount) == (first.id, first.amount)
    assert len(await reservations(database)) == 1


async def test_another_method_supersedes_the_first_whose_amount_stays_reserved(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    bank = await add_method(database, order.merchant_id)
    qris = await add_method(database, order.merchant_id, QRIS)
    first = await choose(web_database, order, bank.id)

    second = await choose(web_database, order, qris.id)

    assert await payments_of(database, order) == [
        (PaymentState.SUPERSEDED, first.amount),
        (PaymentState.OPEN, second.amount),
    ]
    assert await reservations(database) == [
        ("bank:014:1234567890", first.amount),
        ("qris:ID1099900000001", second.amount),
    ]


async def test_returning_to_a_method_finds_its_amount_again(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    bank = await add_method(database, order.merchant_id)
    qris = await add_method(database, order.merchant_id, QRIS)
    first = await choose(web_database, order, bank.id)
    second = await choose(web_database, order, qris.id)

    returned = await choose(web_database, order, bank.id)

    assert returned.id == first.id
    assert await payments_of(database, order) == [
        (PaymentState.OPEN, first.amount),
        (PaymentState.SUPERSEDED, second.amount),
    ]


async def test_every_choice_is_audited(make: Make, database: Database, web_database: Database) -> None:
    order = await make.order()
    bank = await add_method(database, order.merchant_id)
    qris = await add_method(database, order.merchant_id, QRIS)
    first = await choose(web_database, order, bank.id)
    second = await choose(web_database, order, qris.id)

    async with database.read(SYSTEM) as session:
        entries = await session.execute(
            select(AuditEntry.data)
            .where(AuditEntry.subject_id == order.id, AuditEntry.action == "order:payment:method_selected")
            .order_by(AuditEntry.seq)
        )
    assert [row.data["superseded_payment_id"] for row in entries] == [None, str(first.id)]
    assert second.id != first.id


@pytest.mark.parametrize("state", [state for state in OrderState if state is not OrderState.HOLD])
async def test_order_that_is_no_hold_takes_no_method(
    make: Make, database: Database, web_database: Database, owner: AsyncEngine, state: OrderState
) -> None:
    order = await make.order()
    method = await add_method(database, order.merchant_id)
    async with owner.begin() as connection:
        await connection.execute(update(Order).where(Order.id == order.id).values(state=state))

    with pytest.raises(WrongState):
        await choose(web_database, order, method.id)

    assert await reservations(database) == []


async def test_hold_that_is_over_takes_no_method_even_when_nothing_swept(
    make: Make, database: Database, web_database: Database, owner: AsyncEngine
) -> None:
    order = await make.order()
    method = await add_method(database, order.merchant_id)
    async with owner.begin() as connection:
        await connection.execute(update(Order).values(hold_expires_at=func.clock_timestamp()))

    with pytest.raises(HoldExpired):
        await choose(web_database, order, method.id)

    assert await reservations(database) == []


async def test_free_order_needs_no_method(
    make: Make, database: Database, web_database: Database, owner: AsyncEngine
) -> None:
    order = await make.order()
    method = await add_method(database, order.merchant_id)
    async with owner.begin() as connection:
        await connection.execute(update(Order).values(subtotal_amount=0, total_amount=0))

    with pytest.raises(NothingToPay):
        await choose(web_database, order, method.id)


async def test_method_of_another_merchant_is_not_offered(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    foreign = await add_method(database, (await make.merchant()).id)

    with pytest.raises(MethodNotOffered):
        await choose(web_database, order, foreign.id)

    assert await payments_of(database, order) == []


async def test_method_that_was_switched_off_is_not_offered(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    method = await add_method(database, order.merchant_id)
    async with database.write(SYSTEM) as session:
        await update_method(session, method.id, is_active=False, actor=SYSTEM)

    with pytest.raises(MethodNotOffered):
        await choose(web_database, order, method.id)


async def test_event_that_names_its_methods_offers_only_those(make: Make, database: Database) -> None:
    merchant = await make.merchant()
    second = await add_method(database, merchant.id, position=2)
    first = await add_method(database, merchant.id, QRIS, position=1)
    all_of_them = await make.event(merchant)
    only_one = await make.event(merchant, method_ids=[second.id])

    async with database.read(Actor.guest()) as session:
        offered = [
            [
                method.id
                for method in await list_offered_methods(session, event_id=event.id, merchant_id=merchant.id)
            ]
            for event in (all_of_them, only_one)
        ]

    assert offered == [[first.id, second.id], [second.id]]


async def test_qris_above_its_cap_is_refused_and_a_bank_is_not(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order(await make.event(price_amount=10_000_001))
    qris = await add_method(database, order.merchant_id, QRIS)
    bank = await add_method(database, order.merchant_id)

    with pytest.raises(QrisAmountRefused):
        await choose(web_database, order, qris.id)

    assert (await choose(web_database, order, bank.id)).base_amount == 10_000_001


async def test_qris_just_below_its_cap_stays_within_it(
    make: Make, database: Database, web_database: Database
) -> None:
    event = await make.event(price_amount=9_999_998)
    qris = await add_method(database, event.merchant_id, QRIS)
    orders = [await make.order(event) for _ in range(3)]

    payments = [await choose(web_database, order, qris.id) for order in orders]

    # two amounts are left below the cap; the third has to do with its proof
    assert sorted(payment.amount for payment in payments[:2]) == [9_999_999, 10_000_000]
    assert (payments[2].amount, payments[2].unique_code) == (9_999_998, None)


async def test_three_digits_run_out_then_four_then_none(
    make: Make, database: Database, web_database: Database, owner: AsyncEngine
) -> None:
    event = await make.event()
    method = await add_method(database, event.merchant_id)
    first, second, third = [await make.order(event) for _ in range(3)]
    taken = await choose(web_database, first, method.id)
    await fill(owner, taken, up_to=999)

    four_digits = await choose(web_database, second, method.id)
    await fill(owner, taken, up_to=9_999)
    none = await choose(web_database, third, method.id)

    assert four_digits.unique_code is not None
    assert 1_000 <= four_digits.unique_code <= 9_999
    assert (none.unique_code, none.amount) == (None, 150_000)


async def test_two_methods_on_one_account_share_its_amounts(
    make: Make, database: Database, web_database: Database, owner: AsyncEngine
) -> None:
    event = await make.event()
    one = await add_method(database, event.merchant_id, BANK, bank_name="BCA")
    same = await add_method(database, event.merchant_id, BANK, bank_name="Bank Central Asia, PT.")
    taken = await choose(web_database, await make.order(event), one.id)
    await fill(owner, taken, up_to=999)

    payment = await choose(web_database, await make.order(event), same.id)

    assert one.account_key == same.account_key
    assert payment.unique_code is not None
    assert payment.unique_code >= 1_000


# Lines of statements have no hour: from the day on which the 24 hours end, an amount is free only on the next.
@pytest.mark.parametrize(
    ("before_midnight", "is_free"),
    [(timedelta(0), False), (timedelta(hours=24), False), (timedelta(hours=24, seconds=1), True)],
)
async def test_amount_is_free_again_when_the_day_after_its_orders_end_is_over(
    make: Make,
    database: Database,
    web_database: Database,
    owner: AsyncEngine,
    before_midnight: timedelta,
    is_free: bool,
) -> None:
    event = await make.event()
    method = await add_method(database, event.merchant_id)
    ended = await make.order(event)
    old = await choose(web_database, ended, method.id)
    live = await make.order(event)
    await fill(owner, await choose(web_database, live, method.id), up_to=9_999)
    await end(owner, ended, before_midnight=before_midnight)

    payment = await choose(web_database, await make.order(event), method.id)

    assert payment.amount == (old.amount if is_free else 150_000)
    assert await offenders(database) == {}


async def test_stranger_cannot_open_a_payment_for_an_order(
    make: Make, database: Database, web_database: Database
) -> None:
    order, other = await make.order(), await make.order()
    foreign = Payment(
        id=new_id(),
        merchant_id=order.merchant_id,
        order_id=order.id,
        base_amount=1,
        amount=1,
        state=PaymentState.OPEN.value,
    )

    with pytest.raises(Exception, match="row-level security"):
        async with web_database.write(Actor.guest(other.code)) as session:
            session.add(foreign)

    assert await payments_of(database, order) == []


async def test_guest_cannot_write_that_money_came(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    payment = await choose(web_database, order, (await add_method(database, order.merchant_id)).id)

    with pytest.raises(Exception, match="permission denied"):
        async with web_database.write(Actor.guest(order.code)) as session:
            await session.execute(update(Payment).values(state="paid", settled_at=func.now()))
    with pytest.raises(Exception, match="row-level security"):
        async with web_database.write(Actor.guest(order.code)) as session:
            await session.execute(update(Payment).values(state="failed"))

    async with web_database.read(Actor.guest(order.code)) as session:
        found = await find_open_payment(session, order.id)
    assert found is not None
    assert found.id == payment.id


async def test_guest_never_sees_the_reservations(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    await choose(web_database, order, (await add_method(database, order.merchant_id)).id)

    async with web_database.read(Actor.guest(order.code)) as session:
        seen = (await session.execute(text("SELECT * FROM amount_reservations"))).all()

    assert (seen, len(await reservations(database))) == ([], 1)


async def fill(owner: AsyncEngine, taken: Payment, *, up_to: int) -> None:
    """Take every amount of the account up to a code, for the order of a payment that is open."""
    async with owner.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO amount_reservations (account_key, amount, merchant_id, order_id, payment_id)"
                " SELECT r.account_key, :base + code, r.merchant_id, r.order_id, r.payment_id"
                " FROM amount_reservations r, generate_series(1, :up_to) AS code"
                " WHERE r.payment_id = :payment_id AND r.amount = :amount"
                " ON CONFLICT DO NOTHING"
            ),
            {"base": taken.base_amount, "up_to": up_to, "payment_id": taken.id, "amount": taken.amount},
        )
