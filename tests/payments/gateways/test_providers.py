"""The fakes themselves: webhooks arrive over a socket as the bytes that were signed, late, twice and out of order."""

import time
from collections.abc import AsyncIterator

import httpx
import pytest

from pesan.payments.gateways.base import Account, Gateway, Notice
from pesan.payments.gateways.midtrans import Midtrans
from pesan.payments.gateways.stripe import StripeCheckout
from pesan.payments.gateways.xendit import XenditInvoices, XenditSessions
from tests.payments.gateways.support import REFERENCE, UNUSED, wanted
from tests.support.providers import (
    Asked,
    FakeMidtrans,
    FakeProvider,
    FakeStripe,
    FakeXendit,
    Fault,
    Reply,
    Signed,
    running_provider,
)

AnyGateway = Midtrans | XenditSessions | XenditInvoices | StripeCheckout
SECRETS = {"server_key", "secret_key", "callback_token", "webhook_secret"}


class Shop(FakeProvider):
    """Whoever receives webhooks; it only takes them."""

    def answer(self, asked: Asked) -> Reply:
        return Reply(200)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with running_provider(Shop()) as shop:
        yield shop


def read(gateway: Gateway, shop: Shop) -> list[Notice]:
    return [gateway.read_notice(asked.headers, asked.body, time.time()) for asked in shop.requests]


def account(fake: FakeProvider, kind: type[AnyGateway]) -> Account:
    secrets = {name: str(value) for name, value in vars(fake).items() if name in SECRETS}
    return Account(kind.name, is_live=False, secrets=secrets, base_url=fake.url)


async def tell(fake: FakeMidtrans | FakeXendit | FakeStripe, kind: type[AnyGateway]) -> tuple[Signed, Signed]:
    """A page that is opened, ends and is paid all the same: the two webhooks, in this order."""
    async with httpx.AsyncClient() as http:
        await kind(account(fake, kind), http).open(wanted())
    if isinstance(fake, FakeMidtrans):
        fake.choose(REFERENCE)
        fake.expire(REFERENCE)
        ended = fake.notice(REFERENCE)
        fake.pay(REFERENCE)
        return ended, fake.notice(REFERENCE)
    fake.expire(REFERENCE)
    if isinstance(fake, FakeStripe):
        ended = fake.session_notice(REFERENCE, "expired")
        fake.pay(REFERENCE)
        return ended, fake.session_notice(REFERENCE)
    told = fake.invoice_notice if kind is XenditInvoices else fake.session_notice
    ended = told(REFERENCE)
    fake.pay(REFERENCE)
    return ended, told(REFERENCE)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (FakeMidtrans, Midtrans),
        (FakeXendit, XenditSessions),
        (FakeXendit, XenditInvoices),
        (FakeStripe, StripeCheckout),
    ],
)
async def test_webhooks_arrive_as_they_were_signed(
    make: type[FakeMidtrans | FakeXendit | FakeStripe], kind: type[AnyGateway], shop: Shop
):
    async with running_provider(make()) as fake:
        ended, paid = await tell(fake, kind)
        answers = [*await paid.send(shop.url, times=2), *await ended.send(shop.url)]
    notices = read(kind(account(fake, kind), UNUSED), shop)

    assert answers == [200, 200, 200]
    assert [notice.reference for notice in notices] == [REFERENCE] * 3
    assert notices[0].event_key == notices[1].event_key != notices[2].event_key


async def test_fault_waits_for_its_request_and_happens_as_often_as_it_says(shop: Shop):
    shop.faults.append(Fault(Reply(503), on="POST /hook", times=2))
    signed = Signed({}, b"{}")

    before = await signed.send(shop.url)
    assert before + await signed.send(f"{shop.url}/hook", times=3) == [200, 503, 503, 200]


async def test_fault_that_breaks_the_line_or_only_waits(shop: Shop):
    shop.faults += [Fault(drops=True), Fault(seconds=0.01)]
    signed = Signed({}, b"{}")

    with pytest.raises(httpx.RemoteProtocolError):
        await signed.send(shop.url)
    assert await signed.send(shop.url) == [200]
