"""What providers tell of a payment: a review of their own, and where the card is from."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from pesan.db import Database
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.moves import Origin
from pesan.orders.states import LOOK_TASK, OrderState
from pesan.payments.gateways.base import RemotePayment, RemoteState
from pesan.payments.gateways.settle import Outcome, settle
from pesan.realtime import Hub
from pesan.risk.models import RiskReview
from pesan.risk.states import Signal
from pesan.settings import Settings
from tests.payments.gateway_steps import Shop, add_account, event_of, make_gateways
from tests.risk.conftest import Watch
from tests.support.factories import SYSTEM, Make


@pytest.fixture
async def shop(make: Make, database: Database, settings: Settings) -> AsyncIterator[Shop]:
    gateways = make_gateways(database, settings.secret)
    account, method = await add_account(database, gateways, await make.merchant())
    yield Shop(database, SaleDesk(database, Hub(database.url)), gateways, account, method)
    await gateways.http.aclose()


@pytest.fixture
async def watch(shop: Shop, make: Make, settings: Settings) -> Watch:
    return Watch(await event_of(make, shop), make, shop.database, settings)


async def told(shop: Shop, order: Order, state: RemoteState, **more: str) -> Outcome:
    """The provider says how the order's payment stands."""
    (payment,) = await shop.payments(order)
    remote = RemotePayment(
        reference=payment.reference or "",
        provider_ref=payment.provider_ref or "",
        state=state,
        amount=payment.amount,
        currency="IDR",
        payment_key=f"money-{order.code}" if state is RemoteState.PAID else None,
        **more,
    )
    return await settle(shop.database, shop.desk, shop.account, remote)


async def held(watch: Watch, shop: Shop, country: str | None = None) -> Order:
    order = await watch.make.order(watch.event, origin=Origin(country=country))
    await shop.choose(order)
    return order


async def test_a_providers_own_review_is_looked_at_once_while_nothing_is_paid(
    watch: Watch, shop: Shop, execute
):
    order = await held(watch, shop)

    outcomes = [await told(shop, order, RemoteState.REVIEW) for _ in range(2)]
    jobs = execute(f"SELECT args->>'order_id' FROM procrastinate_jobs WHERE task_name = '{LOOK_TASK}'")
    await watch.look(order)

    assert outcomes == [Outcome.NOTHING, Outcome.NOTHING]
    assert jobs == [(str(order.id),)]
    assert await watch.found(order) == [{Signal.PROVIDER: {}}]
    assert (await shop.order(order)).state == OrderState.HOLD


async def test_a_card_of_another_country_than_the_address_is_reviewed_and_paid(watch: Watch, shop: Shop):
    orders = [await held(watch, shop, country) for country in ("ID", "US", None)]

    outcomes = [await told(shop, order, RemoteState.PAID, issuer_country="US") for order in orders]
    for order in orders:
        await watch.look(order)

    assert outcomes == [Outcome.SETTLED] * 3
    assert await watch.found(*orders) == [{Signal.CARD_COUNTRY: {"card": "US", "ip": "ID"}}, None, None]
    assert {(await shop.order(order)).state for order in orders} == {OrderState.PAID}
    async with shop.database.read(SYSTEM) as session:
        assert len((await session.scalars(select(RiskReview))).all()) == 1
