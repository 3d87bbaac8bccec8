"""Midtrans' notifications: every published vector, whatever must not pass, and one key per event."""

import json
from collections.abc import AsyncIterator
from hashlib import sha512
from typing import Any

import httpx
import pytest

from pesan.payments.gateways.base import Account, Notice
from pesan.payments.gateways.errors import NoticeUnreadable, SignatureInvalid
from pesan.payments.gateways.midtrans import Midtrans
from tests.payments.gateways.support import AMOUNT, REFERENCE, UNUSED, VECTORS, wanted
from tests.support.providers import FakeMidtrans, running_provider

KEY = VECTORS["midtrans_notifications_key"]
BODIES: dict[str, dict[str, Any]] = VECTORS["midtrans_notifications"]
SETTLEMENT = BODIES["va_settlement"]
REFORMATTED = VECTORS["midtrans_sig"][-1]


def read(told: object, *, key: str = KEY, account_id: str | None = None) -> Notice:
    account = Account("midtrans", is_live=False, secrets={"server_key": key}, account_id=account_id)
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return Midtrans(account, UNUSED).read_notice({}, body, 0.0)


@pytest.mark.parametrize("vector", VECTORS["midtrans_sig"][:-1], ids=lambda vector: vector["sha512"][:8])
def test_signature_is_the_published_one(vector: dict[str, str]):
    signed = {name: vector[name] for name in ("order_id", "status_code", "gross_amount")}
    told = {**signed, "signature_key": vector["sha512"], "transaction_status": "settlement"}

    assert read(told, key=vector["server_key"]).reference == vector["order_id"]


def test_amount_that_somebody_reformatted_is_refused():
    told = {**SETTLEMENT, "signature_key": REFORMATTED["sha512"]}
    with pytest.raises(SignatureInvalid):
        read(told)
    with pytest.raises(SignatureInvalid):
        read({**SETTLEMENT, "gross_amount": REFORMATTED["gross_amount"]})


@pytest.mark.parametrize("name", BODIES)
def test_published_body_is_read(name: str):
    told = BODIES[name]
    notice = read(told, account_id="G000000000")
    assert (notice.reference, notice.kind, notice.provider_ref, notice.refund_key) == (
        told["order_id"],
        told["transaction_status"],
        told["transaction_id"],
        told.get("refund_key"),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"signature_key": None},
        {"signature_key": ""},
        {"signature_key": SETTLEMENT["signature_key"].upper()},
        {"signature_key": SETTLEMENT["signature_key"][:-1]},
        {"signature_key": "é" * 128},
        {"signature_key": 1},
        {"order_id": "ORD-2026-000124"},
        {"order_id": ""},
        {"order_id": None},
        {"status_code": "201"},
        {"status_code": 200},
        {"gross_amount": "1.00"},
        {"gross_amount": 147356.00},
        {"merchant_id": "G111111111"},
    ],
    ids=str,
)
def test_notice_that_proves_nothing_is_refused(changes: dict[str, Any]):
    with pytest.raises(SignatureInvalid):
        read({**SETTLEMENT, **changes}, account_id="G000000000")


@pytest.mark.parametrize("key", ["", "  ", "SB-Mid-server-LAIN"])
def test_account_without_the_key_refuses_everything(key: str):
    # Signed with nothing, as somebody would who hopes that nothing is configured.
    signed = f"{SETTLEMENT['order_id']}{SETTLEMENT['status_code']}{SETTLEMENT['gross_amount']}"
    with pytest.raises(SignatureInvalid):
        read({**SETTLEMENT, "signature_key": sha512(signed.encode()).hexdigest()}, key=key)
    with pytest.raises(SignatureInvalid):
        read(SETTLEMENT, key=key)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"order_id":NaN}']
)
def test_body_that_is_no_object_is_unreadable(body: bytes):
    with pytest.raises(NoticeUnreadable):
        read(body)


def test_fields_of_next_year_are_tolerated():
    assert read({**SETTLEMENT, "x": {"y": [1, None]}}) == read(SETTLEMENT)


@pytest.fixture
async def fake() -> AsyncIterator[FakeMidtrans]:
    async with running_provider(FakeMidtrans(KEY)) as fake:
        yield fake


@pytest.fixture
async def gateway(fake: FakeMidtrans, http: httpx.AsyncClient) -> Midtrans:
    account = Account("midtrans", is_live=False, secrets={"server_key": KEY}, base_url=fake.url)
    gateway = Midtrans(account, http)
    await gateway.open(wanted())
    return gateway


def key_of(gateway: Midtrans, fake: FakeMidtrans) -> str:
    signed = fake.notice(REFERENCE)
    return gateway.read_notice(signed.headers, signed.body, 0.0).event_key


async def test_duplicate_has_the_same_key_and_news_another(gateway: Midtrans, fake: FakeMidtrans):
    fake.choose(REFERENCE)
    waiting = [key_of(gateway, fake), key_of(gateway, fake)]
    fake.pay(REFERENCE)
    paid = [key_of(gateway, fake), key_of(gateway, fake)]

    assert waiting[0] == waiting[1] != paid[0] == paid[1]


async def test_late_word_of_waiting_changes_nothing(gateway: Midtrans, fake: FakeMidtrans):
    fake.choose(REFERENCE)
    late = fake.notice(REFERENCE)
    fake.pay(REFERENCE)

    assert gateway.read_notice(late.headers, late.body, 0.0).kind == "pending"
    found = await gateway.fetch(REFERENCE, None)
    assert found is not None
    assert found.state == "paid"


async def test_each_refund_and_its_confirmation_are_events_of_their_own(
    gateway: Midtrans, fake: FakeMidtrans
):
    fake.pay(REFERENCE)
    keys = [key_of(gateway, fake)]
    payment = await gateway.fetch(REFERENCE, None)
    assert payment is not None
    for number, amount in enumerate((1_000, 2_000, AMOUNT - 3_000)):
        await gateway.refund(payment, amount=amount, key=f"RF-{number}", reason="batal")
        keys.append(key_of(gateway, fake))
    fake.confirm_refund(REFERENCE, "RF-2")
    keys.append(key_of(gateway, fake))

    assert (len(set(keys)), key_of(gateway, fake)) == (5, keys[-1])


async def test_key_of_whatever_length_fits_its_column(gateway: Midtrans, fake: FakeMidtrans):
    fake.pay(REFERENCE)["transaction_id"] = "x" * 5_000
    assert len(key_of(gateway, fake)) == 64


async def test_page_that_ends_unused_is_told_to_nobody(gateway: Midtrans, fake: FakeMidtrans):
    with pytest.raises(KeyError):
        fake.notice(REFERENCE)
    assert await gateway.fetch(REFERENCE, None) is None
