"""What merchants, buyers, providers and jobs do around the sandbox, through the code that does it for real."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.payments import ledger
from pesan.payments.gateways.accounts import AccountDraft, create_account
from pesan.payments.gateways.attempts import open_hosted_page
from pesan.payments.gateways.inbox import handle_notice
from pesan.payments.gateways.intake import Intake, Parcel
from pesan.payments.gateways.models import GatewayAccount, WebhookEvent
from pesan.payments.gateways.registry import Gateways, get_account
from pesan.payments.gateways.sandbox import SANDBOX, Act, Sandbox, Sent
from pesan.payments.models import Payment, PaymentMethod
from pesan.payments.queries import list_payments
from pesan.payments.states import Account
from pesan.tenancy.models import Merchant
from tests.support.certificates import certificates
from tests.support.factories import SYSTEM, Make
from tests.support.providers.server import Signed

SECRET = "kunci-webhook-uji"


@dataclass
class Shop:
    """A merchant who takes money at the sandbox, and the processes around it."""

    database: Database
    desk: SaleDesk
    gateways: Gateways
    account: GatewayAccount
    method: PaymentMethod

    async def choose(self, order: Order, method: PaymentMethod | None = None) -> str:
        """The buyer chooses the provider; where its page is."""
        return await open_hosted_page(
            self.gateways,
            order=order,
            method=method or self.method,
            actor=Actor.guest(order.code),
            return_url=f"https://toko.example/pay/{order.code}/return",
        )

    async def press(self, order: Order, act: Act) -> list[Sent]:
        """The buyer presses something on the sandbox's page; the webhooks that it sends."""
        sandbox = await self.sandbox()
        return await sandbox.act(await self.reference(order), act, time.time())

    async def pay(self, order: Order, act: Act = Act.PAY) -> None:
        """Press, and let everything that follows happen."""
        await self.choose(order)
        for sent in await self.press(order, act):
            await self.take(sent)
        await self.handle_all()

    async def take(self, sent: Sent | Signed) -> None:
        account = self.account
        parcel = Parcel(account.provider, account.id, sent.headers, sent.body, time.time())
        await Intake(self.gateways).take(parcel)

    async def waiting(self) -> Sequence[UUID]:
        """The webhooks that nobody handled."""
        async with self.database.read(SYSTEM) as session:
            query = select(WebhookEvent.id).where(WebhookEvent.handled_at.is_(None))
            return (await session.scalars(query)).all()

    async def handle_all(self) -> None:
        """What the worker does with the webhooks that came."""
        for event_id in await self.waiting():
            await handle_notice(self.gateways, self.desk, event_id)

    async def sandbox(self) -> Sandbox:
        async with self.database.read(SYSTEM) as session:
            opened = self.gateways.open(await get_account(session, self.account.id))
        assert isinstance(opened, Sandbox)
        return opened

    async def payments(self, order: Order) -> list[Payment]:
        async with self.database.read(SYSTEM) as session:
            return list(await list_payments(session, order.id))

    async def reference(self, order: Order) -> str:
        """Of the attempt that the order waits for, or of the only one."""
        payments = [payment for payment in await self.payments(order) if payment.reference]
        open_ones = [payment for payment in payments if payment.state == "open"] or payments
        assert open_ones[0].reference is not None
        return open_ones[0].reference

    async def order(self, order: Order) -> Order:
        async with self.database.read(SYSTEM) as session:
            return await session.get_one(Order, order.id)

    async def balances(self, order: Order) -> dict[Account, int]:
        async with self.database.read(SYSTEM) as session:
            held = await ledger.get_balances(session, order.id)
        return {account: amount for account, amount in held.items() if amount}


async def event_of(make: Make, shop: Shop, **draft: Any) -> Event:
    """An event of the shop's merchant."""
    async with shop.database.read(SYSTEM) as session:
        merchant = await session.get_one(Merchant, shop.account.merchant_id)
    return await make.event(merchant, **draft)


def make_gateways(
    database: Database,
    secret: bytes,
    *,
    takes_sandbox: bool = True,
    addresses: Mapping[str, str] = MappingProxyType({}),
) -> Gateways:
    return Gateways(
        database,
        secret,
        httpx.AsyncClient(verify=certificates()),
        "http://127.0.0.1",
        takes_sandbox,
        addresses,
    )


SANDBOX_DRAFT = AccountDraft(provider=SANDBOX, secrets={"webhook_secret": SECRET})


async def add_account(
    database: Database, gateways: Gateways, merchant: Merchant, draft: AccountDraft = SANDBOX_DRAFT
) -> tuple[GatewayAccount, PaymentMethod]:
    async with database.write(SYSTEM) as session:
        return await create_account(session, gateways, merchant_id=merchant.id, draft=draft, actor=SYSTEM)
