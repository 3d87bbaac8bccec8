"""What happens without the buyer: lost webhooks, pages that are closed, money that goes back, processes that die."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments import tasks
from pesan.payments.gateways import returns
from pesan.payments.gateways.inbox import handle_notice
from pesan.payments.gateways.models import SandboxPayment, WebhookEvent
from pesan.payments.gateways.reconciliation import ask_again, close_ended
from pesan.payments.gateways.returns import send_refund, send_refunds
from pesan.payments.gateways.sandbox import Act
from pesan.payments.gateways.settle import note
from pesan.payments.refunds.errors import RefundDecided
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.refunds.service import record_paid
from pesan.payments.states import Account
from pesan.privacy.retention import KINDS, Batch, hours_of
from pesan.settings import Settings
from tests.payments.gateway_steps import Shop, add_account, event_of
from tests.payments.steps import offenders
from tests.support.factories import SYSTEM, Make

PRICE = 150_000
SETTLED = {Account.RECEIVED: PRICE, Account.CUSTOMER: PRICE}


async def pass_time(owner: AsyncEngine, minutes: int) -> None:
    """Everything about payments, their holds and the sandbox's page becomes older, as waiting would make it."""
    back = timedelta(minutes=minutes)
    async with owner.begin() as connection:
        for statement in (
            "UPDATE orders SET hold_expires_at = hold_expires_at - :back",
            "UPDATE orders SET payment_open_until = payment_open_until - :back",
            "UPDATE payments SET created_at = created_at - :back, checked_at = checked_at - :back",
            "UPDATE sandbox_payments SET expires_at = expires_at - :back",
        ):
            await connection.execute(text(statement), {"back": back})


async def refunds_of(shop: Shop, order: Order) -> list[Refund]:
    async with shop.database.read(SYSTEM) as session:
        return list(await list_refunds(session, order.id))


async def test_a_webhook_whose_job_gave_up_is_taken_up_again(shop: Shop, order: Order, owner: AsyncEngine):
    await shop.choose(order)
    (sent,) = await shop.press(order, Act.PAY)
    await shop.take(sent)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE procrastinate_jobs SET status = 'failed'"))
        await connection.execute(
            text("UPDATE webhook_events SET received_at = received_at - interval '4 hours'")
        )
    forgotten = await offenders(shop.database)
    deps = Registry()
    deps.add(Database, shop.database)

    for _ in range(2):
        await tasks.take_up_forgotten(deps)

    (event_id,) = await shop.waiting()
    async with owner.connect() as connection:
        waiting = await connection.execute(text("SELECT lock FROM procrastinate_jobs WHERE status = 'todo'"))
    assert waiting.scalars().all() == [f"webhook:{event_id}"]
    assert forgotten == {"payments.webhooks_are_handled": 1}


async def test_a_lost_webhook_is_found(shop: Shop, order: Order, owner: AsyncEngine):
    await shop.pay(order, Act.DELAY)
    assert (await shop.order(order)).state == OrderState.HOLD

    await pass_time(owner, 2)
    await ask_again(shop.gateways, shop.desk)

    assert (await shop.order(order)).state == OrderState.PAID
    assert await shop.balances(order) == SETTLED


async def test_a_card_that_is_taken_on_its_second_try_is_found(shop: Shop, order: Order, owner: AsyncEngine):
    await shop.pay(order, Act.FAIL)
    await shop.press(order, Act.LATE)  # on the same page, and its webhook is lost

    await pass_time(owner, 2)
    await ask_again(shop.gateways, shop.desk)

    assert (await shop.order(order)).state == OrderState.PAID
    assert await shop.balances(order) == SETTLED


async def test_a_page_on_which_a_card_was_refused_is_closed_with_its_hold(
    shop: Shop, order: Order, owner: AsyncEngine
):
    await shop.pay(order, Act.FAIL)
    assert [payment.closed_at for payment in await shop.payments(order)] == [None]

    await pass_time(owner, 16)
    await close_ended(shop.gateways, shop.desk)

    assert (await shop.order(order)).state == OrderState.EXPIRED
    assert [(p.state, p.closed_at is not None) for p in await shop.payments(order)] == [("failed", True)]


async def test_a_capture_whose_process_died_is_finished(shop: Shop, order: Order, owner: AsyncEngine):
    await shop.choose(order)
    await shop.press(order, Act.PAY)
    sandbox = await shop.sandbox()
    remote = await sandbox.fetch(await shop.reference(order), None)
    assert remote is not None
    async with shop.database.write(SYSTEM) as session:  # written down; then the process is killed
        await note(session, shop.account, remote)

    await pass_time(owner, 2)
    await ask_again(shop.gateways, shop.desk)

    assert (await shop.order(order)).state == OrderState.PAID
    assert await shop.balances(order) == SETTLED
    assert await offenders(shop.database) == {}


async def test_a_capture_that_cannot_be_finished_keeps_no_other_waiting(
    shop: Shop, order: Order, make: Make, owner: AsyncEngine
):
    stuck = await make.order(await event_of(make, shop))
    for one in (stuck, order):
        await shop.choose(one)
        await shop.press(one, Act.PAY)
        remote = await (await shop.sandbox()).fetch(await shop.reference(one), None)
        assert remote is not None
        async with shop.database.write(SYSTEM) as session:
            await note(session, shop.account, remote)
    async with owner.begin() as connection:  # just being cancelled: nobody can pay, and nothing is ended yet
        cancelled = text("UPDATE events SET status = 'cancelled' WHERE id = :id")
        await connection.execute(cancelled, {"id": stuck.event_id})

    await pass_time(owner, 2)
    await ask_again(shop.gateways, shop.desk)

    assert (await shop.order(stuck)).state == OrderState.HOLD
    assert (await shop.order(order)).state == OrderState.PAID


async def test_a_hold_is_closed_at_the_provider_before_its_places_return(
    shop: Shop, order: Order, owner: AsyncEngine
):
    await shop.choose(order)
    await pass_time(owner, 16)
    assert await shop.desk.expire_due() == 0

    await close_ended(shop.gateways, shop.desk)

    async with shop.database.read(SYSTEM) as session:
        assert await session.scalar(select(SandboxPayment.state)) == "expired"
    assert (await shop.order(order)).state == OrderState.EXPIRED
    assert [(p.state, p.closed_at is not None) for p in await shop.payments(order)] == [("failed", True)]


async def test_whoever_paid_before_the_page_closed_is_confirmed(shop: Shop, order: Order, owner: AsyncEngine):
    await shop.pay(order, Act.DELAY)
    await pass_time(owner, 16)

    await close_ended(shop.gateways, shop.desk)

    assert (await shop.order(order)).state == OrderState.PAID
    assert await shop.balances(order) == SETTLED


async def test_a_provider_that_cannot_be_asked_keeps_places_for_two_minutes_only(
    shop: Shop, order: Order, owner: AsyncEngine
):
    await shop.choose(order)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE gateway_accounts SET secrets_sealed = '\\x00'"))
    await pass_time(owner, 16)

    await close_ended(shop.gateways, shop.desk)
    kept = (await shop.order(order)).state
    await pass_time(owner, 2)
    await shop.desk.expire_due()

    assert (kept, (await shop.order(order)).state) == (OrderState.HOLD, OrderState.EXPIRED)


async def test_a_cancelled_order_leaves_no_page_open(shop: Shop, order: Order, make: Make):
    await shop.choose(order)
    await make.move(Move(OrderEvent.CANCEL, order.event_id, SYSTEM, order.id))

    await close_ended(shop.gateways, shop.desk)

    async with shop.database.read(SYSTEM) as session:
        assert await session.scalar(select(SandboxPayment.state)) == "expired"
    assert [payment.state for payment in await shop.payments(order)] == ["failed"]


async def test_doubled_money_goes_back_by_itself_and_once(shop: Shop, order: Order):
    await shop.pay(order, Act.TWICE)

    for _ in range(3):
        await send_refunds(shop.gateways)

    (refund,) = await refunds_of(shop, order)
    assert (refund.state, refund.method, refund.cause) == ("paid", "gateway", "paid_again")
    assert await shop.balances(order) == {
        Account.RECEIVED: 2 * PRICE,
        Account.CUSTOMER: PRICE,
        Account.REFUNDED: PRICE,
    }
    async with shop.database.read(SYSTEM) as session:
        sent = (await session.scalars(select(SandboxPayment.refunds))).one()
    assert [each["amount"] for each in sent.values()] == [PRICE]
    assert await offenders(shop.database) == {}


async def test_a_refund_that_its_provider_refuses_is_left_to_people(
    shop: Shop, order: Order, owner: AsyncEngine
):
    await shop.pay(order, Act.TWICE)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE sandbox_payments SET reference = 'lost'"))

    await send_refunds(shop.gateways)

    (refund,) = await refunds_of(shop, order)
    assert (refund.state, refund.method) == ("failed", "gateway")
    balances = await shop.balances(order)
    assert balances[Account.REFUND_DUE] == PRICE
    async with shop.database.write(SYSTEM) as session:
        await record_paid(session, refund.id, reference="BCA 123", actor=SYSTEM, four_eyes_amount=10**9)
    assert await offenders(shop.database) == {}


async def test_refunds_that_cannot_be_sent_keep_no_other_waiting(
    shop: Shop, order: Order, make: Make, owner: AsyncEngine, monkeypatch: pytest.MonkeyPatch
):
    stuck, method = await add_account(shop.database, shop.gateways, await make.merchant())
    elsewhere = replace(shop, account=stuck, method=method)
    older = await make.order(await event_of(make, elsewhere))
    await elsewhere.pay(older, Act.TWICE)
    await shop.pay(order, Act.TWICE)
    async with owner.begin() as connection:  # the older one's account cannot be opened any more
        sealed = text("UPDATE gateway_accounts SET secrets_sealed = '\\x00' WHERE id = :id")
        await connection.execute(sealed, {"id": stuck.id})
    monkeypatch.setattr(returns, "_CHUNK", 1)

    for _ in range(60):
        await send_refunds(shop.gateways)
        if [refund.state for refund in await refunds_of(shop, order)] == ["paid"]:
            break
        async with (
            owner.begin() as connection
        ):  # a slow machine may not have let it finish: both are due again
            await connection.execute(text("UPDATE refunds SET tried_at = tried_at - interval '2 hours'"))

    assert [refund.state for refund in await refunds_of(shop, order)] == ["paid"]
    assert [refund.state for refund in await refunds_of(shop, older)] == ["approved"]


async def test_nobody_sends_by_hand_what_a_provider_is_sending(shop: Shop, order: Order, owner: AsyncEngine):
    await shop.pay(order, Act.TWICE)
    async with owner.begin() as connection:  # the process died after its intent
        await connection.execute(
            text("UPDATE refunds SET state = 'approved', method = 'gateway', approved_at = clock_timestamp()")
        )
    (refund,) = await refunds_of(shop, order)

    with pytest.raises(RefundDecided):
        async with shop.database.write(SYSTEM) as session:
            await record_paid(session, refund.id, reference="BCA 123", actor=SYSTEM, four_eyes_amount=10**9)
    await send_refund(shop.gateways, refund.id)

    assert [each.state for each in await refunds_of(shop, order)] == ["paid"]


async def test_a_webhook_that_was_handled_is_not_handled_again(shop: Shop, order: Order):
    await shop.pay(order)
    async with shop.database.read(SYSTEM) as session:
        event = (await session.scalars(select(WebhookEvent))).one()

    await handle_notice(shop.gateways, shop.desk, event.id)

    async with shop.database.read(SYSTEM) as session:
        again = (await session.scalars(select(WebhookEvent))).one()
    assert (again.handled_at, again.outcome) == (event.handled_at, "settled")


@pytest.mark.parametrize(("days", "left"), [(30, 1), (46, 0)])
async def test_webhooks_are_kept_for_longer_than_they_are_repeated(
    shop: Shop, order: Order, owner: AsyncEngine, settings: Settings, days: int, left: int
):
    await shop.pay(order)
    async with owner.begin() as connection:
        await connection.execute(
            text("UPDATE webhook_events SET received_at = received_at - make_interval(days => :days)"),
            {"days": days},
        )

    async with shop.database.write(SYSTEM) as session:
        await KINDS["webhooks"].purge(session, Batch(hours_of(settings)["webhooks"]))

    async with shop.database.read(SYSTEM) as session:
        assert len((await session.scalars(select(WebhookEvent))).all()) == left
