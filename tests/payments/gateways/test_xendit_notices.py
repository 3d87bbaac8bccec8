"""Xendit's callbacks: the token, both shapes of a body, and one key per event."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from pesan.payments.gateways.base import Account, Notice
from pesan.payments.gateways.errors import NoticeUnreadable, SignatureInvalid
from pesan.payments.gateways.xendit import XenditInvoices, XenditSessions
from tests.payments.gateways.support import AMOUNT, REFERENCE, UNUSED, wanted
from tests.support.providers import FakeXendit, Signed, running_provider

TOKEN = "tok_contoh_123"
INVOICE = {"id": "65a0", "external_id": "ORD-1", "user_id": "biz", "status": "PAID", "amount": 147356.0}
SESSION = {
    "event": "payment_session.completed",
    "business_id": "biz",
    "data": {"payment_session_id": "ps-1", "reference_id": "ORD-1", "status": "COMPLETED"},
}


def read(told: object, *, token: str | None = TOKEN, secret: str = TOKEN, **headers: str) -> Notice:
    account = Account("xendit", is_live=False, secrets={"callback_token": secret}, account_id="biz")
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    given = {} if token is None else {"x-callback-token": token}
    return XenditSessions(account, UNUSED).read_notice({**given, **headers}, body, 0.0)


@pytest.mark.parametrize("token", [None, "", "tok_contoh_12", "tok_contoh_1234", "TOK_CONTOH_123", "é"])
def test_token_that_is_not_the_accounts_is_refused(token: str | None):
    for told in (INVOICE, SESSION):
        with pytest.raises(SignatureInvalid):
            read(told, token=token)


@pytest.mark.parametrize("secret", ["", " "])
@pytest.mark.parametrize("token", [None, "", " "])
def test_account_without_a_token_refuses_everything(secret: str, token: str | None):
    with pytest.raises(SignatureInvalid):
        read(INVOICE, token=token, secret=secret)


@pytest.mark.parametrize("told", [{**INVOICE, "user_id": "other"}, {**SESSION, "business_id": "other"}])
def test_callback_of_another_business_is_refused(told: dict[str, Any]):
    with pytest.raises(SignatureInvalid):
        read(told)


def test_flat_body_and_envelope_are_both_read():
    assert read(INVOICE) == Notice("invoice.paid:65a0:PAID", "invoice.paid", "ORD-1", "65a0")
    assert read(SESSION) == Notice(
        "payment_session.completed:ps-1:COMPLETED", "payment_session.completed", "ORD-1", "ps-1"
    )


def test_number_of_a_delivery_is_the_key_where_there_is_one():
    keys = [read(INVOICE, **{"webhook-id": number}).event_key for number in ("wh-1", "wh-1", "wh-2")]
    assert keys == ["webhook:wh-1", "webhook:wh-1", "webhook:wh-2"]


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"[]",
        b"{",
        {},
        {"id": "65a0"},
        {"id": 1, "status": "PAID"},
        {"event": "x"},
        {"event": "x", "data": 1},
    ],
    ids=str,
)
def test_body_that_names_nothing_is_unreadable(told: object):
    with pytest.raises(NoticeUnreadable):
        read(told)


@pytest.fixture
async def fake() -> AsyncIterator[FakeXendit]:
    async with running_provider(FakeXendit()) as fake:
        yield fake


@pytest.fixture
def account(fake: FakeXendit) -> Account:
    secrets = {"secret_key": fake.secret_key, "callback_token": fake.callback_token}
    return Account("xendit", is_live=False, secrets=secrets, account_id=fake.business_id, base_url=fake.url)


@pytest.fixture
async def sessions(account: Account, http: httpx.AsyncClient) -> XenditSessions:
    gateway = XenditSessions(account, http)
    await gateway.open(wanted())
    return gateway


def told(gateway: XenditSessions | XenditInvoices, signed: Signed) -> tuple[str, str | None, str | None]:
    notice = gateway.read_notice(signed.headers, signed.body, 0.0)
    return notice.kind, notice.reference, notice.refund_key


@pytest.mark.parametrize("event", ["payment.capture", "payment.succeeded"])
async def test_capture_is_read_by_both_of_its_names(sessions: XenditSessions, fake: FakeXendit, event: str):
    payment = fake.pay(REFERENCE)
    signed = fake.payment_notice(payment["payment_id"], event)
    assert told(sessions, signed) == (event, REFERENCE, None)


async def test_session_is_named_by_its_own_id(sessions: XenditSessions, fake: FakeXendit):
    fake.expire(REFERENCE)
    signed = fake.session_notice(REFERENCE, "expired")
    assert sessions.read_notice(signed.headers, signed.body, 0.0).provider_ref in fake.sessions


@pytest.mark.parametrize("is_nested", [False, True])
async def test_refund_is_read_however_deep_it_lies(
    sessions: XenditSessions, fake: FakeXendit, is_nested: bool
):
    fake.pay(REFERENCE)
    payment = await sessions.fetch(REFERENCE, next(iter(fake.sessions)))
    assert payment is not None
    await sessions.refund(payment, amount=1, key="RF-1", reason="batal")
    fake.finish_refund("RF-1")

    signed = fake.refund_notice("RF-1", is_nested=is_nested)
    assert told(sessions, signed) == ("refund.succeeded", None, "RF-1")


async def test_two_refunds_of_one_payment_are_two_events(sessions: XenditSessions, fake: FakeXendit):
    fake.pay(REFERENCE)
    payment = await sessions.fetch(REFERENCE, next(iter(fake.sessions)))
    assert payment is not None
    keys = []
    for key, amount in {"RF-1": 1, "RF-2": AMOUNT - 1}.items():
        await sessions.refund(payment, amount=amount, key=key, reason="batal")
        fake.finish_refund(key)
        signed = fake.refund_notice(key, webhook_id=None)
        keys += [sessions.read_notice(signed.headers, signed.body, 0.0).event_key for _ in range(2)]

    assert (keys[0] == keys[1], keys[2] == keys[3], keys[0] == keys[2]) == (True, True, False)


async def test_paid_then_settled_are_two_events_of_the_same_money(
    account: Account, fake: FakeXendit, http: httpx.AsyncClient
):
    gateway = XenditInvoices(account, http)
    await gateway.open(wanted())
    fake.pay(REFERENCE)
    paid = fake.invoice_notice(REFERENCE, webhook_id=None)
    money = await gateway.fetch(REFERENCE, None)
    fake.settle(REFERENCE)
    settled = fake.invoice_notice(REFERENCE, webhook_id=None)

    assert (told(gateway, paid)[0], told(gateway, settled)[0]) == ("invoice.paid", "invoice.settled")
    assert await gateway.fetch(REFERENCE, None) == money
