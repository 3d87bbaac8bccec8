"""A refund that its provider sent and then told to have failed is due again, with the reason, and counts once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.db import Database
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.gateways.accounts import AccountDraft
from pesan.payments.refunds.models import Refund
from pesan.payments.refunds.service import record_paid
from pesan.payments.states import Account
from pesan.settings import Settings
from tests.payments.gateway_steps import add_account
from tests.payments.provider_worlds import SPOKEN, World, running_world
from tests.payments.steps import offenders
from tests.payments.test_gateway_refunds import NO_LIMIT, PRICE, buy, give_back, refunds_of, sent, staff
from tests.support.factories import SYSTEM, Make
from tests.support.providers.server import Signed

# Midtrans lists what it granted, and tells of nothing that was undone.
TELLING = [spoken for spoken in SPOKEN if spoken.name != "midtrans"]
DUE = {Account.RECEIVED: PRICE, Account.REFUND_DUE: PRICE}
GONE = {Account.RECEIVED: PRICE, Account.REFUNDED: PRICE}


@pytest.fixture(params=TELLING, ids=[spoken.name for spoken in TELLING])
async def world(request: Any, make: Make, database: Database, settings: Settings) -> AsyncIterator[World]:
    async with running_world(request.param, make, database, settings) as opened:
        yield opened


async def give_back_and_send(world: World, make: Make, owner: AsyncEngine) -> tuple[Order, Refund]:
    order = await buy(world, make)
    await give_back(world.shop, order)
    await sent(world, owner)
    (found,) = await refunds_of(world.shop, order)
    assert (found.state, await world.shop.balances(order)) == ("paid", GONE)
    return order, found


def fails(world: World, refund: Refund) -> Signed:
    """The bank gives the money back to the provider; the webhook of it."""
    key = f"refund-{refund.id}"
    if world.spoken.name == "stripe":
        world.fake.finish_refund(key, "failed", "lost_or_stolen_card")
        return world.fake.refund_notice(key, "refund.failed")
    world.fake.finish_refund(key, "FAILED", "ACCOUNT_NOT_FOUND")
    return world.fake.refund_notice(key)


async def told_of(world: World, order: Order) -> int:
    """How often the buyer is to be told that the money went."""
    query = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'checkout.tell_of_refund'"
    async with world.shop.database.read(SYSTEM) as session:
        return int(await session.scalar(text(query)) or 0)


async def test_a_refund_that_failed_after_all_is_due_again_and_sent_by_hand(
    world: World, make: Make, owner: AsyncEngine
):
    order, refund = await give_back_and_send(world, make, owner)

    for _ in range(2):
        await world.hear(fails(world, refund))
    (due,), balances = await refunds_of(world.shop, order), await world.shop.balances(order)
    await sent(world, owner)  # the provider is not asked to send it again

    reason = "lost_or_stolen_card" if world.spoken.name == "stripe" else "ACCOUNT_NOT_FOUND"
    assert (due.state, due.failure, due.paid_at) == ("failed", reason, None)
    assert (balances, await world.shop.balances(order)) == (DUE, DUE)
    assert (await world.shop.order(order)).state == OrderState.REFUNDED
    assert await offenders(world.shop.database) == {}

    async with world.shop.database.write(staff(order)) as session:
        await record_paid(
            session, refund.id, reference="BCA 0012", actor=staff(order), four_eyes_amount=NO_LIMIT
        )
    await world.hear(fails(world, refund))
    (paid,) = await refunds_of(world.shop, order)

    assert (paid.state, paid.reference, await world.shop.balances(order)) == ("paid", "BCA 0012", GONE)
    assert await told_of(world, order) == 2
    assert await offenders(world.shop.database) == {}


async def test_a_refund_that_stands_or_is_another_accounts_stays_paid(
    world: World, make: Make, owner: AsyncEngine
):
    order, refund = await give_back_and_send(world, make, owner)
    key = f"refund-{refund.id}"
    await world.hear(world.fake.refund_notice(key))

    draft = AccountDraft(provider=world.spoken.name, secrets=world.spoken.draft(world.fake))
    account, _ = await add_account(world.shop.database, world.shop.gateways, await make.merchant(), draft)
    other = replace(world.shop, account=account)
    await other.take(fails(world, refund))
    await other.handle_all()

    (kept,) = await refunds_of(world.shop, order)
    assert (kept.state, await world.shop.balances(order)) == ("paid", GONE)
    assert await offenders(world.shop.database) == {}
