"""Stripe Checkout: the hosted page, and refunds of its payment intents (protocols.md §3)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from pesan.payments.gateways import rupiah, wishes
from pesan.payments.gateways import stripe_words as words
from pesan.payments.gateways.base import (
    Account,
    Checkout,
    Notice,
    Opened,
    RemotePayment,
    RemoteRefund,
    RemoteState,
)
from pesan.payments.gateways.errors import GatewayRefused, RefundRefused
from pesan.payments.gateways.wire import (
    Answer,
    Ask,
    Bounds,
    Json,
    Wire,
    nested,
    objects,
    require_secret,
    text,
    unavailable,
)

_HOST = "https://api.stripe.com"
# Names of parameters move between versions, so one is pinned.
_VERSION = "2026-10-28.endive"
_UNKNOWN = 404
_BUSY = 409
_TEST_KEYS, _LIVE_KEYS = ("sk_test_", "rk_test_"), ("sk_live_", "rk_live_")
_INTENT = "pi_"
_MOST_ITEMS = 100
_NAME_LENGTH = 250
# About half a dollar, and twelve digits of hundredths.
_LEAST_AMOUNT, _MOST_AMOUNT = 10_000, 9_999_999_999
_LONGEST_PAGE = timedelta(hours=24)
_MOST_REFUNDS = "100"
_EXPANDED = {"expand[]": "payment_intent.latest_charge"}


class StripeCheckout:
    """One account: `secrets["secret_key"]` and `secrets["webhook_secret"]`, the whole `whsec_…`.

    A page lives at least half an hour there, counted by Stripe. No page is made to outlive `expires_at`: whoever
    asks for one within a shorter window is refused with `window_too_short`, by Stripe itself, so that asking
    again with the same reference still answers the page that was made in time.
    """

    name = words.NAME
    shortest_window = timedelta(minutes=31)

    def __init__(self, account: Account, http: httpx.AsyncClient, *, bounds: Bounds | None = None) -> None:
        self._account = account
        self._http = http
        self._bounds = bounds or Bounds()
        self._host = account.base_url or _HOST

    async def open(self, wanted: Checkout) -> Opened:
        """A session; the reference is the key, so that the same one is answered again."""
        wishes.require_sum(wanted)
        if not _LEAST_AMOUNT <= wanted.amount <= _MOST_AMOUNT:
            raise GatewayRefused("amount_too_small" if wanted.amount < _LEAST_AMOUNT else "amount_too_large")
        answer = await self._post("/v1/checkout/sessions", f"open-{wanted.reference}", _session(wanted))
        session = self._require_success(answer)
        self._require_mode(session)
        ref, expires = text(session, "id"), session.get("expires_at")
        url = wishes.page_url(session, "url", is_test_server=bool(self._account.base_url))
        if ref is None or url is None or not isinstance(expires, int):
            raise unavailable(self.name, "page")
        return Opened(ref, url, datetime.fromtimestamp(expires, UTC))

    async def fetch(self, reference: str, provider_ref: str | None) -> RemotePayment | None:
        """The session by its id, or by the payment intent that events of charges name."""
        ref = provider_ref
        if ref and ref.startswith(_INTENT):
            found = await self._get("/v1/checkout/sessions", {"payment_intent": ref})
            ref = next((text(session, "id") for session in objects(found or {}, "data")), None)
        session = await self._get(f"/v1/checkout/sessions/{quote(ref, safe='')}", _EXPANDED) if ref else None
        if session is None:
            return None
        self._require_mode(session)
        wishes.require_same_payment(reference, text(session, "client_reference_id"))
        return words.to_payment(session)

    async def close(self, reference: str, provider_ref: str | None) -> RemoteState:
        """Expire the session; raises GatewayUnavailable while somebody could still pay."""
        if provider_ref is None:
            return RemoteState.CANCELLED
        # Its refusal says that something was faster; what, the session knows.
        await self._ask("POST", f"/v1/checkout/sessions/{quote(provider_ref, safe='')}/expire")
        found = await self.fetch(reference, provider_ref)
        if found and found.state is RemoteState.PENDING:
            raise unavailable(self.name, "open")
        return found.state if found else RemoteState.CANCELLED

    async def refund(
        self, payment: RemotePayment, *, amount: int, key: str, reason: str, provider_ref: str | None = None
    ) -> RemoteRefund:
        """Send money back, unless the intent has a refund of this key: Stripe forgets its own keys in a day."""
        del reason  # Stripe knows three, and none that our staff would write
        del provider_ref  # its key finds it, in its metadata
        wishes.require_key(key)
        if payment.payment_key is None:
            raise RefundRefused("not_paid")
        refund = await self._find_refund(payment.payment_key, key)
        if refund is None:
            form = {
                "payment_intent": payment.payment_key,
                "amount": str(rupiah.to_stripe(amount)),
                "reason": "requested_by_customer",
                "metadata[order_id]": payment.reference,
                "metadata[refund_key]": key,
            }
            answer = await self._post("/v1/refunds", f"refund-{key}", form)
            with wishes.reading_refund(answer.status):
                refund = self._require_success(answer)
        return words.to_refund(key, refund)

    async def find_refund(
        self, payment: RemotePayment, *, key: str, provider_ref: str | None
    ) -> RemoteRefund | None:
        """The refund of this key among those of the intent."""
        del provider_ref  # its key finds it, in its metadata
        refund = await self._find_refund(payment.payment_key, key) if payment.payment_key else None
        return words.to_refund(key, refund) if refund else None

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: float) -> Notice:
        """An event whose signature, age and mode are right."""
        return words.read_notice(self._account, headers, body, now)

    async def _find_refund(self, intent: str, key: str) -> Json | None:
        told = await self._get("/v1/refunds", {"payment_intent": intent, "limit": _MOST_REFUNDS})
        refunds = objects(told or {}, "data")
        return next((item for item in refunds if nested(item, "metadata").get("refund_key") == key), None)

    async def _get(self, path: str, query: Mapping[str, str]) -> Json | None:
        answer = await self._ask("GET", path, query=query, is_repeatable=True)
        return None if answer.status == _UNKNOWN else self._require_success(answer)

    async def _post(self, path: str, key: str, form: Mapping[str, str]) -> Answer:
        return await self._ask("POST", path, form=form, headers={"Idempotency-Key": key}, is_repeatable=True)

    async def _ask(self, method: str, path: str, **rest: Any) -> Answer:
        key = require_secret(self._account, "secret_key")
        if key.startswith(_TEST_KEYS if self._account.is_live else _LIVE_KEYS):
            raise GatewayRefused(wishes.LIVEMODE_MISMATCH)
        headers = {"Authorization": f"Bearer {key}", "Stripe-Version": _VERSION}
        answer = await Wire(self.name, self._http, headers, self._bounds).ask(
            Ask(method, f"{self._host}{path}", **rest)
        )
        if answer.status == _BUSY:
            raise unavailable(self.name, str(_BUSY))
        return answer

    def _require_success(self, answer: Answer) -> Json:
        if not answer.is_error:
            return answer.body
        error = nested(answer.body, "error")
        if text(error, "param") == "expires_at":
            raise GatewayRefused(wishes.WINDOW_TOO_SHORT)
        raise GatewayRefused((text(error, "code", "type") or str(answer.status))[:60])

    def _require_mode(self, session: Json) -> None:
        if session.get("livemode", False) is not self._account.is_live:
            raise GatewayRefused(wishes.LIVEMODE_MISMATCH)


def _session(wanted: Checkout) -> dict[str, str]:
    form = {
        "mode": "payment",
        "client_reference_id": wanted.reference,
        "metadata[order_id]": wanted.reference,
        "payment_intent_data[metadata][order_id]": wanted.reference,
        "success_url": wanted.return_url,
        "cancel_url": wanted.return_url,
        "locale": wanted.locale if wanted.locale in {"id", "en"} else "auto",
    }
    if email := wishes.mail(wanted):
        form["customer_email"] = email
    # Longer than a day it makes none, and its own day is the same whenever it is asked again.
    if wanted.expires_at - datetime.now(UTC) < _LONGEST_PAGE:
        form["expires_at"] = str(int(wanted.expires_at.timestamp()))
    for number, item in enumerate(wishes.net_items(wanted, _MOST_ITEMS)):
        line = f"line_items[{number}]"
        form[f"{line}[quantity]"] = str(item.quantity)
        form[f"{line}[price_data][currency]"] = wanted.currency.lower()
        form[f"{line}[price_data][unit_amount]"] = str(rupiah.to_stripe(item.unit_amount))
        form[f"{line}[price_data][product_data][name]"] = wishes.cut(item.title, _NAME_LENGTH)
    return form
