"""A dispute names the money alone, and is still put before a person."""

from sqlalchemy import select

from pesan.db import Database
from pesan.orders.desk import SaleDesk
from pesan.payments.gateways.accounts import AccountDraft
from pesan.payments.gateways.models import WebhookEvent
from pesan.realtime import Hub
from pesan.settings import Settings
from tests.payments.gateway_steps import Shop, add_account, event_of, make_gateways
from tests.support.factories import SYSTEM, Make
from tests.support.providers import FakeStripe, Signed, running_provider


async def hear(shop: Shop, notice: Signed) -> None:
    await shop.take(notice)
    await shop.handle_all()


async def test_a_dispute_is_put_before_a_person(make: Make, database: Database, settings: Settings):
    async with running_provider(FakeStripe()) as fake:
        gateways = make_gateways(database, settings.secret, addresses={"stripe": fake.url})
        secrets = {"secret_key": fake.secret_key, "webhook_secret": fake.webhook_secret}
        draft = AccountDraft(provider="stripe", secrets=secrets)
        account, method = await add_account(database, gateways, await make.merchant(), draft)
        shop = Shop(database, SaleDesk(database, Hub(database.url)), gateways, account, method)
        order = await make.order(await event_of(make, shop), wa="+6281234567890", email="budi@contoh.id")
        await shop.choose(order)
        reference = await shop.reference(order)
        fake.pay(reference)
        await hear(shop, fake.session_notice(reference))
        paid = await shop.balances(order)

        fake.dispute(reference)
        await hear(shop, fake.dispute_notice(reference))
        await gateways.http.aclose()

    async with database.read(SYSTEM) as session:
        outcomes = (await session.scalars(select(WebhookEvent.outcome).order_by(WebhookEvent.id))).all()
    assert list(outcomes) == ["settled", "flagged"]
    assert [payment.flag for payment in await shop.payments(order)] == ["reversed"]
    assert await shop.balances(order) == paid
