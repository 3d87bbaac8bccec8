"""What an order keeps of the request that placed it: digests, and a country that a trusted proxy told."""

import httpx
import pytest
from sqlalchemy import URL

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.orders.models import Order
from pesan.settings import Settings
from pesan.web.limits import Limiter
from tests.storefront.shop import Shop

BEHIND = {"x-forwarded-for": "203.0.113.9", "cf-ipcountry": "id"}


@pytest.fixture
def limited(settings: Settings, database_url: URL):
    """An instance with its limits on, behind a proxy at 10.1.2.3 that tells countries."""
    told = {"rate_limits": "on", "trusted_proxies": ("10.0.0.0/8",), "ip_country_header": "CF-IPCountry"}
    return build_registry(Instance(settings.model_copy(update=told), database_url, None), "web")


async def placed(shop: Shop, registry, peer: str, **headers: str) -> Order:
    """An order from a browser that looked at the sheet first."""
    app = create_app(registry)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(peer, 40_000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client,
    ):
        await client.get(f"/x/{shop.event.short_id}/book")
        return await shop.order(await shop.held(client))


async def test_an_order_keeps_digests_and_the_country_and_no_address(shop: Shop, limited):
    order = await placed(shop, limited, "10.1.2.3", **BEHIND)

    limiter = limited[Limiter]
    assert order.ip_digest == limiter.digest("203.0.113.9")
    assert order.network_digest == limiter.digest_network("203.0.113.0/24")
    assert order.device_digest is not None
    assert len(order.device_digest) == 32
    assert order.ip_country == "ID"
    kept = {str(value) for name, value in vars(order).items() if not name.startswith("_")}
    assert not any("203.0.113" in value for value in kept)


async def test_a_stranger_claims_no_country(shop: Shop, limited):
    order = await placed(shop, limited, "198.51.100.7", **BEHIND)

    assert order.ip_country is None
    assert order.ip_digest == limited[Limiter].digest("198.51.100.7")


async def test_with_the_limits_off_nobody_is_recognised(shop: Shop):
    order = await shop.order(await shop.held())

    assert (order.ip_digest, order.network_digest, order.device_digest, order.ip_country) == (None,) * 4
