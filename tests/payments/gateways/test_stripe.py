"""Stripe against a provider that speaks its protocol: pages, states, refunds (protocols.md §3 and §8)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pesan.payments.gateways.base import Account, Item, RefundOutcome, RemotePayment, RemoteState
from pesan.payments.gateways.stripe import StripeCheckout
from tests.payments.gateways.support import AMOUNT, QUICK, REFERENCE, refusal, unknown, wanted
from tests.support.providers import FakeStripe, Fault, Reply, running_provider


@pytest.fixture
async def fake() -> AsyncIterator[FakeStripe]:
    async with running_provider(FakeStripe()) as fake:
        yield fake


def account(fake: FakeStripe, **changes: Any) -> Account:
    told: dict[str, Any] = {
        "provider": "stripe",
        "is_live": False,
        "secrets": {"secret_key": fake.secret_key, "webhook_secret": fake.webhook_secret},
        "base_url": fake.url,
    }
    return Account(**(told | changes))


@pytest.fixture
def gateway(fake: FakeStripe, http: httpx.AsyncClient) -> StripeCheckout:
    return StripeCheckout(account(fake), http, bounds=QUICK)


async def fetch(gateway: StripeCheckout, provider_ref: str) -> RemotePayment:
    found = await gateway.fetch(REFERENCE, provider_ref)
    assert found is not None
    return found


async def paid(gateway: StripeCheckout, fake: FakeStripe) -> RemotePayment:
    opened = await gateway.open(wanted())
    fake.pay(REFERENCE)
    return await fetch(gateway, opened.provider_ref)


@pytest.mark.parametrize(
    ("told", "country"),
    [("US", "US"), ("id", "ID"), (None, None), ("USA", None), ("", None), (7, None), ("Ü1", None)],
)
async def test_the_card_tells_where_its_bank_is(
    gateway: StripeCheckout, fake: FakeStripe, told: object, country
):
    fake.card_country = told

    assert (await paid(gateway, fake)).issuer_country == country


# --- pages


async def test_open_sends_what_the_protocol_asks(gateway: StripeCheckout, fake: FakeStripe):
    opened = await gateway.open(asked := wanted())

    (request,) = fake.asked("POST /v1/checkout/sessions")
    ends = str(int(asked.expires_at.timestamp()))
    # A discount cannot be said there, so that one line says what everything costs, in hundredths.
    assert request.form == {
        "mode": "payment",
        "client_reference_id": REFERENCE,
        "metadata[order_id]": REFERENCE,
        "payment_intent_data[metadata][order_id]": REFERENCE,
        "success_url": "https://toko.example/pesanan/1",
        "cancel_url": "https://toko.example/pesanan/1",
        "locale": "id",
        "customer_email": "sari@example.com",
        "expires_at": ends,
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "idr",
        "line_items[0][price_data][unit_amount]": "14735600",
        "line_items[0][price_data][product_data][name]": asked.items[0].title,
    }
    assert request.headers["idempotency-key"] == f"open-{REFERENCE}"
    assert opened.redirect_url == fake.sessions[opened.provider_ref]["url"]
    assert opened.expires_at == datetime.fromtimestamp(int(ends), UTC)


async def test_items_without_a_discount_are_told_singly(gateway: StripeCheckout, fake: FakeStripe):
    items = (
        Item(title="Festival", quantity=2, unit_amount=75_000),
        Item(title="x" * 300, quantity=1, unit_amount=1),
    )
    await gateway.open(wanted(items=items, amount=150_001))

    (request,) = fake.asked("POST")
    told = [request.form[f"line_items[{number}][price_data][unit_amount]"] for number in (0, 1)]
    assert (told, fake.session(REFERENCE)["amount_total"]) == (["7500000", "100"], 15_000_100)
    assert len(request.form["line_items[1][price_data][product_data][name]"]) == 250


async def test_open_again_answers_the_same_page(gateway: StripeCheckout, fake: FakeStripe):
    first = await gateway.open(asked := wanted())

    assert await gateway.open(asked) == first
    assert list(fake.sessions) == [first.provider_ref]


async def test_open_whose_answer_was_lost_leaves_one_page(gateway: StripeCheckout, fake: FakeStripe):
    fake.faults.append(Fault(on="POST", is_done=True, drops=True))
    opened = await gateway.open(wanted())
    assert list(fake.sessions) == [opened.provider_ref]


async def test_open_of_something_else_under_the_same_reference_is_refused(
    gateway: StripeCheckout, fake: FakeStripe
):
    await gateway.open(wanted())
    changed = wanted(items=wanted().items[:1], amount=150_000)
    assert await refusal(gateway.open(changed)) == "idempotency_error"
    assert len(fake.sessions) == 1


async def test_open_in_a_window_shorter_than_pages_live_is_refused(gateway: StripeCheckout, fake: FakeStripe):
    soon = datetime.now(UTC) + timedelta(minutes=29)
    assert await refusal(gateway.open(wanted(expires_at=soon))) == "window_too_short"
    assert fake.sessions == {}
    await gateway.open(wanted(expires_at=datetime.now(UTC) + gateway.shortest_window))
    assert len(fake.sessions) == 1


async def test_open_for_longer_than_a_day_is_for_a_day(gateway: StripeCheckout, fake: FakeStripe):
    opened = await gateway.open(asked := wanted(expires_at=datetime.now(UTC) + timedelta(days=3)))

    assert opened.expires_at is not None
    assert opened.expires_at < asked.expires_at
    assert await gateway.open(asked) == opened


@pytest.mark.parametrize(
    ("amount", "reason"),
    [(9_999, "amount_too_small"), (10_000_000_000, "amount_too_large"), (0, "items_do_not_sum")],
)
async def test_open_of_an_amount_that_stripe_does_not_take_asks_nothing(
    gateway: StripeCheckout, fake: FakeStripe, amount: int, reason: str
):
    items = (Item(title="Tiket", quantity=1, unit_amount=amount),)
    assert await refusal(gateway.open(wanted(amount=amount, items=items))) == reason
    assert fake.requests == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"secrets": {}}, "not_configured"),
        ({"secrets": {"secret_key": " "}}, "not_configured"),
        ({"is_live": True}, "livemode_mismatch"),
        ({"secrets": {"secret_key": "rk_live_CONTOH"}}, "livemode_mismatch"),
    ],
)
async def test_account_of_another_kind_asks_nothing(
    fake: FakeStripe, http: httpx.AsyncClient, changes: dict[str, Any], reason: str
):
    assert await refusal(StripeCheckout(account(fake, **changes), http).open(wanted())) == reason
    assert fake.requests == []


async def test_wrong_key_is_refused(fake: FakeStripe, http: httpx.AsyncClient):
    gateway = StripeCheckout(account(fake, secrets={"secret_key": "sk_test_LAIN"}), http)
    assert await refusal(gateway.open(wanted())) == "api_key_invalid"


async def test_answer_of_the_other_mode_is_refused(gateway: StripeCheckout, fake: FakeStripe):
    opened = await gateway.open(wanted())
    fake.session(REFERENCE)["livemode"] = True
    assert await refusal(gateway.fetch(REFERENCE, opened.provider_ref)) == "livemode_mismatch"


# --- states


async def test_page_waits_and_then_its_intent_is_the_money(gateway: StripeCheckout, fake: FakeStripe):
    opened = await gateway.open(wanted())
    waiting = await fetch(gateway, opened.provider_ref)
    session = fake.pay(REFERENCE)

    assert (waiting.state, waiting.amount, waiting.payment_key) == (RemoteState.PENDING, AMOUNT, None)
    assert await fetch(gateway, opened.provider_ref) == RemotePayment(
        reference=REFERENCE,
        provider_ref=opened.provider_ref,
        state=RemoteState.PAID,
        amount=AMOUNT,
        currency="IDR",
        payment_key=session["payment_intent"]["id"],
        channel="card",
        paid_at=datetime.fromtimestamp(1_767_225_611, UTC),
    )


@pytest.mark.parametrize(("is_paid", "expected"), [(True, RemoteState.PAID), (False, RemoteState.FAILED)])
async def test_delayed_method_is_not_paid_before_its_money(
    gateway: StripeCheckout, fake: FakeStripe, is_paid: bool, expected: RemoteState
):
    opened = await gateway.open(wanted())
    fake.pay_later(REFERENCE)
    before = await fetch(gateway, opened.provider_ref)
    fake.finish(REFERENCE, is_paid=is_paid)

    assert (before.state, before.payment_key, before.paid_at) == (RemoteState.PENDING, None, None)
    assert (await fetch(gateway, opened.provider_ref)).state == expected


async def test_page_whose_time_is_over_is_expired(gateway: StripeCheckout, fake: FakeStripe):
    opened = await gateway.open(wanted())
    fake.expire(REFERENCE)
    before = await fetch(gateway, opened.provider_ref)
    fake.pay(REFERENCE)

    assert before.state == RemoteState.EXPIRED
    assert (await fetch(gateway, opened.provider_ref)).state == RemoteState.PAID


async def test_disputed_payment_says_so(gateway: StripeCheckout, fake: FakeStripe):
    payment = await paid(gateway, fake)
    fake.dispute(REFERENCE)
    assert (await fetch(gateway, payment.provider_ref)).state == RemoteState.DISPUTED


async def test_payment_is_found_by_its_intent(gateway: StripeCheckout, fake: FakeStripe):
    payment = await paid(gateway, fake)
    assert payment.payment_key is not None
    assert await fetch(gateway, payment.payment_key) == payment
    assert await gateway.fetch(REFERENCE, "pi_unknown") is None


async def test_unknown_session_is_none(gateway: StripeCheckout):
    assert await gateway.fetch(REFERENCE, None) is None
    assert await gateway.fetch(REFERENCE, "cs_unknown") is None


async def test_session_of_another_payment_is_refused(gateway: StripeCheckout, fake: FakeStripe):
    other = await gateway.open(wanted(reference="order-b"))
    fake.pay("order-b")
    assert await refusal(gateway.fetch(REFERENCE, other.provider_ref)) == "other_payment"


async def test_amount_is_told_as_it_was_paid(gateway: StripeCheckout, fake: FakeStripe):
    opened = await gateway.open(wanted())
    fake.pay(REFERENCE, amount=1)
    assert (await fetch(gateway, opened.provider_ref)).amount == 1


@pytest.mark.parametrize("amount", [14_735_601, "14735600", None])
async def test_amount_that_is_no_whole_rupiah_is_believed_by_nobody(
    gateway: StripeCheckout, fake: FakeStripe, amount: object
):
    opened = await gateway.open(wanted())
    fake.session(REFERENCE)["amount_total"] = amount
    assert await unknown(gateway.fetch(REFERENCE, opened.provider_ref)) == "amount"


@pytest.mark.parametrize("changes", [{"status": "teleported"}, {"payment_status": "perhaps"}])
async def test_word_that_is_new_is_believed_by_nobody(
    gateway: StripeCheckout, fake: FakeStripe, changes: dict[str, str]
):
    opened = await gateway.open(wanted())
    fake.session(REFERENCE).update(changes)
    assert await unknown(gateway.fetch(REFERENCE, opened.provider_ref)) == "status"


# --- closing


async def test_close_lets_nobody_pay(gateway: StripeCheckout, fake: FakeStripe):
    opened = await gateway.open(wanted())

    assert await gateway.close(REFERENCE, opened.provider_ref) == RemoteState.EXPIRED
    assert await gateway.close(REFERENCE, opened.provider_ref) == RemoteState.EXPIRED
    assert fake.session(REFERENCE)["status"] == "expired"


async def test_close_of_what_was_never_opened(gateway: StripeCheckout):
    assert await gateway.close(REFERENCE, None) == RemoteState.CANCELLED
    assert await gateway.close(REFERENCE, "cs_unknown") == RemoteState.CANCELLED


async def test_close_after_somebody_paid_says_so(gateway: StripeCheckout, fake: FakeStripe):
    opened = await gateway.open(wanted())
    fake.pay(REFERENCE)
    assert await gateway.close(REFERENCE, opened.provider_ref) == RemoteState.PAID
    assert fake.session(REFERENCE)["status"] == "complete"


async def test_close_while_money_is_on_its_way_is_not_said_to_be_closed(
    gateway: StripeCheckout, fake: FakeStripe
):
    opened = await gateway.open(wanted())
    fake.pay_later(REFERENCE)
    assert await unknown(gateway.close(REFERENCE, opened.provider_ref)) == "open"


# --- refunds


async def test_refund_in_parts_and_then_the_rest(gateway: StripeCheckout, fake: FakeStripe):
    payment = await paid(gateway, fake)
    seen = []
    for key, amount in {"RF-1": 47_356, "RF-2": 100_000}.items():
        refund = await gateway.refund(payment, amount=amount, key=key, reason="batal")
        fake.finish_refund(key)
        now = await fetch(gateway, payment.provider_ref)
        seen.append((refund.key, refund.outcome, refund.amount, now.state, now.refunded_amount))

    assert seen == [
        ("RF-1", RefundOutcome.PENDING, 47_356, RemoteState.PARTIALLY_REFUNDED, 47_356),
        ("RF-2", RefundOutcome.PENDING, 100_000, RemoteState.REFUNDED, AMOUNT),
    ]


async def test_refund_sends_hundredths_and_whose_it_is(gateway: StripeCheckout, fake: FakeStripe):
    payment = await paid(gateway, fake)
    await gateway.refund(payment, amount=1, key="RF-1", reason="batal")

    (request,) = fake.asked("POST /v1/refunds")
    assert request.headers["idempotency-key"] == "refund-RF-1"
    assert request.form == {
        "payment_intent": payment.payment_key,
        "amount": "100",
        "reason": "requested_by_customer",
        "metadata[order_id]": REFERENCE,
        "metadata[refund_key]": "RF-1",
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("succeeded", RefundOutcome.SUCCEEDED),
        ("requires_action", RefundOutcome.PENDING),
        ("failed", RefundOutcome.FAILED),
        ("canceled", RefundOutcome.FAILED),
    ],
)
async def test_refund_of_the_same_key_is_the_same_refund_even_the_next_day(
    gateway: StripeCheckout, fake: FakeStripe, status: str, expected: RefundOutcome
):
    payment = await paid(gateway, fake)
    first = await gateway.refund(payment, amount=1_000, key="RF-1", reason="batal")
    fake.finish_refund("RF-1", status)
    fake.forget_keys()

    again = await gateway.refund(payment, amount=1_000, key="RF-1", reason="batal")
    assert (again.outcome, again.provider_ref, len(fake.refunds)) == (expected, first.provider_ref, 1)


async def test_refund_that_failed_afterwards_is_money_that_came_back(
    gateway: StripeCheckout, fake: FakeStripe
):
    payment = await paid(gateway, fake)
    await gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal")
    fake.finish_refund("RF-1")
    before = await fetch(gateway, payment.provider_ref)
    fake.finish_refund("RF-1", "failed", "lost_or_stolen_card")

    again = await gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal")
    now = await fetch(gateway, payment.provider_ref)
    assert (again.outcome, again.failure) == (RefundOutcome.FAILED, "lost_or_stolen_card")
    assert (before.state, now.state, now.refunded_amount) == (RemoteState.REFUNDED, RemoteState.PAID, 0)


async def test_refund_whose_answer_was_lost_happens_once(gateway: StripeCheckout, fake: FakeStripe):
    payment = await paid(gateway, fake)
    fake.faults.append(Fault(on="POST /v1/refunds", is_done=True, drops=True))

    refund = await gateway.refund(payment, amount=AMOUNT, key="RF-1", reason="batal")
    assert (refund.amount, len(fake.refunds)) == (AMOUNT, 1)


async def test_refund_of_more_than_was_paid_is_refused(gateway: StripeCheckout, fake: FakeStripe):
    payment = await paid(gateway, fake)
    refused = await refusal(gateway.refund(payment, amount=AMOUNT + 1, key="RF-1", reason="batal"))
    assert (refused, fake.refunds) == ("charge_already_refunded", {})


async def test_refund_of_what_was_never_paid_is_refused(gateway: StripeCheckout, fake: FakeStripe):
    opened = await gateway.open(wanted())
    waiting = await fetch(gateway, opened.provider_ref)
    assert await refusal(gateway.refund(waiting, amount=1, key="RF-1", reason="batal")) == "not_paid"
    assert fake.asked("POST /v1/refunds") == []


async def test_refund_that_is_under_way_is_asked_for_later(gateway: StripeCheckout, fake: FakeStripe):
    payment = await paid(gateway, fake)
    busy = Reply(409, {"error": {"type": "idempotency_error"}})
    fake.faults.append(Fault(busy, on="POST /v1/refunds"))
    assert await unknown(gateway.refund(payment, amount=1, key="RF-1", reason="batal")) == "409"
    assert (await gateway.refund(payment, amount=1, key="RF-1", reason="batal")).amount == 1


# --- a provider that is not well


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(500), "500"),
        (Reply(202), "202"),
        (Reply(429), "429"),
        (Reply(200, b"\x1f\x8b not really packed", {"content-encoding": "gzip"}), "DecodingError"),
        (Reply(307, headers={"location": "http://127.0.0.1:1/"}), "307"),
    ],
)
async def test_answer_that_says_nothing_is_unavailable(
    gateway: StripeCheckout, fake: FakeStripe, reply: Reply, reason: str
):
    fake.faults.append(Fault(reply, times=9))
    assert await unknown(gateway.fetch(REFERENCE, "cs_1")) == reason
    assert await unknown(gateway.open(wanted())) == reason
    assert fake.sessions == {}


async def test_errors_and_descriptions_show_no_key(gateway: StripeCheckout, fake: FakeStripe):
    fake.faults.append(Fault(drops=True, times=9))
    with pytest.raises(Exception, match="gateway") as error:
        await gateway.open(wanted())
    told = repr((error.value, error.value.__cause__, gateway, account(fake)))
    assert ("sk_test" in told, "whsec" in told, "sari@example.com" in told) == (False, False, False)
