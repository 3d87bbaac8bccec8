"""What tests of money need beside the usual."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pesan.db import Database
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.realtime import Hub
from pesan.settings import Settings
from tests.payments.gateway_steps import Shop, add_account, event_of, make_gateways
from tests.support.factories import Make


@pytest.fixture
async def owner(database_url: URL) -> AsyncIterator[AsyncEngine]:
    """The tables' owner, whom no policy binds: for what no role of the application may do."""
    engine = create_async_engine(database_url, pool_size=1)
    yield engine
    await engine.dispose()


@pytest.fixture
async def shop(make: Make, database: Database, settings: Settings) -> AsyncIterator[Shop]:
    """A merchant who takes money at the sandbox; its event's places are the default ten."""
    gateways = make_gateways(database, settings.secret)
    merchant = await make.merchant()
    account, method = await add_account(database, gateways, merchant)
    yield Shop(database, SaleDesk(database, Hub(database.url)), gateways, account, method)
    await gateways.http.aclose()


@pytest.fixture
async def order(make: Make, shop: Shop) -> Order:
    """A held order at that merchant, of Rp 150.000."""
    return await make.order(await event_of(make, shop))
