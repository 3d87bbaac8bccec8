"""`kill -9` between what a provider captured and what we committed: each capture ends as exactly one thing.

The places at which the process dies are the things that it and its database say to each other, one after the other:
what it says is lost, or is done and never answered.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess

import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pesan.db.schema import login_url
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from pesan.payments.states import Account
from pesan.settings import Settings
from tests.payments.gateway_steps import event_of
from tests.payments.provider_worlds import SPOKEN, Spoken, World, running_world
from tests.payments.test_gateway_jobs import pass_time
from tests.support.database import offenders
from tests.support.factories import SYSTEM, Make
from tests.support.providers.server import Signed
from tests.support.proxy import Proxy, running_proxy
from tests.support.taker import Place, finish, start_taker

pytestmark = [pytest.mark.kill, pytest.mark.timeout(1_800)]

KILLS = int(os.environ.get("PESAN_TEST_KILLS", "2"))
PRICE = 150_000
FULFILLED = {Account.RECEIVED: PRICE, Account.FULFILLED: PRICE}
REFUNDED = {Account.RECEIVED: PRICE, Account.REFUNDED: PRICE}
REFUND_DUE = {Account.RECEIVED: PRICE, Account.REFUND_DUE: PRICE}


@dataclass
class Takers:
    """Starts processes that take webhooks, and kills each where it is told."""

    place: Place
    proxy: Proxy
    said: int = 0
    dies_at: int | None = None
    process: BaseProcess | None = field(default=None)

    def passes(self) -> bool:
        """Count what is said, and kill whoever says or hears this."""
        self.said += 1
        if self.said == self.dies_at:
            assert self.process is not None
            self.process.kill()
        return self.dies_at is None or self.said < self.dies_at

    async def take(self, told: Signed, *, dies_at: int | None = None) -> int | None:
        """Let a new process take this webhook; how it ended."""
        self.said, self.dies_at = 0, dies_at
        self.proxy.passes = self.passes
        self.process = start_taker(self.place, told)
        await asyncio.to_thread(self.process.join)
        return self.process.exitcode


@pytest.fixture(params=SPOKEN, ids=[spoken.name for spoken in SPOKEN])
async def world(request, make, database, settings) -> AsyncIterator[World]:
    spoken: Spoken = request.param
    async with running_world(spoken, make, database, settings) as world:
        yield world


@pytest.fixture
async def takers(world: World, settings: Settings) -> AsyncIterator[Takers]:
    async with running_proxy(make_url(settings.database_url)) as proxy:
        url = login_url(proxy.url, "worker", secret=settings.secret, prefix=settings.database_role_prefix)
        place = Place(
            url.render_as_string(hide_password=False),
            settings.database_role_prefix,
            settings.secret,
            {world.spoken.name: world.fake.url},
            world.shop.account.id,
            world.shop.method.id,
        )
        yield Takers(place, proxy)


@pytest.fixture
async def owner(database_url) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database_url, pool_size=1)
    yield engine
    await engine.dispose()


async def buy(world: World, make: Make, *, too_late: bool) -> tuple[Order, Signed]:
    """The last place of an event is paid for, perhaps after it was given up and went to somebody else."""
    event = await event_of(make, world.shop, capacity=1)
    order = await make.order(event, wa="+6281234567890", email="budi@contoh.id")
    await world.shop.choose(order)
    reference = await world.shop.reference(order)
    if too_late:
        await make.move(Move(OrderEvent.CANCEL, event.id, SYSTEM, order.id))
        await make.order(event, buyer_name="Siti Aminah")
    return order, world.pay(reference)


async def test_each_capture_ends_as_one_thing_wherever_its_process_is_killed(
    world: World, takers: Takers, make: Make, owner: AsyncEngine, settings: Settings
):
    orders: dict[bool, list[Order]] = {False: [], True: []}
    lengths = {}
    for too_late, bought in orders.items():  # nobody dies: how much there is to say
        order, told = await buy(world, make, too_late=too_late)
        bought.append(order)
        assert await takers.take(told) == 0
        lengths[too_late] = takers.said

    for number in range(KILLS):
        too_late = number % 2 == 1
        place = lengths[too_late] * (number // 2 + 1) // ((KILLS + 1) // 2 + 1)
        ended: int | None = 0
        while ended == 0:  # under load things are said in fewer pieces, and a late place is never reached
            order, told = await buy(world, make, too_late=too_late)
            orders[too_late].append(order)
            ended = await takers.take(told, dies_at=place)
            place = place * 9 // 10
        assert ended == -signal.SIGKILL
        await recover(world, owner, settings)
    await recover(world, owner, settings, times=2)
    for order in orders[True]:
        await world.shop.desk.expire_due(order.event_id)

    balances = {late: [await world.shop.balances(order) for order in orders[late]] for late in orders}
    assert balances[False] == [FULFILLED] * len(orders[False])
    assert [held for held in balances[True] if held not in (REFUNDED, REFUND_DUE)] == []
    assert await offenders(world.shop.database) == []


async def recover(world: World, owner: AsyncEngine, settings: Settings, *, times: int = 1) -> None:
    """What the next process does, some time later."""
    for _ in range(times):
        await pass_time(owner, 2)
        await finish(world.shop, settings.secret)
