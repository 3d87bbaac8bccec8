"""What a merchant's own program confirms ends as exactly one of paid, due back, refused or nothing at all."""

import asyncio

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.audit.models import AuditEntry
from pesan.checkout.documents import read_papers
from pesan.db import Database
from pesan.jobs import find_task
from pesan.jobs.queries import list_parked
from pesan.jobs.retry import Backoff
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import tasks
from pesan.payments.gateways import confirming
from pesan.payments.gateways.attention import list_flagged, mark_handled
from pesan.payments.gateways.confirmations import read_confirmation
from pesan.payments.gateways.confirming import handle_confirmation, note_confirmed
from pesan.payments.gateways.reconciliation import ask_again
from pesan.payments.models import PaymentMethod
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.states import Account
from pesan.privacy.erasure import PAID_BY
from tests.payments.confirm_steps import PRICE, Program, give_key
from tests.payments.gateway_steps import Shop, event_of
from tests.payments.steps import add_method, approve, choose, offenders, send_proof
from tests.support.factories import SYSTEM, Make

PAID = {Account.RECEIVED: PRICE, Account.CUSTOMER: PRICE}


@pytest.fixture
async def program(shop: Shop) -> Program:
    return await give_key(shop)


@pytest.fixture
async def bank(shop: Shop) -> PaymentMethod:
    return await add_method(shop.database, shop.account.merchant_id)


async def refunds_of(shop: Shop, order: Order) -> list[Refund]:
    async with shop.database.read(SYSTEM) as session:
        return list(await list_refunds(session, order.id))


async def actions(shop: Shop, order: Order) -> list[str]:
    async with shop.database.read(SYSTEM) as session:
        rows = select(AuditEntry.action).where(AuditEntry.subject_id == str(order.id))
        return list(await session.scalars(rows.order_by(AuditEntry.seq)))


async def test_an_approval_pays_the_order_whatever_was_chosen(shop: Shop, program: Program, order: Order):
    outcomes = await program.send(program.approve(order))

    assert (outcomes, (await shop.order(order)).state) == (["settled"], OrderState.PAID)
    assert await shop.balances(order) == PAID
    async with shop.database.read(SYSTEM) as session:
        papers = await read_papers(session, await shop.order(order))
    assert papers.payment is not None
    assert papers.payment.amount == PRICE
    assert await offenders(shop.database) == {}


async def test_the_exact_amount_settles_the_payment_that_asked_for_it(
    shop: Shop, program: Program, order: Order, bank: PaymentMethod, make: Make
):
    asked = await choose(shop.database, order, bank.id)
    await send_proof(make, order)

    outcomes = await program.send(
        program.approve(order, code=None, booking_id=str(order.id), amount=asked.amount)
    )

    (payment,) = await shop.payments(order)
    assert (outcomes, (await shop.order(order)).state) == (["settled"], OrderState.PAID)
    assert (payment.id, payment.state, payment.payment_key) == (asked.id, "paid", "BCA-1")
    assert (await shop.balances(order))[Account.RECEIVED] == asked.amount
    assert await offenders(shop.database) == {}


async def test_the_price_without_its_kode_unik_pays_as_much_as_came(
    shop: Shop, program: Program, order: Order, bank: PaymentMethod
):
    await choose(shop.database, order, bank.id)

    await program.send(program.approve(order))

    assert await shop.balances(order) == PAID
    states = sorted((one.state, one.method_id is None) for one in await shop.payments(order))
    assert states == [("paid", True), ("superseded", False)]
    assert await offenders(shop.database) == {}


async def test_money_that_a_reviewer_approved_before_is_the_same_money(
    shop: Shop, program: Program, order: Order, bank: PaymentMethod, make: Make
):
    asked = await choose(shop.database, order, bank.id)
    await send_proof(make, order)
    await approve(make, order)

    first = await program.send(program.approve(order, amount=asked.amount))
    again = await program.send(program.approve(order, "BCA-2", amount=asked.amount + 1))

    assert (first, again) == (["settled"], ["flagged"])
    due = [(refund.cause, refund.amount, refund.method) for refund in await refunds_of(shop, order)]
    assert due == [("other_amount", asked.amount + 1, "manual")]
    assert await offenders(shop.database) == {}


async def test_the_same_money_pays_once_and_other_money_is_due_back(
    shop: Shop, program: Program, order: Order
):
    outcomes = await program.send(
        program.approve(order), program.approve(order), program.approve(order, "BCA-2")
    )

    assert outcomes == ["settled"] * 3
    assert await shop.balances(order) == {
        Account.RECEIVED: 2 * PRICE,
        Account.CUSTOMER: PRICE,
        Account.REFUND_DUE: PRICE,
    }
    due = [(refund.cause, refund.amount, refund.method) for refund in await refunds_of(shop, order)]
    assert due == [("paid_again", PRICE, "manual")]
    assert await offenders(shop.database) == {}


async def test_many_messages_of_the_same_money_at_once_pay_once(shop: Shop, program: Program, order: Order):
    told = read_confirmation(program.approve(order).body)

    outcomes = await asyncio.gather(
        *(confirming._pay(shop.database, shop.desk, order, told) for _ in range(10))
    )

    assert (set(outcomes), await shop.balances(order)) == ({"settled"}, PAID)
    assert [payment.payment_key for payment in await shop.payments(order)] == ["BCA-1"]


async def test_without_the_lock_and_the_key_the_same_race_pays_twice(
    shop: Shop, program: Program, order: Order, owner: AsyncEngine, monkeypatch: pytest.MonkeyPatch
):
    """The control: whoever looks for the money and then writes it, with nothing in between, is too late."""
    everybody_looked = asyncio.Barrier(2)
    told = read_confirmation(program.approve(order).body)
    looked = confirming._find_money

    async def look_together(*asked):
        found = await looked(*asked)
        await everybody_looked.wait()
        return found

    async def unlocked(session, order_id):
        return await session.get_one(Order, order_id)

    monkeypatch.setattr(confirming, "_find_money", look_together)
    monkeypatch.setattr(confirming, "lock_chosen", unlocked)

    async def race() -> list[object]:
        async def one() -> None:
            async with shop.database.write(SYSTEM) as session:
                await note_confirmed(session, order.id, told)

        return await asyncio.gather(one(), one(), return_exceptions=True)

    async with asyncio.timeout(30):
        kept = await race()
        async with owner.begin() as connection:
            await connection.execute(text("DELETE FROM payments"))
            await connection.execute(text("DROP INDEX uq_payments_confirmed"))
        lost = await race()

    assert [type(one) for one in kept if one is not None] == [IntegrityError]
    assert (lost, len(await shop.payments(order))) == ([None, None], 2)


async def test_the_money_of_one_order_pays_no_other(shop: Shop, program: Program, order: Order, make: Make):
    other = await make.order(await event_of(make, shop))

    outcomes = await program.send(program.approve(order), program.approve(other))
    larger = await program.send(program.approve(order, amount=2 * PRICE))

    assert (outcomes, larger) == (["settled", "duplicate"], ["duplicate"])
    assert (await shop.order(other)).state == OrderState.HOLD
    assert (await shop.balances(order), await shop.balances(other)) == (PAID, {})


async def test_another_merchants_order_is_unknown(shop: Shop, order: Order, make: Make):
    stranger = await give_key(shop, (await make.merchant()).id)

    outcomes = await stranger.send(
        stranger.approve(order), stranger.reject(order), stranger.approve(order, code="TIDAKADA")
    )

    assert (outcomes, (await shop.order(order)).state) == (["unknown"] * 3, OrderState.HOLD)


async def test_another_amount_is_flagged_and_due_back_once(
    shop: Shop, program: Program, order: Order, bank: PaymentMethod
):
    await choose(shop.database, order, bank.id)

    outcomes = await program.send(program.approve(order, amount=1_000), program.approve(order, amount=1_000))
    right = await program.send(program.approve(order, "BCA-2"))

    assert (outcomes, right) == (["flagged"] * 2, ["settled"])
    assert await shop.balances(order) == {
        Account.RECEIVED: PRICE + 1_000,
        Account.CUSTOMER: PRICE,
        Account.REFUND_DUE: 1_000,
    }
    due = [(refund.cause, refund.amount, refund.method) for refund in await refunds_of(shop, order)]
    assert due == [("other_amount", 1_000, "manual")]
    async with shop.database.read(SYSTEM) as session:
        ((flagged, of),) = await list_flagged(session, shop.account.merchant_id)
        papers = await read_papers(session, await shop.order(order))
    assert (flagged.flag, flagged.amount, of.id) == ("amount", 1_000, order.id)
    assert papers.payment is not None
    assert papers.payment.amount == PRICE
    assert await offenders(shop.database) == {}


async def test_another_currency_is_left_to_a_person(shop: Shop, program: Program, order: Order):
    outcomes = await program.send(program.approve(order, currency="USD"))

    (payment,) = await shop.payments(order)
    assert (outcomes, payment.flag, payment.currency) == (["flagged"], "currency", "USD")
    assert (await shop.balances(order), (await shop.order(order)).state) == ({}, OrderState.HOLD)
    await mark_handled(
        shop.database, payment.id, merchant_id=order.merchant_id, reason="Dikirim kembali", actor=SYSTEM
    )
    assert await program.send(program.approve(order, currency="USD")) == ["flagged"]
    assert (await shop.balances(order), await offenders(shop.database)) == ({}, {})


async def test_late_money_gets_places_that_are_left_and_else_goes_back(
    shop: Shop, program: Program, make: Make
):
    event = await event_of(make, shop, capacity=1)
    lucky = await make.order(event)
    await make.move(Move(OrderEvent.CANCEL, event.id, SYSTEM, lucky.id))
    in_time = await program.send(program.approve(lucky))
    unlucky = await make.order(other := await event_of(make, shop, capacity=1))
    await make.move(Move(OrderEvent.CANCEL, other.id, SYSTEM, unlucky.id))
    await make.order(other, state=OrderState.PAID, buyer_name="Siti Aminah")

    too_late = await program.send(program.approve(unlucky, "BCA-2"))

    assert (in_time, too_late) == (["settled"], ["settled"])
    states = [(await shop.order(order)).state for order in (lucky, unlucky)]
    assert states == [OrderState.PAID, OrderState.CANCELLED]
    assert await shop.balances(unlucky) == {Account.RECEIVED: PRICE, Account.REFUND_DUE: PRICE}
    assert [refund.cause for refund in await refunds_of(shop, unlucky)] == ["paid_late"]


async def test_a_rejection_refuses_the_proof_that_waits_and_nothing_else(
    shop: Shop, program: Program, order: Order, make: Make
):
    before = await actions(shop, order)
    held = await program.send(program.reject(order, reason="Uang tidak masuk"))
    assert (held, await actions(shop, order)) == (["nothing"], before)
    await send_proof(make, order)

    refused = await program.send(program.reject(order, reason="  Uang\ttidak\u202e masuk "))
    again = await program.send(program.reject(order))

    after = await shop.order(order)
    assert (refused, again) == (["refused"], ["nothing"])
    assert (after.state, after.reject_reason) == (OrderState.REJECTED, "Uang tidak masuk")
    assert (await actions(shop, order))[-1] == "order:payment:rejected"


async def test_a_rejection_without_a_reason_gives_one(shop: Shop, program: Program, order: Order, make: Make):
    await send_proof(make, order)

    await program.send(program.reject(order))

    after = await shop.order(order)
    assert after.reject_reason == "Penjual tidak menemukan uangnya; bukti pembayaran ditolak."


async def test_a_process_that_died_after_noting_the_money_is_made_up_for(
    shop: Shop, program: Program, order: Order, owner: AsyncEngine
):
    told = read_confirmation(program.approve(order).body)
    async with shop.database.write(SYSTEM) as session:
        await note_confirmed(session, order.id, told)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE payments SET checked_at = checked_at - interval '1 hour'"))
    lost = await offenders(shop.database)

    await ask_again(shop.gateways, shop.desk)

    assert (lost, await shop.balances(order)) == ({"payments.captures_are_settled": 1}, PAID)
    assert await offenders(shop.database) == {}


async def test_what_cannot_be_settled_is_tried_five_times_more_and_parked_for_people_to_see(
    shop: Shop, program: Program, order: Order, owner: AsyncEngine
):
    spec = find_task("payments.handle_confirmation")
    assert spec is not None
    tries = [Backoff(spec.attempts).may_retry(ConnectionError(), earlier) for earlier in range(6)]
    await program.take(program.approve(order))
    async with owner.begin() as connection:
        for statement in (
            "UPDATE procrastinate_jobs SET status = 'failed', attempts = 6 WHERE task_name LIKE 'payments.%'",
            "UPDATE webhook_events SET received_at = received_at - interval '4 hours'",
        ):
            await connection.execute(text(statement))
    deps = Registry()
    deps.add(Database, shop.database)

    await tasks.take_up_forgotten(deps)

    async with shop.database.read(SYSTEM) as session:
        parked = [(job.task, job.attempts) for job in await list_parked(session)]
    async with owner.connect() as connection:
        query = (
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND task_name LIKE 'payments.%'"
        )
        waiting = await connection.scalar(text(query))
    assert tries == [True] * 5 + [False]
    assert (parked, waiting) == ([("payments.handle_confirmation", 6)], 0)
    assert await offenders(shop.database) == {"payments.webhooks_are_handled": 1}


async def test_a_message_that_was_handled_is_not_handled_again(shop: Shop, program: Program, order: Order):
    await program.send(program.approve(order))
    before = await actions(shop, order)
    (event,) = await program.events()

    await handle_confirmation(shop.database, shop.desk, event.id)

    assert (await actions(shop, order), await shop.balances(order)) == (before, PAID)


async def test_what_a_message_said_is_erased_with_its_buyer(
    shop: Shop, program: Program, order: Order, make: Make
):
    other = await make.order(await event_of(make, shop))
    await program.send(
        program.reject(order, reason="Budi belum bayar"),
        program.approve(order, code=None, booking_id=str(order.id)),
        program.approve(other, "BCA-2"),
    )

    async with shop.database.write(SYSTEM) as session:
        for statement in PAID_BY:
            await session.execute(statement, {"ids": [order.id], "erased": "-"})

    async with shop.database.read(SYSTEM) as session:
        kept = func.count().filter(text("body <> ''"))
        assert await session.scalar(select(kept).select_from(text("webhook_events"))) == 1
