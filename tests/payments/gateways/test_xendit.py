"""Xendit against a provider that speaks its protocol: sessions, invoices, refunds (protocols.md §2 and §8)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pesan.payments.gateways import wishes
from pesan.payments.gateways.base import Account, RefundOutcome, RemotePayment, RemoteState
from pesan.payments.gateways.xendit import XenditInvoices, XenditSessions
from tests.payments.gateways.support import AMOUNT, QUICK, REFERENCE, VECTORS, refusal, unknown, wanted
from tests.support.providers import FakeXendit, Fault, Reply, running_provider

AUTH = VECTORS["basic_auth"]["xendit"]
Xendit = XenditSessions | XenditInvoices


@pytest.fixture
async def fake() -> AsyncIterator[FakeXendit]:
    async with running_provider(FakeXendit(AUTH["secret_key"])) as fake:
        yield fake


def account(fake: FakeXendit, **changes: Any) -> Account:
    told: dict[str, Any] = {
        "provider": "xendit",
        "is_live": False,
        "secrets": {"secret_key": fake.secret_key, "callback_token": fake.callback_token},
        "account_id": fake.business_id,
        "base_url": fake.url,
    }
    return Account(**(told | changes))


@pytest.fixture
def sessions(fake: FakeXendit, http: httpx.AsyncClient) -> XenditSessions:
    return XenditSessions(account(fake), http, bounds=QUICK)


@pytest.fixture
def invoices(fake: FakeXendit, http: httpx.AsyncClient) -> XenditInvoices:
    return XenditInvoices(account(fake), http, bounds=QUICK)


@pytest.fixture(params=["sessions", "invoices"])
def gateway(request: pytest.FixtureRequest, sessions: XenditSessions, invoices: XenditInvoices) -> Xendit:
    return sessions if request.param == "sessions" else invoices


async def fetch(gateway: Xendit, provider_ref: str) -> RemotePayment:
    found = await gateway.fetch(REFERENCE, provider_ref)
    assert found is not None
    return found


async def paid_by(gateway: Xendit, fake: FakeXendit, channel: str) -> RemotePayment:
    opened = await gateway.open(wanted())
    fake.pay(REFERENCE, channel)
    return await fetch(gateway, opened.provider_ref)


# --- pages


async def test_session_is_asked_for_as_the_protocol_says(sessions: XenditSessions, fake: FakeXendit):
    opened = await sessions.open(asked := wanted())

    (request,) = fake.asked("POST /sessions")
    sent = request.json
    assert request.headers["authorization"] == AUTH["header"]
    assert opened.redirect_url == fake.sessions[opened.provider_ref]["payment_link_url"]
    assert (sent["reference_id"], sent["amount"], sent["currency"], sent["country"]) == (
        REFERENCE,
        AMOUNT,
        "IDR",
        "ID",
    )
    assert (sent["session_type"], sent["mode"], sent["locale"]) == ("PAY", "PAYMENT_LINK", "id")
    assert sent["customer"]["individual_detail"] == {"given_names": "Sari Wulandari"}
    assert (sent["customer"]["email"], sent["customer"]["mobile_number"]) == (
        "sari@example.com",
        "+6281234567890",
    )
    # A discount cannot be said there, so that one line says what everything costs.
    assert [(item["net_unit_amount"], item["quantity"]) for item in sent["items"]] == [(AMOUNT, 1)]
    ends = datetime.fromisoformat(sent["expires_at"])
    assert timedelta(0) <= asked.expires_at - ends < timedelta(seconds=1)


async def test_invoice_is_asked_for_as_the_protocol_says(invoices: XenditInvoices, fake: FakeXendit):
    opened = await invoices.open(asked := wanted())

    (request,) = fake.asked("POST /v2/invoices")
    sent = request.json
    assert (sent["external_id"], sent["amount"], sent["currency"]) == (REFERENCE, AMOUNT, "IDR")
    assert sum(item["price"] * item["quantity"] for item in sent["items"]) == AMOUNT
    assert datetime.now(UTC) + timedelta(seconds=sent["invoice_duration"]) <= asked.expires_at
    assert opened.redirect_url == fake.invoices[opened.provider_ref]["invoice_url"]


async def test_items_without_a_discount_are_told_singly(sessions: XenditSessions, fake: FakeXendit):
    items = wanted().items
    await sessions.open(wanted(items=(items[0], items[2]), amount=150_356))

    (request,) = fake.asked("POST /sessions")
    assert [(item["net_unit_amount"], item["quantity"]) for item in request.json["items"]] == [
        (75_000, 2),
        (356, 1),
    ]


async def test_invoice_is_opened_once(invoices: XenditInvoices, fake: FakeXendit):
    first = await invoices.open(asked := wanted())

    assert await invoices.open(asked) == first
    assert len(fake.invoices) == 1


async def test_invoice_whose_answer_was_lost_is_found_again(invoices: XenditInvoices, fake: FakeXendit):
    fake.faults.append(Fault(on="POST /v2/invoices", is_done=True, drops=True))
    assert await unknown(invoices.open(wanted())) == "RemoteProtocolError"

    opened = await invoices.open(wanted())
    assert list(fake.invoices) == [opened.provider_ref]


async def test_invoice_of_a_used_reference_is_refused(invoices: XenditInvoices, fake: FakeXendit):
    await invoices.open(wanted())
    assert await refusal(invoices.open(wanted(items=wanted().items[:1], amount=150_000))) == "reference_used"
    fake.expire(REFERENCE)
    assert await refusal(invoices.open(wanted())) == "reference_used"
    assert len(fake.invoices) == 1


async def test_session_whose_answer_was_lost_is_not_asked_for_twice_at_once(
    sessions: XenditSessions, fake: FakeXendit
):
    fake.faults.append(Fault(on="POST /sessions", is_done=True, drops=True))

    assert await unknown(sessions.open(wanted())) == "RemoteProtocolError"
    assert len(fake.asked("POST /sessions")) == 1


async def test_session_in_a_window_shorter_than_sessions_live_is_refused(
    sessions: XenditSessions, fake: FakeXendit
):
    soon = datetime.now(UTC) + timedelta(minutes=9)
    assert await refusal(sessions.open(wanted(expires_at=soon))) == "window_too_short"
    assert fake.requests == []
    fake.faults.append(Fault(Reply(400, {"error_code": "INVALID_EXPIRY_DATE"})))
    assert await refusal(sessions.open(wanted())) == "window_too_short"


async def test_open_of_a_sum_that_is_none_asks_nothing(gateway: Xendit, fake: FakeXendit):
    assert await refusal(gateway.open(wanted(amount=1))) == "items_do_not_sum"
    assert fake.requests == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"secrets": {"secret_key": " "}}, "not_configured"),
        ({"secrets": {}}, "not_configured"),
        ({"is_live": True}, "livemode_mismatch"),
        ({"secrets": {"secret_key": "xnd_production_CONTOH"}}, "livemode_mismatch"),
    ],
)
async def test_account_of_another_kind_asks_nothing(
    fake: FakeXendit, http: httpx.AsyncClient, changes: dict[str, Any], reason: str
):
    told = account(fake, **changes)
    for gateway in (XenditSessions(told, http), XenditInvoices(told, http)):
        assert await refusal(gateway.open(wanted())) == reason
    assert fake.requests == []


async def test_wrong_key_is_refused(fake: FakeXendit, http: httpx.AsyncClient):
    gateway = XenditSessions(account(fake, secrets={"secret_key": "xnd_development_LAIN"}), http)
    assert await refusal(gateway.open(wanted())) == "INVALID_API_KEY"


# --- states


async def test_session_waits_and_then_its_payment_is_the_money(sessions: XenditSessions, fake: FakeXendit):
    opened = await sessions.open(wanted())
    waiting = await fetch(sessions, opened.provider_ref)
    payment = fake.pay(REFERENCE, "BCA_VIRTUAL_ACCOUNT")

    assert (waiting.state, waiting.amount, waiting.payment_key) == (RemoteState.PENDING, AMOUNT, None)
    # 147356.0 is what a capture says here.
    assert await fetch(sessions, opened.provider_ref) == RemotePayment(
        reference=REFERENCE,
        provider_ref=opened.provider_ref,
        state=RemoteState.PAID,
        amount=AMOUNT,
        currency="IDR",
        payment_key=payment["payment_id"],
        account=fake.business_id,
        channel="BCA_VIRTUAL_ACCOUNT",
        paid_at=datetime(2026, 1, 1, 2, 20, 11, tzinfo=UTC),
    )


async def test_invoice_waits_and_is_paid_and_stays_paid(invoices: XenditInvoices, fake: FakeXendit):
    opened = await invoices.open(wanted())
    waiting = await fetch(invoices, opened.provider_ref)
    fake.pay(REFERENCE, "QR_CODE")
    paid = await fetch(invoices, opened.provider_ref)
    fake.settle(REFERENCE)

    assert (waiting.state, waiting.payment_key) == (RemoteState.PENDING, None)
    assert (paid.state, paid.payment_key, paid.account) == (
        RemoteState.PAID,
        opened.provider_ref,
        fake.business_id,
    )
    assert await fetch(invoices, opened.provider_ref) == paid


@pytest.mark.parametrize("status", ["AUTHORIZED", "PENDING", "REQUIRES_ACTION"])
async def test_session_completed_without_a_capture_is_not_paid(
    sessions: XenditSessions, fake: FakeXendit, status: str
):
    opened = await sessions.open(wanted())
    fake.attempt(REFERENCE, status)
    fake.sessions[opened.provider_ref]["status"] = "COMPLETED"

    found = await fetch(sessions, opened.provider_ref)
    assert (found.state, found.payment_key) == (RemoteState.PENDING, None)


async def test_failed_try_leaves_the_session_open(sessions: XenditSessions, fake: FakeXendit):
    opened = await sessions.open(wanted())
    fake.attempt(REFERENCE, "FAILED")
    before = await fetch(sessions, opened.provider_ref)
    fake.pay(REFERENCE)

    assert before.state == RemoteState.PENDING
    assert (await fetch(sessions, opened.provider_ref)).state == RemoteState.PAID


@pytest.mark.parametrize("word", ["CANCELED", "CANCELLED"])
async def test_cancelled_is_read_in_both_spellings(sessions: XenditSessions, fake: FakeXendit, word: str):
    opened = await sessions.open(wanted())
    fake.sessions[opened.provider_ref]["status"] = word
    assert (await fetch(sessions, opened.provider_ref)).state == RemoteState.CANCELLED
    fake.attempt(REFERENCE, word)
    fake.sessions[opened.provider_ref]["status"] = "COMPLETED"
    assert (await fetch(sessions, opened.provider_ref)).state == RemoteState.CANCELLED


async def test_money_that_arrives_after_the_end_is_paid(gateway: Xendit, fake: FakeXendit):
    opened = await gateway.open(wanted())
    fake.expire(REFERENCE)
    before = await fetch(gateway, opened.provider_ref)
    fake.pay(REFERENCE)

    assert before.state == RemoteState.EXPIRED
    assert (await fetch(gateway, opened.provider_ref)).state == RemoteState.PAID


async def test_late_word_of_expiry_does_not_undo_a_payment(invoices: XenditInvoices, fake: FakeXendit):
    opened = await invoices.open(wanted())
    fake.expire(REFERENCE)
    late = fake.invoice_notice(REFERENCE)
    fake.pay(REFERENCE)

    assert invoices.read_notice(late.headers, late.body, 0.0).kind == "invoice.expired"
    assert (await fetch(invoices, opened.provider_ref)).state == RemoteState.PAID


async def test_amount_is_told_as_it_was_paid(gateway: Xendit, fake: FakeXendit):
    opened = await gateway.open(wanted())
    fake.pay(REFERENCE, amount=1_000)
    assert (await fetch(gateway, opened.provider_ref)).amount == 1_000


async def test_amount_with_a_fraction_is_believed_by_nobody(gateway: Xendit, fake: FakeXendit):
    opened = await gateway.open(wanted())
    for told in (*fake.sessions.values(), *fake.invoices.values()):
        told["amount"] = 147_356.5
    assert await unknown(gateway.fetch(REFERENCE, opened.provider_ref)) == "amount"


async def test_word_that_is_new_is_believed_by_nobody(gateway: Xendit, fake: FakeXendit):
    opened = await gateway.open(wanted())
    for told in (*fake.sessions.values(), *fake.invoices.values()):
        told["status"] = "TELEPORTED"
    assert await unknown(gateway.fetch(REFERENCE, opened.provider_ref)) == "status"


async def test_session_completed_by_nothing_is_believed_by_nobody(sessions: XenditSessions, fake: FakeXendit):
    opened = await sessions.open(wanted())
    fake.sessions[opened.provider_ref]["status"] = "COMPLETED"
    assert await unknown(sessions.fetch(REFERENCE, opened.provider_ref)) == "payment"
    fake.sessions[opened.provider_ref]["payment_id"] = "py-nobody-knows"
    assert await unknown(sessions.fetch(REFERENCE, opened.provider_ref)) == "payment"


async def test_unknown_reference_is_none(gateway: Xendit):
    assert await gateway.fetch(REFERENCE, None) is None
    assert await gateway.fetch(REFERENCE, "ps-unknown") is None


async def test_session_of_another_payment_is_refused(sessions: XenditSessions, fake: FakeXendit):
    other = await sessions.open(wanted(reference="order-b"))
    fake.pay("order-b")
    assert await refusal(sessions.fetch(REFERENCE, other.provider_ref)) == "other_payment"


async def test_of_two_invoices_the_paid_one_counts(invoices: XenditInvoices, fake: FakeXendit):
    opened = await invoices.open(wanted())
    twin = {**fake.invoices[opened.provider_ref], "id": "twin"}
    fake.invoices["twin"] = twin
    fake.pay(REFERENCE)

    found = await fetch(invoices, opened.provider_ref)
    assert (found.provider_ref, found.state) == ("twin", RemoteState.PAID)


# --- closing


async def test_close_lets_nobody_pay(gateway: Xendit, fake: FakeXendit):
    opened = await gateway.open(wanted())
    closed = await gateway.close(REFERENCE, opened.provider_ref)
    again = await gateway.close(REFERENCE, opened.provider_ref)

    told = [*fake.sessions.values(), *fake.invoices.values()]
    assert [page["status"] for page in told] == ["CANCELED" if fake.sessions else "EXPIRED"]
    expected = RemoteState.CANCELLED if fake.sessions else RemoteState.EXPIRED
    assert (closed, again) == (expected, expected)


async def test_close_of_what_was_never_opened(gateway: Xendit):
    assert await gateway.close(REFERENCE, None) == RemoteState.CANCELLED
    assert await gateway.close(REFERENCE, "ps-unknown") == RemoteState.CANCELLED


async def test_close_after_somebody_paid_says_so(gateway: Xendit, fake: FakeXendit):
    opened = await gateway.open(wanted())
    fake.pay(REFERENCE)
    assert await gateway.close(REFERENCE, opened.provider_ref) == RemoteState.PAID


async def test_close_expires_every_invoice_of_a_reference(invoices: XenditInvoices, fake: FakeXendit):
    opened = await invoices.open(wanted())
    fake.invoices["twin"] = {**fake.invoices[opened.provider_ref], "id": "twin"}

    assert await invoices.close(REFERENCE, opened.provider_ref) == RemoteState.EXPIRED
    assert [told["status"] for told in fake.invoices.values()] == ["EXPIRED", "EXPIRED"]


async def test_close_of_what_stays_open_is_not_said_to_be_closed(gateway: Xendit, fake: FakeXendit):
    opened = await gateway.open(wanted())
    fake.faults.append(Fault(Reply(400, {"error_code": "NO"}), on="POST /"))
    assert await unknown(gateway.close(REFERENCE, opened.provider_ref)) == "open"


# --- refunds


async def test_refund_waits_and_then_went(gateway: Xendit, fake: FakeXendit):
    payment = await paid_by(gateway, fake, "QRIS")
    first = await gateway.refund(payment, amount=47_356, key="RF-1", reason="batal")
    waiting = fake.asked("POST /refunds")[0]
    fake.finish_refund("RF-1")
    again = await gateway.refund(payment, amount=47_356, key="RF-1", reason="batal")

    assert waiting.headers["idempotency-key"] == "RF-1"
    assert (first.outcome, first.amount, first.key) == (RefundOutcome.PENDING, 47_356, "RF-1")
    assert (again.outcome, again.provider_ref) == (RefundOutcome.SUCCEEDED, first.provider_ref)
    assert len(fake.refunds) == 1


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED", "CANCELED"])
async def test_refund_that_failed_says_why(gateway: Xendit, fake: FakeXendit, status: str):
    payment = await paid_by(gateway, fake, "QRIS")
    await gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal")
    fake.finish_refund("RF-1", status, "INSUFFICIENT_BALANCE")

    again = await gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal")
    assert (again.outcome, again.failure) == (RefundOutcome.FAILED, "INSUFFICIENT_BALANCE")


async def test_refund_whose_answer_was_lost_happens_once(gateway: Xendit, fake: FakeXendit):
    payment = await paid_by(gateway, fake, "QRIS")
    fake.faults.append(Fault(on="POST /refunds", is_done=True, drops=True))

    refund = await gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal")
    assert (refund.outcome, len(fake.refunds)) == (RefundOutcome.PENDING, 1)


@pytest.mark.parametrize("channel", ["BCA_VIRTUAL_ACCOUNT", "INDOMARET", "BANK_TRANSFER"])
async def test_refund_that_needs_a_person_asks_for_none(gateway: Xendit, fake: FakeXendit, channel: str):
    payment = await paid_by(gateway, fake, channel)
    refused = await refusal(gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal"))
    assert (refused, fake.asked("POST /refunds")) == ("refund_not_supported", [])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("REFUND_NOT_SUPPORTED", "refund_not_supported"),
        ("PARTIAL_REFUND_COUNTS_EXCEEDED", "partial_refund_not_supported"),
        ("INSUFFICIENT_BALANCE", "INSUFFICIENT_BALANCE"),
    ],
)
async def test_refund_that_is_refused_says_why(gateway: Xendit, fake: FakeXendit, code: str, reason: str):
    payment = await paid_by(gateway, fake, "QRIS")
    fake.faults.append(Fault(Reply(400, {"error_code": code}), on="POST /refunds"))
    assert await refusal(gateway.refund(payment, amount=1, key="RF-1", reason="batal")) == reason


async def test_refund_that_is_under_way_is_asked_for_later(gateway: Xendit, fake: FakeXendit):
    payment = await paid_by(gateway, fake, "QRIS")
    fake.faults.append(Fault(Reply(400, {"error_code": "REFUND_IN_PROGRESS"}), on="POST /refunds"))
    refund = gateway.refund(payment, amount=1, key="RF-1", reason="batal")
    assert await unknown(refund) == "REFUND_IN_PROGRESS"


async def test_refund_of_more_than_was_paid_is_refused(gateway: Xendit, fake: FakeXendit):
    payment = await paid_by(gateway, fake, "QRIS")
    await gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal")
    refused = await refusal(gateway.refund(payment, amount=1, key="RF-2", reason="batal"))
    assert (refused, len(fake.refunds)) == ("REFUND_AMOUNT_EXCEEDED", 1)


async def test_refund_of_another_amount_under_the_same_key_is_refused(gateway: Xendit, fake: FakeXendit):
    payment = await paid_by(gateway, fake, "QRIS")
    await gateway.refund(payment, amount=1, key="RF-1", reason="batal")
    refused = await refusal(gateway.refund(payment, amount=2, key="RF-1", reason="batal"))
    assert (refused, len(fake.refunds)) == (wishes.KEY_TAKEN, 1)


async def test_refund_whose_news_are_not_to_be_had_waits(gateway: Xendit, fake: FakeXendit):
    payment = await paid_by(gateway, fake, "QRIS")
    fake.faults.append(Fault(Reply(503), on="GET /refunds", times=3))
    refund = await gateway.refund(payment, amount=1, key="RF-1", reason="batal")
    assert refund.outcome == RefundOutcome.PENDING


# --- a provider that is not well


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(503), "503"),
        (Reply(202), "202"),
        (Reply(429, {"error_code": "RATE_LIMIT_EXCEEDED"}), "429"),
        (Reply(200, b"<html>"), "unreadable"),
        (Reply(301, headers={"location": "http://127.0.0.1:1/"}), "301"),
    ],
)
async def test_answer_that_says_nothing_is_unavailable(
    gateway: Xendit, fake: FakeXendit, reply: Reply, reason: str
):
    fake.faults.append(Fault(reply, times=9))
    assert await unknown(gateway.fetch(REFERENCE, "ps-1")) == reason
    assert await unknown(gateway.open(wanted())) == reason


async def test_page_without_an_address_is_unavailable(gateway: Xendit, fake: FakeXendit):
    fake.faults.append(Fault(Reply(200, {"payment_session_id": "ps-1", "id": "1"}), on="POST"))
    assert await unknown(gateway.open(wanted())) == "page"
