"""Midtrans against a provider that speaks its protocol: pages, states, refunds (protocols.md §1 and §8)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pesan.payments.gateways.base import Account, RefundOutcome, RemotePayment, RemoteState
from pesan.payments.gateways.midtrans import Midtrans
from pesan.payments.gateways.midtrans_words import STATES, Transaction
from tests.payments.gateways.support import AMOUNT, QUICK, REFERENCE, VECTORS, refusal, unknown, wanted
from tests.support.providers import FakeMidtrans, Fault, Reply, running_provider

KEY = VECTORS["midtrans_notifications_key"]
WIB = timedelta(hours=7)


@pytest.fixture
async def fake() -> AsyncIterator[FakeMidtrans]:
    async with running_provider(FakeMidtrans(KEY)) as fake:
        yield fake


def account(fake: FakeMidtrans, **changes: Any) -> Account:
    told: dict[str, Any] = {
        "provider": "midtrans",
        "is_live": False,
        "secrets": {"server_key": fake.server_key},
        "account_id": fake.merchant_id,
        "base_url": fake.url,
    }
    return Account(**(told | changes))


@pytest.fixture
def gateway(fake: FakeMidtrans, http: httpx.AsyncClient) -> Midtrans:
    return Midtrans(account(fake), http, bounds=QUICK)


async def fetch(gateway: Midtrans, provider_ref: str | None = None) -> RemotePayment:
    found = await gateway.fetch(REFERENCE, provider_ref)
    assert found is not None
    return found


async def state(gateway: Midtrans) -> RemoteState:
    return (await fetch(gateway)).state


# --- pages


async def test_open_sends_what_the_protocol_asks(gateway: Midtrans, fake: FakeMidtrans):
    before = datetime.now(UTC)
    opened = await gateway.open(asked := wanted())

    (request,) = fake.asked("POST /snap/v1/transactions")
    sent = request.json
    assert request.headers["authorization"] == VECTORS["basic_auth"]["midtrans"]["header"]
    assert (opened.provider_ref in fake.pages, opened.redirect_url.startswith(fake.url)) == (True, True)
    assert sent["transaction_details"] == {"order_id": REFERENCE, "gross_amount": AMOUNT}
    assert sum(item["price"] * item["quantity"] for item in sent["item_details"]) == AMOUNT
    assert [len(item["name"]) for item in sent["item_details"]] == [50, 16, 13]
    assert sent["customer_details"] == {
        "first_name": "Sari Wulandari",
        "email": "sari@example.com",
        "phone": "+6281234567890",
    }
    start = datetime.strptime(sent["expiry"]["start_time"], "%Y-%m-%d %H:%M:%S %z")
    assert abs(start - before) < timedelta(seconds=5)
    assert start.utcoffset() == WIB
    assert start + timedelta(minutes=sent["expiry"]["duration"]) <= asked.expires_at
    assert sent["page_expiry"] == {"unit": "minutes", "duration": 59}
    assert opened.expires_at is not None
    assert opened.expires_at <= asked.expires_at


async def test_open_again_makes_no_second_page_that_can_be_paid(gateway: Midtrans, fake: FakeMidtrans):
    await gateway.open(wanted())
    await gateway.open(wanted())
    fake.pay(REFERENCE)

    assert await refusal(gateway.open(wanted())) == "406"
    assert (len(fake.pages), len(fake.transactions)) == (2, 1)


async def test_open_leaves_out_what_would_refuse_the_page(gateway: Midtrans, fake: FakeMidtrans):
    await gateway.open(wanted(email="sari@@example", phone="+6591234567", buyer_name="  Sari\x00\n W "))

    (request,) = fake.asked("POST /snap")
    assert request.json["customer_details"] == {"first_name": "Sari W"}


async def test_open_asks_for_a_week_at_most(gateway: Midtrans, fake: FakeMidtrans):
    opened = await gateway.open(asked := wanted(expires_at=datetime.now(UTC) + timedelta(days=30)))

    (request,) = fake.asked("POST /snap")
    assert request.json["page_expiry"]["duration"] == 7 * 24 * 60
    assert opened.expires_at is not None
    assert opened.expires_at < asked.expires_at


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": AMOUNT + 1}, "items_do_not_sum"),
        ({"amount": 0, "items": ()}, "items_do_not_sum"),
        ({"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, "window_too_short"),
    ],
)
async def test_open_that_cannot_be_right_asks_nothing(
    gateway: Midtrans, fake: FakeMidtrans, changes: dict[str, Any], reason: str
):
    assert await refusal(gateway.open(wanted(**changes))) == reason
    assert fake.requests == []


async def test_open_in_a_window_shorter_than_pages_live_is_refused(gateway: Midtrans, fake: FakeMidtrans):
    soon = datetime.now(UTC) + timedelta(minutes=5)
    assert await refusal(gateway.open(wanted(expires_at=soon))) == "window_too_short"
    await gateway.open(wanted(expires_at=datetime.now(UTC) + gateway.shortest_window + timedelta(seconds=1)))
    assert [page.asked["page_expiry"]["duration"] for page in fake.pages.values()] == [5]


@pytest.mark.parametrize("secrets", [{}, {"server_key": ""}, {"server_key": " "}])
async def test_account_without_key_asks_nothing(
    fake: FakeMidtrans, http: httpx.AsyncClient, secrets: dict[str, str]
):
    gateway = Midtrans(account(fake, secrets=secrets), http)
    assert await refusal(gateway.open(wanted())) == "not_configured"
    assert fake.requests == []


async def test_sandbox_key_on_a_live_account_asks_nothing(fake: FakeMidtrans, http: httpx.AsyncClient):
    gateway = Midtrans(account(fake, is_live=True), http)
    assert await refusal(gateway.fetch(REFERENCE, None)) == "livemode_mismatch"
    assert fake.requests == []


async def test_wrong_key_is_refused(fake: FakeMidtrans, http: httpx.AsyncClient):
    gateway = Midtrans(account(fake, secrets={"server_key": "SB-Mid-server-LAIN"}), http)
    assert await refusal(gateway.open(wanted())) == "401"
    assert await refusal(gateway.fetch(REFERENCE, None)) == "401"


# --- states


@pytest.mark.parametrize("name", VECTORS["midtrans_notifications"])
def test_every_published_status_has_one_meaning(name: str):
    expected = {
        "va_pending": RemoteState.PENDING,
        "card_capture_challenge": RemoteState.REVIEW,
        "card_deny": RemoteState.FAILED,
        "cancel": RemoteState.CANCELLED,
        "expire": RemoteState.EXPIRED,
        "refund": RemoteState.REFUNDED,
        "partial_refund": RemoteState.PARTIALLY_REFUNDED,
    }
    told = VECTORS["midtrans_notifications"][name]
    assert Transaction(told).state == expected.get(name, RemoteState.PAID)
    assert Transaction({**told, "transaction_status": told["transaction_status"].upper()}).state == (
        Transaction(told).state
    )


def test_states_are_those_of_the_protocol():
    words = (
        "authorize cancel capture chargeback deny expire failure partial_chargeback partial_refund pending"
        " refund settlement"
    )
    assert " ".join(sorted(STATES)) == words


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"fraud_status": "something new"}, RemoteState.REVIEW),
        ({"fraud_status": "deny"}, RemoteState.FAILED),
        ({"fraud_status": None}, RemoteState.PAID),
        ({"status_code": "201"}, RemoteState.REVIEW),
        ({"status_code": 200}, RemoteState.REVIEW),
    ],
)
def test_settlement_is_paid_only_without_a_doubt(changes: dict[str, Any], expected: RemoteState):
    told = VECTORS["midtrans_notifications"]["va_settlement"]
    assert Transaction({**told, **changes}).state == expected


async def test_page_without_a_method_is_no_transaction(gateway: Midtrans):
    opened = await gateway.open(wanted())
    assert await gateway.fetch(REFERENCE, opened.provider_ref) is None


@pytest.mark.parametrize("in_body", [True, False])
async def test_unknown_transaction_is_none_however_it_is_said(
    gateway: Midtrans, fake: FakeMidtrans, in_body: bool
):
    fake.says_errors_in_body = in_body
    assert await gateway.fetch(REFERENCE, None) is None


async def test_payment_tells_the_money_by_its_own_key(gateway: Midtrans, fake: FakeMidtrans):
    opened = await gateway.open(wanted())
    fake.choose(REFERENCE, "qris")
    waiting = await fetch(gateway, opened.provider_ref)
    told = fake.pay(REFERENCE, "qris")

    paid = await fetch(gateway, opened.provider_ref)
    assert (waiting.state, waiting.payment_key, waiting.paid_at) == (RemoteState.PENDING, None, None)
    assert paid == RemotePayment(
        reference=REFERENCE,
        provider_ref=opened.provider_ref,
        state=RemoteState.PAID,
        amount=AMOUNT,
        currency="IDR",
        payment_key=told["transaction_id"],
        account="G000000000",
        channel="qris",
        paid_at=datetime(2026, 1, 1, 2, 20, 12, tzinfo=UTC),
    )


async def test_payment_is_found_by_its_transaction_id(gateway: Midtrans, fake: FakeMidtrans):
    await gateway.open(wanted())
    told = fake.pay(REFERENCE, "dana")
    fake.faults.append(Fault(Reply(200, {"status_code": "404"})))

    assert (await fetch(gateway, told["transaction_id"])).state == RemoteState.PAID


async def test_payment_of_another_order_is_refused(gateway: Midtrans, fake: FakeMidtrans):
    await gateway.open(wanted(reference="order-b"))
    told = fake.pay("order-b")

    assert await refusal(gateway.fetch(REFERENCE, told["transaction_id"])) == "other_payment"


async def test_amount_is_told_as_it_was_paid(gateway: Midtrans, fake: FakeMidtrans):
    await gateway.open(wanted())
    fake.pay(REFERENCE, amount=1_000)

    assert ((await fetch(gateway)).amount, wanted().amount) == (1_000, AMOUNT)


@pytest.mark.parametrize("amount", ["147356.50", "NaN", "", None, "1e99"])
async def test_amount_that_is_no_whole_rupiah_is_believed_by_nobody(
    gateway: Midtrans, fake: FakeMidtrans, amount: object
):
    await gateway.open(wanted())
    fake.pay(REFERENCE)["gross_amount"] = amount

    assert await unknown(gateway.fetch(REFERENCE, None)) == "amount"


async def test_status_that_is_new_is_believed_by_nobody(gateway: Midtrans, fake: FakeMidtrans):
    await gateway.open(wanted())
    fake.pay(REFERENCE)["transaction_status"] = "teleported"

    assert await unknown(gateway.fetch(REFERENCE, None)) == "status"


async def test_tampered_status_is_caught_by_asking(gateway: Midtrans, fake: FakeMidtrans):
    await gateway.open(wanted())
    fake.capture(REFERENCE, "challenge")
    tampered = fake.notice(REFERENCE, transaction_status="settlement", fraud_status="accept")

    assert gateway.read_notice(tampered.headers, tampered.body, 0.0).kind == "settlement"
    assert await state(gateway) == RemoteState.REVIEW


async def test_challenge_then_approval(gateway: Midtrans, fake: FakeMidtrans, http: httpx.AsyncClient):
    await gateway.open(wanted())
    fake.capture(REFERENCE, "challenge")
    before = await state(gateway)
    headers = {"authorization": VECTORS["basic_auth"]["midtrans"]["header"]}
    await http.post(f"{fake.url}/v2/{REFERENCE}/approve", headers=headers)

    assert (before, await state(gateway)) == (RemoteState.REVIEW, RemoteState.PAID)


async def test_denied_card_then_another_way_to_pay(gateway: Midtrans, fake: FakeMidtrans):
    await gateway.open(wanted())
    denied = fake.fail(REFERENCE)["transaction_id"]
    before = await state(gateway)
    paid = fake.pay(REFERENCE)["transaction_id"]

    assert (before, await state(gateway)) == (RemoteState.FAILED, RemoteState.PAID)
    assert ((await fetch(gateway)).payment_key, denied == paid) == (paid, False)


async def test_money_that_arrives_after_the_end_is_paid(gateway: Midtrans, fake: FakeMidtrans):
    await gateway.open(wanted())
    fake.choose(REFERENCE)
    fake.expire(REFERENCE)
    before = await state(gateway)
    fake.pay(REFERENCE)

    assert (before, await state(gateway)) == (RemoteState.EXPIRED, RemoteState.PAID)


# --- closing


async def test_close_of_an_untouched_page_lets_nobody_begin(gateway: Midtrans, fake: FakeMidtrans):
    opened = await gateway.open(wanted())

    assert await gateway.close(REFERENCE, opened.provider_ref) == RemoteState.CANCELLED
    assert await gateway.close(REFERENCE, opened.provider_ref) == RemoteState.CANCELLED
    with pytest.raises(AssertionError, match="cancelled"):
        fake.pay(REFERENCE)


async def test_close_without_a_page_has_nothing_to_end(gateway: Midtrans):
    assert await gateway.close(REFERENCE, None) == RemoteState.CANCELLED
    assert await gateway.close(REFERENCE, "a-token-they-forgot") == RemoteState.CANCELLED


async def test_close_ends_what_waits(gateway: Midtrans, fake: FakeMidtrans):
    opened = await gateway.open(wanted())
    fake.choose(REFERENCE)

    assert await gateway.close(REFERENCE, opened.provider_ref) == RemoteState.EXPIRED
    assert fake.transactions[REFERENCE]["transaction_status"] == "expire"


async def test_close_denies_a_card_under_review(gateway: Midtrans, fake: FakeMidtrans):
    opened = await gateway.open(wanted())
    fake.capture(REFERENCE, "challenge")

    assert await gateway.close(REFERENCE, opened.provider_ref) == RemoteState.FAILED


@pytest.mark.parametrize("method", ["settlement", "capture"])
async def test_close_after_somebody_paid_says_so_and_undoes_nothing(
    gateway: Midtrans, fake: FakeMidtrans, method: str
):
    opened = await gateway.open(wanted())
    fake.pay(REFERENCE) if method == "settlement" else fake.capture(REFERENCE)

    assert await gateway.close(REFERENCE, opened.provider_ref) == RemoteState.PAID
    assert fake.transactions[REFERENCE]["transaction_status"] == method


async def test_close_while_somebody_pays_says_paid(gateway: Midtrans, fake: FakeMidtrans):
    opened = await gateway.open(wanted())
    fake.choose(REFERENCE)
    waiting = dict(fake.transactions[REFERENCE])
    fake.pay(REFERENCE)
    # The status was read just before the money came, so that the expiry is what meets it.
    fake.faults.append(Fault(Reply(200, waiting), on="GET /v2/"))

    assert await gateway.close(REFERENCE, opened.provider_ref) == RemoteState.PAID
    assert [request.path.split("/")[-1] for request in fake.asked("POST /v2/")] == ["expire"]


async def test_close_of_a_page_with_a_denied_card_ends_the_page(gateway: Midtrans, fake: FakeMidtrans):
    opened = await gateway.open(wanted())
    fake.fail(REFERENCE)

    assert await gateway.close(REFERENCE, opened.provider_ref) == RemoteState.FAILED
    with pytest.raises(AssertionError, match="cancelled"):
        fake.pay(REFERENCE)


async def test_close_of_what_stays_open_is_not_said_to_be_closed(gateway: Midtrans, fake: FakeMidtrans):
    opened = await gateway.open(wanted())
    busy = Reply(400, {"error_messages": ["Transaction is on progress"]})
    fake.faults.append(Fault(busy, on="POST /snap", times=2))
    assert await unknown(gateway.close(REFERENCE, opened.provider_ref)) == "open"
    fake.fail(REFERENCE)
    assert await unknown(gateway.close(REFERENCE, opened.provider_ref)) == "open"


# --- refunds


async def paid_by(gateway: Midtrans, fake: FakeMidtrans, method: str) -> RemotePayment:
    await gateway.open(wanted())
    fake.pay(REFERENCE, method)
    return await fetch(gateway)


async def test_refund_in_parts_and_then_the_rest(gateway: Midtrans, fake: FakeMidtrans):
    payment = await paid_by(gateway, fake, "qris")
    seen = []
    for key, amount in {"RF-1": 47_356, "RF-2": 50_000, "RF-3": 50_000}.items():
        refund = await gateway.refund(payment, amount=amount, key=key, reason="satu batal")
        now = await fetch(gateway)
        seen.append((refund.key, refund.outcome, refund.amount, now.state, now.refunded_amount))

    part, done = RemoteState.PARTIALLY_REFUNDED, RefundOutcome.SUCCEEDED
    assert seen == [
        ("RF-1", done, 47_356, part, 47_356),
        ("RF-2", done, 50_000, part, 97_356),
        ("RF-3", done, 50_000, RemoteState.REFUNDED, AMOUNT),
    ]


async def test_refund_of_the_same_key_is_the_same_refund(gateway: Midtrans, fake: FakeMidtrans):
    payment = await paid_by(gateway, fake, "credit_card")
    first = await gateway.refund(payment, amount=1_000, key="RF-1", reason="batal")
    fake.forget_keys()

    assert await gateway.refund(payment, amount=1_000, key="RF-1", reason="batal") == first
    assert len(fake.transactions[REFERENCE]["refunds"]) == 1


async def test_refund_whose_answer_was_lost_is_found_again(gateway: Midtrans, fake: FakeMidtrans):
    payment = await paid_by(gateway, fake, "qris")
    fake.faults.append(Fault(on="POST /v2/", is_done=True, drops=True))

    refund = await gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal")
    assert (refund.outcome, refund.amount) == (RefundOutcome.SUCCEEDED, AMOUNT)
    assert len(fake.transactions[REFERENCE]["refunds"]) == 1


async def test_refund_still_running_is_asked_for_again(gateway: Midtrans, fake: FakeMidtrans):
    payment = await paid_by(gateway, fake, "qris")
    fake.faults.append(Fault(Reply(202), on="POST /v2/", times=3))

    assert await unknown(gateway.refund(payment, amount=1_000, key="RF-1", reason="batal")) == "202"
    keys = {request.headers["idempotency-key"] for request in fake.asked("POST /v2/")}
    assert (keys, len(fake.asked("POST /v2/"))) == ({"RF-1"}, 3)
    assert (await gateway.refund(payment, amount=1_000, key="RF-1", reason="batal")).amount == 1_000


@pytest.mark.parametrize("method", ["bank_transfer", "cstore", "echannel", "something_new"])
async def test_refund_that_needs_a_person_asks_for_none(gateway: Midtrans, fake: FakeMidtrans, method: str):
    payment = await paid_by(gateway, fake, method)

    refused = await refusal(gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal"))
    assert (refused, fake.asked("POST /v2/")) == ("refund_not_supported", [])


@pytest.mark.parametrize("method", ["ovo", "shopeepay"])
async def test_refund_in_part_of_what_goes_back_whole(gateway: Midtrans, fake: FakeMidtrans, method: str):
    payment = await paid_by(gateway, fake, method)

    refused = await refusal(gateway.refund(payment, amount=1_000, key="RF-1", reason="batal"))
    assert refused == "partial_refund_not_supported"
    whole = await gateway.refund(payment, amount=AMOUNT, key="RF-2", reason="batal")
    assert whole.outcome == RefundOutcome.SUCCEEDED


async def test_refund_of_a_card_waits_for_its_settlement(gateway: Midtrans, fake: FakeMidtrans):
    await gateway.open(wanted())
    fake.capture(REFERENCE)
    payment = await fetch(gateway)
    assert await unknown(gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal")) == "not_settled"
    fake.settle(REFERENCE)
    refund = await gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal")
    assert refund.outcome == RefundOutcome.SUCCEEDED


async def test_refund_of_more_than_was_paid_is_refused(gateway: Midtrans, fake: FakeMidtrans):
    payment = await paid_by(gateway, fake, "qris")

    assert await refusal(gateway.refund(payment, amount=AMOUNT + 1, key="RF-1", reason="batal")) == "414"
    assert (await fetch(gateway)).refunded_amount == 0


async def test_refund_key_that_may_not_travel_is_our_mistake(gateway: Midtrans, fake: FakeMidtrans):
    payment = await paid_by(gateway, fake, "qris")
    with pytest.raises(ValueError, match="key"):
        await gateway.refund(payment, amount=1, key="refund:1", reason="batal")


# --- a provider that is not well


async def test_lost_answer_of_open_leaves_one_payment(gateway: Midtrans, fake: FakeMidtrans):
    fake.faults.append(Fault(on="POST /snap", is_done=True, drops=True))
    opened = await gateway.open(wanted())
    fake.pay(REFERENCE)

    assert (len(fake.pages), list(fake.pages)[-1] == opened.provider_ref) == (2, True)
    assert (await fetch(gateway)).amount == AMOUNT


@pytest.mark.parametrize(
    ("fault", "reason", "tries"),
    [
        (Fault(Reply(503), times=9), "503", 3),
        (Fault(Reply(500, b"<html>"), times=9), "500", 3),
        (Fault(Reply(302, headers={"location": "http://127.0.0.1:1/"}), times=9), "302", 3),
        (Fault(Reply(200, b"<html>maaf</html>"), times=9), "unreadable", 3),
        (Fault(Reply(200, {"status_code": "500"}), times=9), "500", 1),
        (Fault(Reply(200, b'"' + b"x" * 200_000 + b'"'), times=9), "too_large", 3),
        (Fault(drops=True, times=9), "RemoteProtocolError", 3),
        (Fault(seconds=3), "timeout", 1),
        (Fault(Reply(429, headers={"retry-after": "7"})), "429", 1),
    ],
)
async def test_answer_that_says_nothing_is_unavailable(
    gateway: Midtrans, fake: FakeMidtrans, fault: Fault, reason: str, tries: int
):
    fake.faults.append(Fault(fault.reply, drops=fault.drops, seconds=fault.seconds, times=fault.times))

    assert await unknown(gateway.fetch(REFERENCE, None)) == reason
    assert len(fake.requests) == tries


async def test_short_outage_is_not_noticed(gateway: Midtrans, fake: FakeMidtrans):
    await gateway.open(wanted())
    fake.pay(REFERENCE)
    fake.faults.append(Fault(Reply(502), times=2))

    assert await state(gateway) == RemoteState.PAID


async def test_provider_that_is_gone_is_unavailable(http: httpx.AsyncClient, fake: FakeMidtrans):
    gateway = Midtrans(account(fake, base_url="http://127.0.0.1:1"), http, bounds=QUICK)
    assert await unknown(gateway.fetch(REFERENCE, None)) == "ConnectError"


async def test_errors_and_descriptions_show_no_key(
    fake: FakeMidtrans, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    gateway = Midtrans(account(fake, base_url="http://127.0.0.1:1"), http, bounds=QUICK)
    with pytest.raises(Exception, match="gateway") as error:
        await gateway.open(wanted())
    told = repr((error.value, error.value.__cause__, gateway, account(fake), caplog.text))
    assert ("SB-Mid" in told, "sari@example.com" in told) == (False, False)


async def test_calls_at_once_do_not_mix(gateway: Midtrans, fake: FakeMidtrans):
    references = [f"order-{number}" for number in range(8)]
    for reference in references:
        await gateway.open(wanted(reference=reference))
        fake.pay(reference)

    found = await asyncio.gather(*(gateway.fetch(reference, None) for reference in references))
    assert [payment.reference if payment else None for payment in found] == references
