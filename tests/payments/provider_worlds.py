"""One provider's fake and a shop that takes money there, for tests that every provider must pass."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pesan.db import Database
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.payments.gateways.accounts import AccountDraft
from pesan.realtime import Hub
from pesan.settings import Settings
from tests.payments.gateway_steps import Shop, add_account, make_gateways
from tests.support.factories import Make
from tests.support.providers.midtrans import FakeMidtrans
from tests.support.providers.server import FakeProvider, Signed, running_provider
from tests.support.providers.stripe import FakeStripe
from tests.support.providers.xendit import FakeXendit


@dataclass
class World:
    """One provider, and the shop that takes money there."""

    fake: Any
    shop: Shop
    spoken: "Spoken"

    async def buy(self, order: Order, amount: int | None = None) -> Signed:
        """The buyer chooses and pays; the webhook of it."""
        await self.shop.choose(order)
        return self.pay(await self.shop.reference(order), amount)

    def pay(self, reference: str, amount: int | None = None) -> Signed:
        self.fake.pay(reference, amount=amount)
        return self.spoken.notice(self.fake, reference)

    def end(self, reference: str) -> Signed:
        """The page's time is over; the webhook of it."""
        return self.spoken.end(self.fake, reference)

    async def hear(self, notice: Signed) -> None:
        await self.shop.take(notice)
        await self.shop.handle_all()


@dataclass(frozen=True)
class Spoken:
    """How to reach a provider's fake, and the webhooks that tell of money and of a page that ended without any."""

    name: str
    make: Callable[[], FakeProvider]
    draft: Callable[[Any], dict[str, str]]
    notice: Callable[[Any, str], Signed]
    end: Callable[[Any, str], Signed]


def _end_midtrans(fake: FakeMidtrans, reference: str) -> Signed:
    fake.choose(reference)
    fake.expire(reference)
    return fake.notice(reference)


def _end_session(fake: FakeXendit | FakeStripe, reference: str) -> Signed:
    fake.expire(reference)
    return fake.session_notice(reference, "expired")


def _end_invoice(fake: FakeXendit, reference: str) -> Signed:
    fake.expire(reference)
    return fake.invoice_notice(reference)


SPOKEN = [
    Spoken(
        "midtrans",
        FakeMidtrans,
        lambda fake: {"server_key": fake.server_key},
        lambda fake, reference: fake.notice(reference),
        _end_midtrans,
    ),
    Spoken(
        "xendit",
        FakeXendit,
        lambda fake: {"secret_key": fake.secret_key, "callback_token": fake.callback_token},
        lambda fake, reference: fake.session_notice(reference),
        _end_session,
    ),
    Spoken(
        "stripe",
        FakeStripe,
        lambda fake: {"secret_key": fake.secret_key, "webhook_secret": fake.webhook_secret},
        lambda fake, reference: fake.session_notice(reference),
        _end_session,
    ),
    Spoken(
        "xendit_invoice",
        FakeXendit,
        lambda fake: {"secret_key": fake.secret_key, "callback_token": fake.callback_token},
        lambda fake, reference: fake.invoice_notice(reference),
        _end_invoice,
    ),
]


@asynccontextmanager
async def running_world(
    spoken: Spoken, make: Make, database: Database, settings: Settings
) -> AsyncIterator[World]:
    """The fake on a socket, and a merchant with an account there."""
    async with running_provider(spoken.make()) as fake:
        gateways = make_gateways(database, settings.secret, addresses={spoken.name: fake.url})
        draft = AccountDraft(provider=spoken.name, secrets=spoken.draft(fake))
        account, method = await add_account(database, gateways, await make.merchant(), draft)
        shop = Shop(database, SaleDesk(database, Hub(database.url)), gateways, account, method)
        yield World(fake, shop, spoken)
        await gateways.http.aclose()
