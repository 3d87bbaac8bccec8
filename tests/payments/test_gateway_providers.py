"""Each provider's real protocol, spoken by its fake over a socket, from the choice to the settled order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.db import Database
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.gateways.errors import GatewayRefused, GatewayUnavailable, SignatureInvalid
from pesan.payments.gateways.inbox import handle_notice
from pesan.payments.gateways.reconciliation import ask_again, close_ended
from pesan.payments.gateways.registry import PROVIDERS
from pesan.payments.gateways.returns import send_refunds
from pesan.payments.refunds.queries import list_refunds
from pesan.payments.states import Account
from pesan.settings import Settings
from tests.payments.gateway_steps import event_of
from tests.payments.provider_worlds import SPOKEN, World, running_world
from tests.payments.steps import offenders
from tests.payments.test_gateway_jobs import pass_time
from tests.support.factories import SYSTEM, Make
from tests.support.providers.server import Fault, Signed

PRICE = 150_000
SETTLED = {Account.RECEIVED: PRICE, Account.CUSTOMER: PRICE}


@pytest.fixture(params=SPOKEN, ids=[spoken.name for spoken in SPOKEN])
async def world(
    request: pytest.FixtureRequest, make: Make, database: Database, settings: Settings
) -> AsyncIterator[World]:
    async with running_world(request.param, make, database, settings) as world:
        yield world


@pytest.fixture
async def order(make: Make, world: World) -> Order:
    return await make.order(await event_of(make, world.shop), wa="+6281234567890", email="budi@contoh.id")


async def test_a_payment_at_the_provider_settles_the_order(world: World, order: Order):
    await world.hear(await world.buy(order))

    assert (await world.shop.order(order)).state == OrderState.PAID
    assert await world.shop.balances(order) == SETTLED
    assert await offenders(world.shop.database) == {}


async def test_many_copies_of_a_webhook_settle_once(world: World, order: Order):
    notice = await world.buy(order)

    for _ in range(5):
        await asyncio.gather(*(world.shop.take(notice) for _ in range(20)))
    await world.shop.handle_all()
    await world.hear(notice)

    assert await world.shop.balances(order) == SETTLED


async def test_a_small_genuine_payment_buys_nothing(world: World, order: Order):
    await world.hear(await world.buy(order, 1_000))

    assert (await world.shop.order(order)).state == OrderState.HOLD
    assert await world.shop.balances(order) == {Account.RECEIVED: 1_000, Account.REFUND_DUE: 1_000}
    assert [payment.flag for payment in await world.shop.payments(order)] == ["amount", None]
    assert await offenders(world.shop.database) == {}


async def test_one_orders_success_pays_no_other(world: World, order: Order, make: Make):
    async with world.shop.database.read(SYSTEM) as session:
        event = await session.get_one(type(await event_of(make, world.shop)), order.event_id)
    other = await make.order(event, buyer_name="Siti Aminah")
    await world.shop.choose(other)

    await world.hear(await world.buy(order))

    assert (await world.shop.order(other)).state == OrderState.HOLD
    assert await world.shop.balances(other) == {}


async def test_a_word_about_one_order_made_over_pays_no_other(world: World, order: Order, make: Make):
    other = await make.order(await event_of(make, world.shop), wa="+6281234567891", email="siti@contoh.id")
    await world.shop.choose(other)
    target = (await world.shop.reference(other)).encode()
    genuine = await world.buy(order)
    body = genuine.body.replace((await world.shop.reference(order)).encode(), target)

    with suppress(SignatureInvalid, GatewayRefused):  # a token in a header proves who sent it, and not what
        await world.hear(Signed(genuine.headers, body))

    assert (await world.shop.order(other)).state == OrderState.HOLD
    assert await world.shop.balances(other) == {}


async def test_an_end_that_came_first_or_late_takes_no_money_away(world: World, order: Order):
    await world.shop.choose(order)
    reference = await world.shop.reference(order)
    ended = world.end(reference)
    await world.hear(ended)
    assert (await world.shop.order(order)).state == OrderState.HOLD

    paid = world.pay(reference)
    await world.hear(paid)
    await world.hear(ended)

    assert (await world.shop.order(order)).state == OrderState.PAID
    assert await world.shop.balances(order) == SETTLED


async def test_an_answer_that_was_lost_after_the_capture_is_asked_for_again(
    world: World, order: Order, owner: AsyncEngine
):
    await world.buy(order)
    await pass_time(owner, 2)
    world.fake.faults.append(Fault(drops=True, is_done=True, times=50))
    await ask_again(world.shop.gateways, world.shop.desk)
    assert await world.shop.balances(order) == {}

    world.fake.faults.clear()
    await pass_time(owner, 2)
    await ask_again(world.shop.gateways, world.shop.desk)

    assert await world.shop.balances(order) == SETTLED


async def test_a_lost_webhook_is_found_by_asking(world: World, order: Order, owner: AsyncEngine):
    await world.buy(order)
    await pass_time(owner, 2)

    await ask_again(world.shop.gateways, world.shop.desk)

    assert await world.shop.balances(order) == SETTLED


async def test_a_provider_that_is_down_is_asked_again(world: World, order: Order, owner: AsyncEngine):
    notice = await world.buy(order)
    await world.shop.take(notice)
    world.fake.faults.append(Fault(drops=True, times=50))
    with pytest.raises(GatewayUnavailable):
        await world.shop.handle_all()
    assert (await world.shop.order(order)).state == OrderState.HOLD

    world.fake.faults.clear()
    await world.shop.handle_all()

    assert await world.shop.balances(order) == SETTLED


async def test_late_money_without_places_goes_back(world: World, make: Make):
    order = await make.order(await event_of(make, world.shop, capacity=1), wa="+6281234567890")
    await world.shop.choose(order)
    await make.move(Move(OrderEvent.CANCEL, order.event_id, SYSTEM, order.id))
    async with world.shop.database.read(SYSTEM) as session:
        event = await session.get_one(type(await event_of(make, world.shop)), order.event_id)
    await make.order(event, buyer_name="Siti Aminah")

    await world.hear(world.pay(await world.shop.reference(order)))
    due = await world.shop.balances(order)
    await send_refunds(world.shop.gateways)
    await send_refunds(world.shop.gateways)

    assert due == {Account.RECEIVED: PRICE, Account.REFUND_DUE: PRICE}
    async with world.shop.database.read(SYSTEM) as session:
        (refund,) = await list_refunds(session, order.id)
    # Money is sent, or its provider is still busy with it, or cannot: never lost, never sent twice.
    assert refund.state in {"paid", "approved", "failed"}
    assert await offenders(world.shop.database) == {}


async def test_a_hold_that_ends_is_closed_at_the_provider(world: World, order: Order, owner: AsyncEngine):
    await world.shop.choose(order)
    window = PROVIDERS[world.shop.account.provider].window
    await pass_time(owner, int(window.total_seconds() // 60) + 1)
    await close_ended(world.shop.gateways, world.shop.desk)

    assert (await world.shop.order(order)).state == OrderState.EXPIRED
    assert [payment.closed_at is not None for payment in await world.shop.payments(order)] == [True]


async def test_a_page_whose_answer_was_lost_is_opened_once(world: World, order: Order):
    world.fake.faults.append(Fault(drops=True, is_done=True, times=50))
    with pytest.raises(GatewayUnavailable):
        await world.shop.choose(order)
    world.fake.faults.clear()

    await world.hear(await world.buy(order))

    assert len(await world.shop.payments(order)) == 1
    assert await world.shop.balances(order) == SETTLED


async def test_handling_the_same_notice_at_once_settles_once(world: World, order: Order):
    await world.shop.take(await world.buy(order))
    ids = await world.shop.waiting()

    await asyncio.gather(*(handle_notice(world.shop.gateways, world.shop.desk, ids[0]) for _ in range(20)))

    assert await world.shop.balances(order) == SETTLED
