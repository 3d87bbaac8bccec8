"""Stripe's events: the published vectors, whatever must not pass, and what each event names."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from pesan.payments.gateways.base import Account, Notice
from pesan.payments.gateways.errors import NoticeUnreadable, SignatureInvalid
from pesan.payments.gateways.stripe import StripeCheckout
from tests.payments.gateways.support import AMOUNT, REFERENCE, UNUSED, VECTORS, wanted
from tests.support.providers import FakeStripe, Signed, running_provider

VECTOR = VECTORS["stripe_sig"]
BODY = VECTOR["body"].encode()
T = VECTOR["t"]
V1 = VECTOR["v1"]
OLD_V1 = VECTOR["header_rotated"].split("v1=")[1].rstrip(",")


def read(
    header: str | None,
    *,
    body: bytes = BODY,
    now: float = T,
    secret: str = VECTOR["secret"],
    is_live: bool = False,
    account_id: str | None = None,
) -> Notice:
    account = Account("stripe", is_live=is_live, secrets={"webhook_secret": secret}, account_id=account_id)
    headers = {} if header is None else {"stripe-signature": header}
    return StripeCheckout(account, UNUSED).read_notice(headers, body, now)


def read_signed(signed: Signed, **rest: Any) -> Notice:
    return read(signed.headers["stripe-signature"], body=signed.body, **rest)


@pytest.mark.parametrize("header", [VECTOR["header"], VECTOR["header_rotated"]])
def test_header_is_the_published_one(header: str):
    assert len(BODY) == VECTOR["body_len"]
    assert read(header) == Notice(
        event_key="evt_test_0001",
        kind="checkout.session.completed",
        reference="ORD-2026-000123",
        provider_ref="cs_test_0001",
    )


def test_header_of_a_rolled_secret_is_read_by_the_old_one_too():
    assert read(VECTOR["header_rotated"], secret=VECTOR["old_secret"]).event_key == "evt_test_0001"


@pytest.mark.parametrize("now", [T - 300, T, T + 300])
def test_event_within_five_minutes_is_taken(now: int):
    assert read(VECTOR["header"], now=now).event_key == "evt_test_0001"


@pytest.mark.parametrize("now", [T - 600, T - 301, T + 301, T + 600])
def test_event_too_old_or_from_the_future_is_refused(now: int):
    with pytest.raises(SignatureInvalid):
        read(VECTOR["header"], now=now)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        f"v1={V1}",
        f"t={T}",
        f"t=,v1={V1}",
        f"t={T}.0,v1={V1}",
        f"t=-{T},v1={V1}",
        f"t={'1' * 5_000},v1={V1}",
        f"t=١٧٦٧٢٢٥٦٠٠,v1={V1}",
        f"t={T},v0={V1}",
        f"t={T},v1={V1.upper()}",
        f"t={T},v1={V1[:-1]}",
        f"t={T},v1=",
        f"t={T},v1={OLD_V1}",
        f"t={T + 1},v1={V1}",
        f"t={T},v1=é",
    ],
)
def test_header_that_proves_nothing_is_refused(header: str | None):
    with pytest.raises(SignatureInvalid):
        read(header)


@pytest.mark.parametrize(
    "body", [BODY + b" ", BODY.replace(b"paid", b"PAID"), b"", json.dumps(json.loads(BODY)).encode()]
)
def test_body_that_is_not_the_signed_bytes_is_refused(body: bytes):
    with pytest.raises(SignatureInvalid):
        read(VECTOR["header"], body=body)


@pytest.mark.parametrize("secret", ["", " "])
def test_account_without_a_secret_refuses_everything(secret: str):
    forged = FakeStripe(webhook_secret=secret).sign(BODY, at=T)
    for header in (VECTOR["header"], forged.headers["stripe-signature"]):
        with pytest.raises(SignatureInvalid):
            read(header, secret=secret)


@pytest.mark.parametrize("livemode", [True, False])
def test_event_of_the_other_mode_is_refused(livemode: bool):
    fake = FakeStripe()
    fake.livemode = livemode
    signed = fake.event("charge.refunded", {"object": "charge"}, at=T)

    assert read_signed(signed, is_live=livemode).kind == "charge.refunded"
    with pytest.raises(SignatureInvalid):
        read_signed(signed, is_live=not livemode)


def test_event_of_another_account_is_refused():
    signed = FakeStripe().event("charge.refunded", {"object": "charge"}, at=T, account="acct_b")
    assert read_signed(signed, account_id="acct_b").kind == "charge.refunded"
    with pytest.raises(SignatureInvalid):
        read_signed(signed, account_id="acct_a")


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b"null", b"{}", b'{"id":"evt_1","type":"x","data":[]}', b'{"id":1}']
)
def test_event_that_names_nothing_is_unreadable(body: bytes):
    with pytest.raises(NoticeUnreadable):
        read_signed(FakeStripe().sign(body, at=T))


@pytest.fixture
async def fake() -> AsyncIterator[FakeStripe]:
    async with running_provider(FakeStripe()) as fake:
        yield fake


@pytest.fixture
async def gateway(fake: FakeStripe, http: httpx.AsyncClient) -> StripeCheckout:
    secrets = {"secret_key": fake.secret_key, "webhook_secret": fake.webhook_secret}
    gateway = StripeCheckout(Account("stripe", is_live=False, secrets=secrets, base_url=fake.url), http)
    await gateway.open(wanted())
    return gateway


@pytest.mark.parametrize("event", ["completed", "async_payment_succeeded", "async_payment_failed", "expired"])
async def test_event_of_a_session_names_it(gateway: StripeCheckout, fake: FakeStripe, event: str):
    fake.pay_later(REFERENCE)
    notice = read_signed(fake.session_notice(REFERENCE, event, at=T))
    assert (notice.kind, notice.reference, notice.provider_ref, notice.refund_key) == (
        f"checkout.session.{event}",
        REFERENCE,
        fake.session(REFERENCE)["id"],
        None,
    )


async def test_completed_without_money_is_a_hint_only(gateway: StripeCheckout, fake: FakeStripe):
    session = fake.pay_later(REFERENCE)
    notice = read_signed(fake.session_notice(REFERENCE, at=T))
    found = await gateway.fetch(REFERENCE, session["id"])
    assert found is not None
    assert (notice.kind, found.state) == ("checkout.session.completed", "pending")


async def test_event_of_a_charge_leads_to_its_payment(gateway: StripeCheckout, fake: FakeStripe):
    session = fake.pay(REFERENCE)
    notice = read_signed(fake.charge_notice(REFERENCE, at=T))
    found = await gateway.fetch(REFERENCE, notice.provider_ref)
    assert found is not None
    assert (notice.reference, found.provider_ref, found.amount) == (REFERENCE, session["id"], AMOUNT)


async def test_dispute_names_the_money_alone(gateway: StripeCheckout, fake: FakeStripe):
    intent = fake.pay(REFERENCE)["payment_intent"]["id"]
    fake.dispute(REFERENCE)
    notice = read_signed(fake.dispute_notice(REFERENCE, at=T))
    found = await gateway.fetch(REFERENCE, notice.provider_ref)
    assert found is not None
    assert (notice.reference, notice.provider_ref, found.state) == (None, intent, "disputed")


@pytest.mark.parametrize("event", ["refund.created", "refund.updated", "refund.failed"])
async def test_event_of_a_refund_names_its_key(gateway: StripeCheckout, fake: FakeStripe, event: str):
    session = fake.pay(REFERENCE)
    payment = await gateway.fetch(REFERENCE, session["id"])
    assert payment is not None
    await gateway.refund(payment, amount=1, key="RF-1", reason="batal")

    notice = read_signed(fake.refund_notice("RF-1", event, at=T))
    assert (notice.kind, notice.reference, notice.refund_key) == (event, REFERENCE, "RF-1")


async def test_duplicate_has_the_same_key_and_news_another(gateway: StripeCheckout, fake: FakeStripe):
    fake.pay(REFERENCE)
    first, second = (fake.session_notice(REFERENCE, at=T) for _ in range(2))
    keys = [read_signed(signed).event_key for signed in (first, first, second)]
    assert (keys[0] == keys[1], keys[0] == keys[2]) == (True, False)


async def test_event_signed_while_the_secret_changes_is_taken(gateway: StripeCheckout, fake: FakeStripe):
    fake.pay(REFERENCE)
    signed = fake.session_notice(REFERENCE, at=T, secrets=("whsec_old", fake.webhook_secret))
    assert read_signed(signed).reference == REFERENCE
