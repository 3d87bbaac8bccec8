"""Every rupiah is somewhere, once; nothing is ever rewritten."""

from collections.abc import Mapping
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.db import Actor, Database
from pesan.kit.ids import new_id
from pesan.orders.gate import transition_many
from pesan.orders.models import Order
from pesan.orders.moves import Move, Moved
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import CaptureCompanion, CashCompanion, ledger
from pesan.payments.ledger import Movement
from pesan.payments.models import LedgerEntry, Payment, PaymentProof
from pesan.payments.queries import list_payments, list_proofs
from pesan.payments.states import ROUTES, Account, Reason
from tests.payments.steps import add_method, approve, choose, fulfil, offenders, proof_of, send_proof
from tests.support.factories import SYSTEM, Make


async def balances(database: Database, order: Order) -> Mapping[Account, int]:
    async with database.read(SYSTEM) as session:
        return {
            account: amount
            for account, amount in (await ledger.get_balances(session, order.id)).items()
            if amount
        }


async def chosen(make: Make, database: Database, web_database: Database) -> tuple[Order, Payment]:
    order = await make.order()
    method = await add_method(database, order.merchant_id)
    return order, await choose(web_database, order, method.id)


@given(st.sampled_from(Reason), st.integers(1, 10**12))
def test_every_movement_sums_to_zero(reason: Reason, amount: int) -> None:
    movement = Movement(
        reason=reason, order_id=new_id(), merchant_id=new_id(), source_id=new_id(), amount=amount
    )

    entries = list(movement.entries())

    assert [(entry["account"], entry["amount"]) for entry in entries] == [
        (ROUTES[reason][0], amount),
        (ROUTES[reason][1], -amount),
    ]
    assert len({entry["transaction_id"] for entry in entries}) == 1


async def test_approval_captures_the_exact_amount_and_fulfilment_earns_it(
    make: Make, database: Database, web_database: Database
) -> None:
    order, payment = await chosen(make, database, web_database)
    await send_proof(make, order)

    await approve(make, order)
    approved = await balances(database, order)
    await fulfil(make, order)

    assert approved == {Account.RECEIVED: payment.amount, Account.CUSTOMER: payment.amount}
    assert await balances(database, order) == {
        Account.RECEIVED: payment.amount,
        Account.FULFILLED: payment.amount,
    }
    assert await offenders(database) == {}


async def test_approval_settles_the_payment(make: Make, database: Database, web_database: Database) -> None:
    order, payment = await chosen(make, database, web_database)
    await send_proof(make, order)

    await approve(make, order)

    async with database.read(SYSTEM) as session:
        (found,) = await list_payments(session, order.id)
    assert (found.id, found.state) == (payment.id, "paid")
    assert found.settled_at is not None


async def test_proof_joins_the_open_payment(make: Make, database: Database, web_database: Database) -> None:
    order, payment = await chosen(make, database, web_database)

    sent = await send_proof(make, order, phash=-5)

    async with database.read(SYSTEM) as session:
        (proof,) = await list_proofs(session, order.id)
    assert (proof.id, proof.payment_id, proof.object_key) == (sent.proof_id, payment.id, sent.object_key)
    assert (proof.sha256, proof.phash, proof.width, proof.height) == (sent.sha256, -5, 1080, 2400)


async def test_money_without_a_chosen_method_has_a_payment_all_the_same(
    make: Make, database: Database
) -> None:
    order = await make.order()
    await send_proof(make, order)

    await approve(make, order)

    async with database.read(SYSTEM) as session:
        (payment,) = await list_payments(session, order.id)
    assert (payment.method_id, payment.amount, payment.state) == (None, 150_000, "paid")
    assert await balances(database, order) == {Account.RECEIVED: 150_000, Account.CUSTOMER: 150_000}
    assert await offenders(database) == {}


async def test_cash_counts_what_was_taken_and_not_what_was_asked(
    make: Make, database: Database, web_database: Database
) -> None:
    order, payment = await chosen(make, database, web_database)
    cash = CashCompanion(order.id, order.merchant_id, 150_000)

    await make.move(Move(OrderEvent.PAY, order.event_id, SYSTEM, order.id, companions=(cash,)))

    async with database.read(SYSTEM) as session:
        found = [(paid.state, paid.amount) for paid in await list_payments(session, order.id)]
    assert found == [("superseded", payment.amount), ("paid", 150_000)]
    assert await balances(database, order) == {Account.RECEIVED: 150_000, Account.CUSTOMER: 150_000}
    assert await offenders(database) == {}


async def test_group_of_approvals_is_a_few_statements(make: Make, database: Database) -> None:
    event = await make.event()
    orders = [await make.order(event) for _ in range(3)]
    captures = [CaptureCompanion(order.id, order.merchant_id, order.total_amount) for order in orders]

    async with database.sale() as session:
        await CaptureCompanion.write_many(session, captures)

    async with database.read(SYSTEM) as session:
        received = select(LedgerEntry.amount).where(LedgerEntry.account == Account.RECEIVED)
        assert (await session.scalars(received)).all() == [150_000] * 3


async def test_refusal_of_the_move_writes_nothing_beside_it(make: Make, database: Database) -> None:
    order = await make.order()
    await send_proof(make, order)
    await approve(make, order)
    before = await balances(database, order)

    with pytest.raises(Exception, match="already_decided"):
        await approve(make, order)

    assert await balances(database, order) == before


def moved(order: Order, reason: Reason, amount: int = 150_000, *, source_id: UUID | None = None) -> Movement:
    return Movement(
        reason=reason,
        order_id=order.id,
        merchant_id=order.merchant_id,
        source_id=source_id or new_id(),
        amount=amount,
    )


async def post(database: Database, *movements: Movement) -> None:
    async with database.write(SYSTEM) as session:
        await ledger.post(session, movements)


async def test_late_money_that_cannot_be_fulfilled_is_due_back_and_then_refunded(
    make: Make, database: Database
) -> None:
    order = await make.order()
    await post(database, moved(order, Reason.CAPTURE), moved(order, Reason.REFUND_DUE))
    due = await balances(database, order)

    await post(database, moved(order, Reason.REFUND))

    assert due == {Account.RECEIVED: 150_000, Account.REFUND_DUE: 150_000}
    assert await balances(database, order) == {Account.RECEIVED: 150_000, Account.REFUNDED: 150_000}


@pytest.mark.parametrize("is_fulfilled", [False, True])
async def test_what_an_order_has_can_be_taken_back(
    make: Make, database: Database, is_fulfilled: bool
) -> None:
    order = await make.order()
    await send_proof(make, order)
    await approve(make, order)
    if is_fulfilled:
        await fulfil(make, order)

    async with database.write(SYSTEM) as session:
        returnable = await ledger.get_returnable(session, order.id)
        taken = await ledger.take_back(session, [order.id])
        left = await ledger.get_returnable(session, order.id)

    assert [movement.amount for movement in taken] == [150_000]
    assert (returnable, left) == (150_000, 0)
    assert await balances(database, order) == {Account.RECEIVED: 150_000, Account.REFUND_DUE: 150_000}


async def test_one_cause_moves_money_once(make: Make, database: Database) -> None:
    order = await make.order()
    capture = moved(order, Reason.CAPTURE, 5)
    await post(database, capture)

    with pytest.raises(IntegrityError):
        await post(database, capture)

    assert (await balances(database, order))[Account.RECEIVED] == 5


@pytest.mark.parametrize("amount", [0, -1])
async def test_money_that_would_move_backwards_is_a_mistake(
    make: Make, database: Database, amount: int
) -> None:
    order = await make.order()

    with pytest.raises(ValueError, match="above zero"):
        await post(database, moved(order, Reason.REFUND, amount))


async def test_movement_that_does_not_balance_is_refused_at_commit(make: Make, database: Database) -> None:
    order = await make.order()
    movement = Movement(
        reason=Reason.CAPTURE,
        order_id=order.id,
        merchant_id=order.merchant_id,
        source_id=new_id(),
        amount=100,
    )

    with pytest.raises(IntegrityError, match="does not sum to zero"):
        async with database.write(SYSTEM) as session:
            session.add(LedgerEntry(**next(movement.entries())))

    assert await balances(database, order) == {}


@pytest.mark.parametrize("statement", ["UPDATE ledger_entries SET amount = 1", "DELETE FROM ledger_entries"])
async def test_ledger_can_only_be_added_to(
    make: Make, database: Database, owner: AsyncEngine, statement: str
) -> None:
    order = await make.order()
    await send_proof(make, order)
    await approve(make, order)

    for session_of in (database.write(SYSTEM), database.sale(), database.write(Actor.guest(order.code))):
        with pytest.raises(Exception, match="permission denied"):
            async with session_of as session:
                await session.execute(text(statement))
    with pytest.raises(Exception, match="append-only"):
        async with owner.begin() as connection:
            await connection.execute(text(statement))

    assert (await balances(database, order))[Account.RECEIVED] == 150_000


async def test_ledger_payments_and_proofs_are_their_merchants_and_buyers_only(
    make: Make, database: Database, web_database: Database
) -> None:
    order, other = await make.order(), await make.order()
    for each in (order, other):
        await choose(web_database, each, (await add_method(database, each.merchant_id)).id)
        await send_proof(make, each)
        await approve(make, each)
    actors = {
        "staff": Actor.staff(new_id(), frozenset({order.merchant_id})),
        "admin": Actor.staff(new_id(), frozenset(), is_platform_admin=True),
        "buyer": Actor.guest(order.code),
        "anybody": Actor.guest(),
    }

    seen = {}
    for name, actor in actors.items():
        async with web_database.read(actor) as session:
            counts = [
                await session.scalar(select(func.count()).select_from(table))
                for table in (Payment, PaymentProof, LedgerEntry)
            ]
            seen[name] = counts

    assert seen == {"staff": [1, 1, 2], "admin": [2, 2, 4], "buyer": [1, 1, 0], "anybody": [0, 0, 0]}


async def test_invariants_name_money_that_went_astray(
    make: Make, database: Database, owner: AsyncEngine
) -> None:
    forgotten, unpaid, uncaptured = [await make.order() for _ in range(3)]
    await send_proof(make, forgotten)
    await approve(make, forgotten)
    async with owner.begin() as connection:
        ended = {"state": OrderState.COMPLETED, "ended_at": func.now()}
        await connection.execute(update(Order).where(Order.id == forgotten.id).values(**ended))
        await connection.execute(update(Order).where(Order.id == unpaid.id).values(state=OrderState.PAID))
        await connection.execute(
            text(
                "INSERT INTO payments (id, merchant_id, order_id, base_amount, amount, state, settled_at)"
                " SELECT :id, merchant_id, id, 5, 5, 'paid', now() FROM orders WHERE id = :order_id"
            ),
            {"id": new_id(), "order_id": uncaptured.id},
        )

    assert await offenders(database) == {
        "ledger.ended_orders_hold_nothing": 1,
        "payments.paid_orders_have_money": 1,
        "payments.settled_are_captured": 1,
    }


async def test_proof_and_approval_of_one_group_share_the_payment(
    make: Make, database: Database, web_database: Database
) -> None:
    order, payment = await chosen(make, database, web_database)
    proof = proof_of(order)
    capture = CaptureCompanion(order.id, order.merchant_id, order.total_amount)
    moves = [
        Move(OrderEvent.SUBMIT_PROOF, order.event_id, SYSTEM, order.id, companions=(proof,)),
        Move(OrderEvent.APPROVE, order.event_id, SYSTEM, order.id, companions=(capture,)),
    ]

    async with database.sale() as session:
        outcomes = await transition_many(session, moves)

    async with database.read(SYSTEM) as session:
        (found,) = await list_proofs(session, order.id)
    assert [type(outcome) for outcome in outcomes] == [Moved, Moved]
    assert found.payment_id == payment.id
    assert await offenders(database) == {}
