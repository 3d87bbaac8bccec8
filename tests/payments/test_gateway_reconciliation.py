"""A payment of which a provider says nothing sensible keeps no other waiting, of its account or of another."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.db import Database
from pesan.orders.desk import SaleDesk
from pesan.orders.states import OrderState
from pesan.payments.gateways import reconciliation
from pesan.payments.gateways.accounts import AccountDraft
from pesan.payments.gateways.reconciliation import ask_again, close_ended
from pesan.payments.gateways.sandbox import Act
from pesan.realtime import Hub
from pesan.settings import Settings
from tests.payments.gateway_steps import Shop, add_account, event_of, make_gateways
from tests.payments.test_gateway_jobs import pass_time
from tests.support.factories import Make
from tests.support.providers.midtrans import FakeMidtrans
from tests.support.providers.server import Fault, Reply, running_provider

ODD = 4
"""More than a provider is forgiven in one round."""


@pytest.fixture
async def fake() -> AsyncIterator[FakeMidtrans]:
    async with running_provider(FakeMidtrans()) as fake:
        yield fake


@pytest.fixture
async def shop(make: Make, database: Database, settings: Settings, fake: FakeMidtrans) -> AsyncIterator[Shop]:
    gateways = make_gateways(database, settings.secret, addresses={"midtrans": fake.url})
    draft = AccountDraft(provider="midtrans", secrets={"server_key": fake.server_key})
    account, method = await add_account(database, gateways, await make.merchant(), draft)
    yield Shop(database, SaleDesk(database, Hub(database.url)), gateways, account, method)
    await gateways.http.aclose()


async def asked_first(owner: AsyncEngine, reference: str) -> None:
    async with owner.begin() as connection:
        await connection.execute(
            text(
                "UPDATE payments SET checked_at = created_at - interval '1 hour' WHERE reference = :reference"
            ),
            {"reference": reference},
        )


@pytest.mark.parametrize(
    "reply",
    [Reply(400, {"status_code": "400"}), Reply(200, {"status_code": "200", "transaction_status": "new"})],
    ids=["refused", "unclear"],
)
async def test_payments_that_cannot_be_asked_keep_no_other_waiting(
    shop: Shop, fake: FakeMidtrans, make: Make, owner: AsyncEngine, reply: Reply
):
    event = await event_of(make, shop)
    for _ in range(ODD):
        odd = await make.order(event)
        await shop.choose(odd)
        reference = await shop.reference(odd)
        fake.faults.append(Fault(reply, on=f"GET /v2/{reference}", times=1000))
        await asked_first(owner, reference)
    order = await make.order(event)
    await shop.choose(order)
    fake.pay(await shop.reference(order))
    await pass_time(owner, 2)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE payments SET checked_at = created_at WHERE checked_at IS NULL"))

    for _ in range(2):
        await ask_again(shop.gateways, shop.desk)

    assert (await shop.order(order)).state == OrderState.PAID


async def test_more_payments_than_a_chunk_are_all_asked_in_one_round(
    shop: Shop, fake: FakeMidtrans, make: Make, owner: AsyncEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reconciliation, "_CHUNK", 2)
    event = await event_of(make, shop)
    orders = [await make.order(event) for _ in range(5)]
    for order in orders:
        await shop.choose(order)
        fake.pay(await shop.reference(order))
    await pass_time(owner, 2)

    await ask_again(shop.gateways, shop.desk)

    assert [(await shop.order(order)).state for order in orders] == [OrderState.PAID] * 5


async def test_payment_known_by_the_providers_own_name_alone_is_found(
    shop: Shop, fake: FakeMidtrans, make: Make, owner: AsyncEngine
):
    order = await make.order(await event_of(make, shop))
    await shop.choose(order)
    reference = await shop.reference(order)
    fake.choose(reference)
    await shop.take(fake.notice(reference))
    await shop.handle_all()
    fake.pay(reference)
    fake.faults.append(Fault(Reply(404, {"status_code": "404"}), on=f"GET /v2/{reference}", times=1000))
    await pass_time(owner, 2)

    await ask_again(shop.gateways, shop.desk)

    assert (await shop.order(order)).state == OrderState.PAID


@pytest.mark.parametrize("hours", [1, 24])
async def test_money_that_came_after_its_page_was_closed_is_found_without_a_webhook(
    shop: Shop, fake: FakeMidtrans, make: Make, owner: AsyncEngine, hours: int
):
    order = await make.order(await event_of(make, shop))
    await shop.choose(order)
    reference = await shop.reference(order)
    fake.choose(reference)
    await pass_time(owner, 16)
    await close_ended(shop.gateways, shop.desk)
    closed = await shop.order(order)
    fake.pay(reference)
    await ask_again(shop.gateways, shop.desk)
    at_once = await shop.order(order)
    async with owner.begin() as connection:
        await connection.execute(
            text(
                "UPDATE payments SET closed_at = closed_at - :hours * interval '61 minutes',"
                " checked_at = closed_at - interval '61 minutes'"
            ),
            {"hours": hours},
        )

    await ask_again(shop.gateways, shop.desk)

    states = [closed.state, at_once.state, (await shop.order(order)).state]
    assert states == [OrderState.EXPIRED, OrderState.EXPIRED, OrderState.PAID]


async def test_account_with_many_payments_keeps_no_other_account_waiting(
    shop: Shop, fake: FakeMidtrans, make: Make, owner: AsyncEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reconciliation, "_CHUNK", 2)
    event = await event_of(make, shop)
    for _ in range(ODD):
        await shop.choose(await make.order(event))
    fake.faults.append(Fault(Reply(429), times=1000))
    account, method = await add_account(shop.database, shop.gateways, await make.merchant())
    elsewhere = replace(shop, account=account, method=method)
    order = await make.order(await event_of(make, elsewhere))
    await elsewhere.pay(order, Act.DELAY)
    await pass_time(owner, 2)

    await ask_again(shop.gateways, shop.desk)

    assert (await shop.order(order)).state == OrderState.PAID


async def test_pages_that_cannot_be_closed_keep_no_other_open(
    shop: Shop, fake: FakeMidtrans, make: Make, owner: AsyncEngine
):
    event = await event_of(make, shop)
    for _ in range(ODD):
        odd = await make.order(event)
        await shop.choose(odd)
        reference = await shop.reference(odd)
        # Somebody is about to pay there, and it cannot be ended.
        name = fake.choose(reference)["transaction_id"]
        fake.faults.append(Fault(Reply(412, {"status_code": "412"}), on=f"POST /v2/{name}", times=1000))
        await asked_first(owner, reference)
    order = await make.order(event)
    await shop.choose(order)
    await pass_time(owner, 16)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE payments SET checked_at = created_at WHERE checked_at IS NULL"))

    for _ in range(2):
        await close_ended(shop.gateways, shop.desk)

    assert (await shop.order(order)).state == OrderState.EXPIRED
    assert [payment.closed_at is not None for payment in await shop.payments(order)] == [True]
