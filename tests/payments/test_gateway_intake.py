"""Webhooks that come together are stored together, and each is still judged alone."""

import asyncio
import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.payments.gateways.errors import AccountNotFound, SignatureInvalid
from pesan.payments.gateways.intake import Intake, Parcel
from pesan.payments.gateways.models import WebhookEvent
from pesan.payments.gateways.sandbox import Act
from tests.payments.gateway_steps import Shop
from tests.support.factories import SYSTEM
from tests.support.queries import CountQueries


@pytest.fixture
async def parcel(shop: Shop, order: Order) -> Parcel:
    """A genuine webhook of a payment that succeeded."""
    await shop.choose(order)
    (sent,) = await shop.press(order, Act.PAY)
    return Parcel(shop.account.provider, shop.account.id, sent.headers, sent.body, time.time())


async def kept(shop: Shop) -> list[bytes]:
    async with shop.database.read(SYSTEM) as session:
        return list(await session.scalars(select(WebhookEvent.body)))


async def test_one_bad_webhook_fails_alone(shop: Shop, parcel: Parcel):
    forged = replace(parcel, body=parcel.body + b" ")
    astray = replace(parcel, account_id=new_id())
    intake = Intake(shop.gateways)

    outcomes = await asyncio.gather(
        *(intake.take(each) for each in (parcel, forged, astray, parcel)), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        SignatureInvalid,
        AccountNotFound,
        type(None),
    ]
    assert await kept(shop) == [parcel.body]


@pytest.mark.parametrize("count", [1, 40])
async def test_a_group_costs_as_much_as_one(
    shop: Shop, parcel: Parcel, count: int, count_queries: CountQueries
):
    intake = Intake(shop.gateways)
    with count_queries() as statements:
        await asyncio.gather(*(intake.take(parcel) for _ in range(count)))

    assert len(statements) == 4  # who asks, the accounts, the webhooks and their jobs
