"""What a merchant's own program does: sign what it saw, and send it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from pesan.kit.ids import new_id
from pesan.kit.standard_webhooks import sign
from pesan.orders.models import Order
from pesan.payments.gateways.confirm_keys import find_key, renew_secret
from pesan.payments.gateways.confirming import handle_confirmation
from pesan.payments.gateways.intake import Intake, Parcel
from pesan.payments.gateways.models import WebhookEvent
from pesan.payments.webhooks import KEY
from tests.payments.gateway_steps import Shop
from tests.support.factories import SYSTEM
from tests.support.providers.server import Signed

PATH = "/payment/confirm"
PRICE = 150_000


@dataclass
class Program:
    """A merchant's own program with its key."""

    shop: Shop
    key_id: UUID
    secret: str

    def sign(
        self, body: bytes, *, message_id: str = "", at: int | None = None, secret: str | None = None
    ) -> Signed:
        """A message as it is sent."""
        message_id = message_id or f"msg_{new_id().hex}"
        at = int(time.time()) if at is None else at
        headers = {
            KEY: str(self.key_id),
            "webhook-id": message_id,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(secret or self.secret, message_id, at, body),
            "content-type": "application/json",
        }
        return Signed(headers, body)

    def approve(self, order: Order, reference: str = "BCA-1", **changes: Any) -> Signed:
        return self.sign(orjson.dumps(told_of(order, reference=reference, **changes)))

    def reject(self, order: Order, **changes: Any) -> Signed:
        return self.sign(orjson.dumps(told_of(order, status="REJECTED", amount=None, **changes)))

    async def send(self, *messages: Signed) -> list[str]:
        """Take messages in, let their jobs run, and say what came of each."""
        for message in messages:
            await self.take(message)
        ids = [event.id for event in await self.events() if event.handled_at is None]
        for event_id in ids:
            await handle_confirmation(self.shop.database, self.shop.desk, event_id)
        return [str(event.outcome) for event in await self.events() if event.id in ids]

    async def take(self, message: Signed) -> None:
        parcel = Parcel("confirm", self.key_id, message.headers, message.body, time.time())
        await Intake(self.shop.gateways).take(parcel)

    async def events(self) -> Sequence[WebhookEvent]:
        async with self.shop.database.read(SYSTEM) as session:
            return (await session.scalars(select(WebhookEvent).order_by(WebhookEvent.id))).all()


def told_of(order: Order, **changes: Any) -> dict[str, Any]:
    """What an approval of the whole price says."""
    told = {
        "status": "APPROVED",
        "code": order.code,
        "amount": PRICE,
        "currency": "IDR",
        "occurred_at": "2026-01-01T09:15:00+07:00",
    }
    return {**told, **changes}


async def give_key(shop: Shop, merchant_id: UUID | None = None) -> Program:
    """A key of the shop's merchant, or of another one."""
    owner = merchant_id or shop.account.merchant_id
    secret = await renew_secret(shop.gateways, merchant_id=owner, actor=SYSTEM)
    async with shop.database.read(SYSTEM) as session:
        key = await find_key(session, owner)
    assert key is not None
    return Program(shop, key.id, secret)
