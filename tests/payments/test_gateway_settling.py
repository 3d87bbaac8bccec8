"""Money at a provider ends as exactly one of fulfilled, refunded, refund due, whatever order things come in."""

import asyncio
import time
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.audit.models import AuditEntry
from pesan.checkout.documents import read_papers
from pesan.db import Actor
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.gateways import attempts
from pesan.payments.gateways.attempts import commit_attempt
from pesan.payments.gateways.attention import mark_handled
from pesan.payments.gateways.base import RemotePayment, RemoteState
from pesan.payments.gateways.inbox import handle_notice
from pesan.payments.gateways.models import WebhookEvent
from pesan.payments.gateways.returns import send_refunds
from pesan.payments.gateways.sandbox import Act
from pesan.payments.gateways.settle import Outcome, note, settle
from pesan.payments.refunds.errors import ApprovalNeeded
from pesan.payments.refunds.policies import needs_approval
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.refunds.service import approve_refund, record_paid
from pesan.payments.states import Account
from pesan.tenancy.models import Merchant
from tests.payments.gateway_steps import Shop, event_of
from tests.payments.steps import approve, choose, offenders, send_proof
from tests.support.factories import SYSTEM, Make

PRICE = 150_000


async def cancel(make: Make, order: Order) -> None:
    await make.move(Move(OrderEvent.CANCEL, order.event_id, SYSTEM, order.id))


async def paid(shop: Shop, order: Order, **changes: object) -> RemotePayment:
    """What the sandbox would say of the order's payment, with changes."""
    (payment,) = await shop.payments(order)
    told = {
        "reference": payment.reference,
        "provider_ref": payment.provider_ref,
        "state": RemoteState.PAID,
        "amount": payment.amount,
        "currency": "IDR",
        "payment_key": "money-1",
        **changes,
    }
    return RemotePayment(**told)  # type: ignore[arg-type]


async def test_payment_settles_the_order(shop: Shop, order: Order):
    await shop.pay(order)

    assert (await shop.order(order)).state == OrderState.PAID
    assert await shop.balances(order) == {Account.RECEIVED: PRICE, Account.CUSTOMER: PRICE}
    assert [payment.state for payment in await shop.payments(order)] == ["paid"]
    assert await offenders(shop.database) == {}


async def test_the_same_webhook_a_hundred_times_settles_once(shop: Shop, order: Order):
    await shop.choose(order)
    (sent,) = await shop.press(order, Act.PAY)

    for _ in range(5):
        await asyncio.gather(*(shop.take(sent) for _ in range(20)))
    async with shop.database.read(SYSTEM) as session:
        ids = (await session.scalars(select(WebhookEvent.id))).all()
    await asyncio.gather(*(handle_notice(shop.gateways, shop.desk, ids[0]) for _ in range(10)))

    assert len(ids) == 1
    assert await shop.balances(order) == {Account.RECEIVED: PRICE, Account.CUSTOMER: PRICE}
    async with shop.database.read(SYSTEM) as session:
        settled = select(func.count()).where(AuditEntry.action == "order:payment:settled")
        assert await session.scalar(settled) == 1


async def test_a_hundred_words_of_one_capture_move_the_order_once(shop: Shop, order: Order):
    await shop.choose(order)
    remote = await paid(shop, order)

    outcomes = [
        outcome
        for _ in range(5)  # of twenty at once, so that none waits too long for a connection
        for outcome in await asyncio.gather(
            *(settle(shop.database, shop.desk, shop.account, remote) for _ in range(20))
        )
    ]

    assert outcomes == [Outcome.SETTLED] * 100
    assert await shop.balances(order) == {Account.RECEIVED: PRICE, Account.CUSTOMER: PRICE}
    async with shop.database.read(SYSTEM) as session:
        money = select(func.count()).where(AuditEntry.action.startswith("order:payment:settled"))
        again = select(func.count()).where(AuditEntry.action == "order:payment:paid_again")
        assert (await session.scalar(money), await session.scalar(again)) == (1, 0)


async def test_paid_twice_makes_the_second_due_back(shop: Shop, order: Order):
    await shop.pay(order, Act.TWICE)

    assert (await shop.order(order)).state == OrderState.PAID
    assert await shop.balances(order) == {
        Account.RECEIVED: 2 * PRICE,
        Account.CUSTOMER: PRICE,
        Account.REFUND_DUE: PRICE,
    }
    assert sorted(payment.state for payment in await shop.payments(order)) == ["paid", "paid"]
    assert await offenders(shop.database) == {}


async def test_late_money_gets_places_that_are_left(shop: Shop, order: Order, make: Make):
    await shop.choose(order)
    await cancel(make, order)

    sandbox = await shop.sandbox()
    await sandbox.close(await shop.reference(order), None)
    for sent in await shop.press(order, Act.LATE):
        await shop.take(sent)
    await shop.handle_all()

    assert (await shop.order(order)).state == OrderState.PAID
    assert await shop.balances(order) == {Account.RECEIVED: PRICE, Account.CUSTOMER: PRICE}
    assert await offenders(shop.database) == {}


async def test_late_money_without_places_is_due_back(shop: Shop, make: Make):
    order = await make.order(await event_of(make, shop, capacity=1))
    await shop.choose(order)
    await cancel(make, order)
    async with shop.database.read(SYSTEM) as session:
        event = await session.get_one(type(await event_of(make, shop)), order.event_id)
    other = await make.order(event, state=OrderState.PAID, buyer_name="Siti Aminah")

    outcome = await settle(shop.database, shop.desk, shop.account, await paid(shop, order))

    assert outcome is Outcome.SETTLED
    assert (await shop.order(order)).state == OrderState.CANCELLED
    assert (await shop.order(other)).state == OrderState.PAID
    assert await shop.balances(order) == {Account.RECEIVED: PRICE, Account.REFUND_DUE: PRICE}
    async with shop.database.read(SYSTEM) as session:
        assert [refund.cause for refund in await list_refunds(session, order.id)] == ["paid_late"]


async def test_late_money_without_places_gives_up_what_was_chosen_since(shop: Shop, make: Make):
    order = await make.order(event := await event_of(make, shop, capacity=1))
    await shop.choose(order)
    told = await paid(shop, order)
    async with shop.database.read(SYSTEM) as session:
        bank = await make.method(await session.get_one(Merchant, order.merchant_id))
    await choose(shop.database, order, bank.id)
    await cancel(make, order)
    await make.order(event, buyer_name="Siti Aminah")

    await settle(shop.database, shop.desk, shop.account, told)

    assert sorted(payment.state for payment in await shop.payments(order)) == ["paid", "superseded"]
    assert await shop.balances(order) == {Account.RECEIVED: PRICE, Account.REFUND_DUE: PRICE}
    async with shop.database.read(SYSTEM) as session:
        assert [refund.cause for refund in await list_refunds(session, order.id)] == ["paid_late"]
    assert await offenders(shop.database) == {}


async def test_money_of_another_currency_settles_nothing(shop: Shop, order: Order):
    await shop.choose(order)

    outcome = await settle(shop.database, shop.desk, shop.account, await paid(shop, order, currency="USD"))

    assert outcome is Outcome.FLAGGED
    assert (await shop.order(order)).state == OrderState.HOLD
    assert await shop.balances(order) == {}
    assert [(p.state, p.flag, p.payment_key) for p in await shop.payments(order)] == [
        ("open", "currency", None)
    ]


@pytest.mark.parametrize("amount", [1_000, 150_001])
async def test_another_amount_buys_nothing_and_is_due_back_once(
    shop: Shop, order: Order, owner: AsyncEngine, amount: int
):
    await shop.choose(order)
    told = await paid(shop, order, amount=amount)

    outcomes = [await settle(shop.database, shop.desk, shop.account, told) for _ in range(3)]
    await send_refunds(shop.gateways)  # not by itself: a person has to look first

    assert outcomes == [Outcome.FLAGGED] * 3
    assert (await shop.order(order)).state == OrderState.HOLD
    assert await shop.balances(order) == {Account.RECEIVED: amount, Account.REFUND_DUE: amount}
    payments = [(p.state, p.amount, p.flag, p.payment_key) for p in await shop.payments(order)]
    assert payments == [("failed", PRICE, "amount", None), ("paid", amount, None, "money-1")]
    async with shop.database.read(SYSTEM) as session:
        (due,) = await list_refunds(session, order.id)
    assert (due.state, due.cause, due.method, due.amount) == ("requested", "other_amount", "gateway", amount)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE payments SET checked_at = checked_at - interval '1 hour'"))
    assert await offenders(shop.database) == {}


async def test_another_amount_is_sent_back_once_somebody_has_looked(shop: Shop, order: Order):
    await shop.choose(order)
    sandbox = await shop.sandbox()
    await sandbox.act(await shop.reference(order), Act.PAY, time.time())
    remote = await sandbox.fetch(await shop.reference(order), None)
    assert remote is not None
    await settle(shop.database, shop.desk, shop.account, replace(remote, amount=149_000))
    async with shop.database.read(SYSTEM) as session:
        (due,) = await list_refunds(session, order.id)
    staff = Actor.staff(new_id(), frozenset({order.merchant_id}))

    assert needs_approval(due, four_eyes_amount=10**9)
    async with shop.database.write(staff) as session:
        with pytest.raises(ApprovalNeeded):
            await record_paid(session, due.id, reference="BCA 1", actor=staff, four_eyes_amount=10**9)
        await approve_refund(session, due.id, actor=staff, four_eyes_amount=10**9)
    await send_refunds(shop.gateways)

    assert await shop.balances(order) == {Account.RECEIVED: 149_000, Account.REFUNDED: 149_000}
    assert await offenders(shop.database) == {}


async def test_another_amount_leaves_alone_what_was_chosen_since(shop: Shop, order: Order, make: Make):
    await shop.choose(order)
    told = await paid(shop, order, amount=1_000)
    async with shop.database.read(SYSTEM) as session:
        bank = await make.method(await session.get_one(Merchant, order.merchant_id))
    chosen = await choose(shop.database, order, bank.id)

    await settle(shop.database, shop.desk, shop.account, told)

    states = {payment.id: payment.state for payment in await shop.payments(order)}
    assert (states[chosen.id], sorted(states.values())) == ("open", ["failed", "open", "paid"])
    assert await offenders(shop.database) == {}


async def test_whoever_paid_another_amount_may_still_pay_the_right_one(shop: Shop, order: Order):
    await shop.choose(order)
    short = await paid(shop, order, amount=1_000)
    await settle(shop.database, shop.desk, shop.account, short)

    # Its provider tells of the same money anew, as the whole: a person says whether it may stay.
    again = await settle(shop.database, shop.desk, shop.account, replace(short, amount=PRICE))
    await shop.pay(order)

    assert again is Outcome.FLAGGED
    assert (await shop.order(order)).state == OrderState.PAID
    assert await shop.balances(order) == {
        Account.RECEIVED: PRICE + 1_000,
        Account.CUSTOMER: PRICE,
        Account.REFUND_DUE: 1_000,
    }
    async with shop.database.read(SYSTEM) as session:
        shown = await read_papers(session, await session.get_one(Order, order.id))
    assert shown.payment is not None
    assert shown.payment.amount == PRICE
    assert await offenders(shop.database) == {}


async def test_money_that_was_not_booked_is_told_by_the_invariant(
    shop: Shop, order: Order, owner: AsyncEngine
):
    await shop.choose(order)
    async with owner.begin() as connection:
        ago = "checked_at = clock_timestamp() - interval '1 hour'"
        await connection.execute(text(f"UPDATE payments SET flag = 'amount', {ago}"))

    assert list(await offenders(shop.database)) == ["payments.other_amounts_are_due"]


async def test_money_of_another_account_settles_nothing(shop: Shop, order: Order, owner: AsyncEngine):
    await shop.choose(order)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE gateway_accounts SET account_id = 'ours'"))
    async with shop.database.read(SYSTEM) as session:
        account = await session.get_one(type(shop.account), shop.account.id)

    outcome = await settle(shop.database, shop.desk, account, await paid(shop, order, account="theirs"))

    assert outcome is Outcome.FLAGGED
    assert (await shop.order(order)).state == OrderState.HOLD
    assert [p.flag for p in await shop.payments(order)] == ["account"]


async def test_success_of_one_order_pays_no_other(shop: Shop, order: Order, make: Make):
    async with shop.database.read(SYSTEM) as session:
        event = await session.get_one(type(await event_of(make, shop)), order.event_id)
    other = await make.order(event, buyer_name="Siti Aminah")
    await shop.choose(other)

    await shop.pay(order)

    assert (await shop.order(order)).state == OrderState.PAID
    assert (await shop.order(other)).state == OrderState.HOLD
    assert await shop.balances(other) == {}


async def test_an_older_word_never_takes_money_back(shop: Shop, order: Order):
    await shop.pay(order)
    (before,) = await shop.payments(order)

    for state in (RemoteState.PENDING, RemoteState.EXPIRED):
        await settle(shop.database, shop.desk, shop.account, await paid(shop, order, state=state))

    (after,) = await shop.payments(order)
    assert (after.state, after.remote_state, after.closed_at) == ("paid", "paid", before.closed_at)
    assert after.flag is None
    assert (await shop.order(order)).state == OrderState.PAID


@pytest.mark.parametrize("state", [RemoteState.FAILED, RemoteState.CANCELLED])
async def test_money_that_a_provider_takes_back_is_for_a_person(shop: Shop, order: Order, state: RemoteState):
    await shop.pay(order)
    balances = await shop.balances(order)

    outcome = await settle(shop.database, shop.desk, shop.account, await paid(shop, order, state=state))

    assert outcome is Outcome.FLAGGED
    assert [(p.state, p.flag) for p in await shop.payments(order)] == [("paid", "reversed")]
    assert (await shop.order(order)).state == OrderState.PAID
    assert await shop.balances(order) == balances


async def test_success_after_a_failure_settles_all_the_same(shop: Shop, order: Order):
    await shop.choose(order)
    await settle(shop.database, shop.desk, shop.account, await paid(shop, order, state=RemoteState.FAILED))
    assert [payment.state for payment in await shop.payments(order)] == ["failed"]

    await settle(shop.database, shop.desk, shop.account, await paid(shop, order))

    assert (await shop.order(order)).state == OrderState.PAID
    assert await shop.balances(order) == {Account.RECEIVED: PRICE, Account.CUSTOMER: PRICE}


async def test_money_that_went_back_elsewhere_is_for_a_person(shop: Shop, order: Order):
    await shop.pay(order)

    told = await paid(shop, order, state=RemoteState.DISPUTED, payment_key=None)
    outcome = await settle(shop.database, shop.desk, shop.account, told)

    assert outcome is Outcome.FLAGGED
    assert [p.flag for p in await shop.payments(order)] == ["reversed"]
    assert (await shop.order(order)).state == OrderState.PAID


async def test_what_was_handled_silences_that_word_and_no_later_one(shop: Shop, order: Order):
    await shop.pay(order)
    part = await paid(shop, order, state=RemoteState.PARTIALLY_REFUNDED, refunded_amount=10_000)
    await settle(shop.database, shop.desk, shop.account, part)
    (payment,) = await shop.payments(order)
    await mark_handled(
        shop.database, payment.id, merchant_id=order.merchant_id, reason="Sudah dicek", actor=SYSTEM
    )

    await settle(shop.database, shop.desk, shop.account, part)
    after_the_same = [p.flag for p in await shop.payments(order)]
    all_of_it = await paid(shop, order, state=RemoteState.REFUNDED, refunded_amount=PRICE)
    await settle(shop.database, shop.desk, shop.account, all_of_it)

    assert after_the_same == ["handled"]
    assert [p.flag for p in await shop.payments(order)] == ["reversed"]


async def test_what_was_sent_back_of_another_payment_excuses_nothing(shop: Shop, order: Order):
    await shop.pay(order)
    taken_back = await paid(shop, order, state=RemoteState.REFUNDED, refunded_amount=PRICE)
    again = await paid(shop, order, payment_key="money-2")
    await settle(shop.database, shop.desk, shop.account, again)
    await send_refunds(shop.gateways)

    outcome = await settle(shop.database, shop.desk, shop.account, taken_back)

    async with shop.database.read(SYSTEM) as session:
        states = [refund.state for refund in await list_refunds(session, order.id)]
    assert (states, outcome) == (["paid"], Outcome.FLAGGED)


async def test_money_nobody_looks_at_is_an_offence(shop: Shop, order: Order, owner: AsyncEngine):
    await shop.choose(order)
    await settle(shop.database, shop.desk, shop.account, await paid(shop, order, amount=1_000))
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE payments SET flagged_at = flagged_at - interval '4 days'"))

    assert await offenders(shop.database) == {"payments.flagged_are_looked_at": 1}


async def test_what_a_person_saw_come_in_is_not_what_a_provider_waits_for(
    shop: Shop, order: Order, make: Make
):
    await shop.choose(order)
    await send_proof(make, order)
    await approve(make, order)

    kept = [(p.gateway_account_id is None, p.state, p.closed_at) for p in await shop.payments(order)]
    assert kept == [(False, "superseded", None), (True, "paid", None)]
    assert await shop.balances(order) == {Account.RECEIVED: PRICE, Account.CUSTOMER: PRICE}
    assert await offenders(shop.database) == {}


async def test_money_that_came_and_went_before_we_heard_of_it_is_for_a_person(shop: Shop, order: Order):
    await shop.choose(order)
    told = await paid(shop, order, state=RemoteState.REFUNDED, refunded_amount=PRICE)

    outcome = await settle(shop.database, shop.desk, shop.account, told)

    assert outcome is Outcome.FLAGGED
    assert (await shop.order(order)).state == OrderState.HOLD
    assert await shop.balances(order) == {}
    assert [(p.state, p.flag) for p in await shop.payments(order)] == [("open", "reversed")]


async def test_an_unknown_payment_is_stored_and_settles_nothing(shop: Shop, order: Order):
    await shop.choose(order)
    told = await paid(shop, order, reference="nobodys")

    assert await settle(shop.database, shop.desk, shop.account, told) is Outcome.UNKNOWN
    assert (await shop.order(order)).state == OrderState.HOLD


async def test_a_buyer_who_failed_tries_again_by_a_new_reference(shop: Shop, order: Order):
    await shop.pay(order, Act.FAIL)
    first = (await shop.payments(order))[0]
    assert (await shop.order(order)).state == OrderState.HOLD

    await shop.pay(order)

    payments = await shop.payments(order)
    assert [payment.state for payment in payments] == ["failed", "paid"]
    assert payments[1].reference != first.reference
    assert (await shop.order(order)).state == OrderState.PAID


async def test_the_same_choice_again_leads_to_the_same_page(shop: Shop, order: Order):
    first, second = await asyncio.gather(shop.choose(order), shop.choose(order))

    assert first == second
    assert len(await shop.payments(order)) == 1


async def test_a_page_that_is_there_stays_payable_though_another_try_was_refused(shop: Shop, order: Order):
    async with shop.database.sale() as session:
        attempt = await commit_attempt(
            session, order_id=order.id, method=shop.method, actor=Actor.guest(order.code)
        )
    await shop.choose(order)

    async with shop.database.sale() as session:  # the slower of two tabs hears a no
        await attempts._end(session, attempt.payment.id)

    assert [(p.state, p.closed_at) for p in await shop.payments(order)] == [("open", None)]


async def test_the_hold_is_extended_once_and_the_page_ends_with_it(shop: Shop, make: Make):
    order = await make.order(await event_of(make, shop, hold_minutes=5))
    await shop.choose(order)
    once = await shop.order(order)
    await shop.pay(order, Act.FAIL)

    await shop.choose(order)

    twice = await shop.order(order)
    assert once.hold_expires_at > order.hold_expires_at
    assert twice.hold_expires_at == once.hold_expires_at
    assert once.payment_open_until is not None
    assert (once.payment_open_until - once.hold_expires_at).total_seconds() == 120


async def test_an_attempt_that_died_before_its_page_is_taken_up_again(shop: Shop, order: Order):
    async with shop.database.sale() as session:  # the process dies right after this
        attempt = await commit_attempt(
            session, order_id=order.id, method=shop.method, actor=Actor.guest(order.code)
        )

    await shop.pay(order)

    assert [payment.reference for payment in await shop.payments(order)] == [attempt.payment.reference]
    assert (await shop.order(order)).state == OrderState.PAID


async def test_a_refund_due_twice_in_one_group_is_written_once(shop: Shop, order: Order):
    await shop.pay(order)
    remote = await paid(shop, order, payment_key="money-2")

    await asyncio.gather(*(settle(shop.database, shop.desk, shop.account, remote) for _ in range(20)))

    assert await shop.balances(order) == {
        Account.RECEIVED: 2 * PRICE,
        Account.CUSTOMER: PRICE,
        Account.REFUND_DUE: PRICE,
    }
    assert await offenders(shop.database) == {}


async def test_a_capture_noted_and_left_behind_is_an_offence(shop: Shop, order: Order, owner: AsyncEngine):
    await shop.choose(order)
    async with shop.database.write(SYSTEM) as session:
        await note(session, shop.account, await paid(shop, order))
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE payments SET checked_at = checked_at - interval '20 minutes'"))

    assert await offenders(shop.database) == {"payments.captures_are_settled": 1}
