"""Wallets on a ticket's page: there where their keys are, and nothing of them where they are not."""

import io
import zipfile
from pathlib import Path

import pytest

from pesan.orders.states import OrderState
from pesan.settings import Settings
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from tests.storefront.shop import Shop
from tests.support.factories import SYSTEM
from tests.support.fulfilment import fulfil
from tests.tickets.wallet_keys import write_apple, write_google

BUTTONS = ("Google Wallet", "Apple Wallet")


@pytest.fixture(params=["without keys", "with keys"])
def has_keys(request: pytest.FixtureRequest) -> bool:
    return str(request.param) == "with keys"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path, has_keys: bool) -> Settings:
    return settings.model_copy(update={**write_google(tmp_path), **write_apple(tmp_path)} if has_keys else {})


@pytest.fixture
async def ticket(shop: Shop) -> Ticket:
    order = await shop.make.order(shop.event, state=OrderState.PAID)
    await fulfil(shop.make, shop.database, order)
    async with shop.database.read(SYSTEM) as session:
        return (await list_tickets(session, order.id))[0]


async def test_page_offers_the_wallets_that_have_keys(shop: Shop, ticket: Ticket, has_keys: bool):
    path = f"/ticket/{ticket.code}"

    page = (await shop.guest.get(path)).text
    google = await shop.guest.get(f"{path}/google-wallet")
    apple = await shop.guest.get(f"{path}/ticket.pkpass")

    assert [name in page for name in BUTTONS] == [has_keys, has_keys]
    if not has_keys:
        assert (google.status_code, apple.status_code) == (404, 404)
        return
    assert google.status_code == 303
    assert google.headers["location"].startswith("https://pay.google.com/gp/v/save/eyJ")
    assert (apple.status_code, apple.headers["content-type"]) == (200, "application/vnd.apple.pkpass")
    with zipfile.ZipFile(io.BytesIO(apple.content)) as archive:
        assert {"pass.json", "manifest.json", "signature", "icon.png"} <= set(archive.namelist())


async def test_void_ticket_goes_into_no_wallet(shop: Shop, ticket: Ticket):
    await shop.execute("UPDATE tickets SET state = 'void', voided_at = clock_timestamp()")

    for name in ("google-wallet", "ticket.pkpass", "ticket.pdf"):
        assert (await shop.guest.get(f"/ticket/{ticket.code}/{name}")).status_code == 404
    page = (await shop.guest.get(f"/ticket/{ticket.code}")).text
    assert [name in page for name in BUTTONS] == [False, False]
