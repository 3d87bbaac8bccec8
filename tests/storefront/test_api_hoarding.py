"""One person cannot sit on the places: unfinished bookings are counted by number, by address of mail, by network."""

import httpx
import pytest

from pesan.settings import Settings
from tests.storefront.shop import Shop, problem

REFUSED = (429, "orders.too_many_holds")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With its limits on: without them nobody is recognised by their network, or a load test would be one buyer."""
    return settings.model_copy(update={"rate_limits": "on"})


@pytest.fixture
async def elsewhere(app):
    """A browser on another network."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("198.51.100.7", 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def test_hold_beyond_the_networks_limit_is_refused_whoever_asks(shop: Shop, elsewhere):
    event = await shop.make.event(shop.merchant, max_holds_per_ip=2)
    first = await shop.held(await shop.open_guest(), event=event, wa="0812-0000-0001")
    await shop.held(await shop.open_guest(), event=event, wa="0812-0000-0002")
    before = await shop.facts()

    refused = await shop.hold(await shop.open_guest(), event=event, wa="0812-0000-0003")

    assert problem(refused) == REFUSED
    assert await shop.facts() == before
    await shop.held(elsewhere, event=event, wa="0812-0000-0003")
    guest = await shop.open_guest(code=first["code"])
    await guest.post(f"/api/bookings/{first['id']}/cancel")
    await shop.held(await shop.open_guest(), event=event, wa="0812-0000-0004")


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"wa": "0812-3456-7890"}, {"wa": "+62 812 3456 7890", "email": "lain@contoh.id"}),
        ({"email": "siti@contoh.id"}, {"email": "SITI@Contoh.ID", "wa": "0812-3456-7890"}),
    ],
)
async def test_contact_is_one_however_it_is_written(shop: Shop, first, again):
    event = await shop.make.event(shop.merchant, max_holds_per_contact=1)
    await shop.held(await shop.open_guest(), event=event, **first)
    before = await shop.facts()

    refused = await shop.hold(await shop.open_guest(), event=event, **again)

    assert problem(refused) == REFUSED
    assert await shop.facts() == before
    await shop.held(await shop.open_guest(), event=await shop.make.event(shop.merchant), **again)
