"""Xendit: hosted Payment Sessions, and the older Invoices that many accounts still have (protocols.md §2)."""

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from pesan.payments.gateways import wishes
from pesan.payments.gateways import xendit_words as words
from pesan.payments.gateways.base import (
    Account,
    Checkout,
    Notice,
    Opened,
    RefundOutcome,
    RemotePayment,
    RemoteRefund,
    RemoteState,
)
from pesan.payments.gateways.errors import GatewayRefused, GatewayUnavailable, RefundRefused
from pesan.payments.gateways.wire import (
    Answer,
    Ask,
    Bounds,
    Json,
    Wire,
    basic_auth,
    objects,
    require_secret,
    text,
    unavailable,
)

_HOST = "https://api.xendit.co"
_VERSION = {"api-version": "2024-11-11"}
_UNKNOWN = 404
_TEST_KEY, _LIVE_KEY = "xnd_development_", "xnd_production_"
_MOST_ITEMS = 75
_NAME_LENGTH = 255
_PERSON_LENGTH = 50
_METADATA_LENGTH = 80
# An invoice's life is counted from when Xendit hears of it.
_DELAY = timedelta(seconds=10)
_REASONS: Mapping[str, str] = {
    "INVALID_EXPIRY_DATE": wishes.WINDOW_TOO_SHORT,
    "PARTIAL_REFUND_COUNTS_EXCEEDED": wishes.PARTIAL_REFUND_NOT_SUPPORTED,
    "REFUND_NOT_SUPPORTED": wishes.REFUND_NOT_SUPPORTED,
    "DUPLICATE_ERROR": wishes.KEY_TAKEN,
    "IDEMPOTENCY_ERROR": wishes.KEY_TAKEN,
}
# A no that becomes a yes by waiting.
_BUSY = frozenset({"REFUND_IN_PROGRESS"})


class _Xendit:
    """What both products share: the key, the webhook's token, the refunds.

    `secrets["secret_key"]` and `secrets["callback_token"]`; `account_id` is the business id.
    """

    name = words.NAME

    def __init__(self, account: Account, http: httpx.AsyncClient, *, bounds: Bounds | None = None) -> None:
        self._account = account
        self._http = http
        self._bounds = bounds or Bounds()
        self._host = account.base_url or _HOST

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: float) -> Notice:
        """The callback of either product; its token is all there is to verify."""
        del now  # nothing in it is dated
        return words.read_notice(self._account, headers, body)

    async def _ask(self, method: str, path: str, **rest: Any) -> Answer:
        key = require_secret(self._account, "secret_key")
        if key.startswith(_TEST_KEY if self._account.is_live else _LIVE_KEY):
            raise GatewayRefused(wishes.LIVEMODE_MISMATCH)
        wire = Wire(self.name, self._http, {"Authorization": basic_auth(key)}, self._bounds)
        return await wire.ask(Ask(method, f"{self._host}{path}", **rest))

    async def _get(self, path: str, **rest: Any) -> Json | None:
        answer = await self._ask("GET", path, is_repeatable=True, **rest)
        return None if answer.status == _UNKNOWN else self._require_success(answer)

    def _require_success(self, answer: Answer) -> Json:
        if not answer.is_error:
            return answer.body
        code = (text(answer.body, "error_code") or str(answer.status))[:60]
        if code in _BUSY:
            raise unavailable(self.name, code)
        raise GatewayRefused(_REASONS.get(code, code))

    async def find_refund(
        self, payment: RemotePayment, *, key: str, provider_ref: str | None
    ) -> RemoteRefund | None:
        """The refund by Xendit's own name of it, which is known once Xendit took it on."""
        del payment
        return await self._find_refund(key, provider_ref) if provider_ref else None

    async def _find_refund(self, key: str, provider_ref: str) -> RemoteRefund:
        """A refund that Xendit took on; its key is forgotten one day, its name is not."""
        told = await self._get(f"/refunds/{_quoted(provider_ref)}")
        if told is None:
            raise GatewayRefused(str(_UNKNOWN))
        wishes.require_same_payment(key, text(told, "reference_id"))
        return words.to_refund(key, told)

    async def _refund(
        self, paid: Json, payment: RemotePayment, amount: int, key: str, reason: str
    ) -> RemoteRefund:
        """`paid` names what the money came in by; the key makes the same refund of a repetition."""
        wishes.require_key(key)
        if not words.is_refundable(payment.channel):
            raise RefundRefused(wishes.REFUND_NOT_SUPPORTED)
        body = {
            **paid,
            "reference_id": key,
            "amount": amount,
            "currency": payment.currency,
            "reason": "REQUESTED_BY_CUSTOMER",
            "metadata": {"reason": wishes.cut(reason, _METADATA_LENGTH)},
        }
        answer = await self._ask(
            "POST", "/refunds", json=body, headers={"idempotency-key": key}, is_repeatable=True
        )
        with wishes.reading_refund(answer.status):
            refund = words.to_refund(key, self._require_success(answer))
        return await self._now(refund) if refund.outcome is RefundOutcome.PENDING else refund

    async def _now(self, refund: RemoteRefund) -> RemoteRefund:
        """The refund as it stands: a repeated request gets the first answer again, and that said it was waiting."""
        try:
            told = await self._get(f"/refunds/{_quoted(refund.provider_ref)}")
        except (GatewayUnavailable, GatewayRefused):
            return refund
        return words.to_refund(refund.key, told) if told else refund


class XenditSessions(_Xendit):
    """Payment Sessions.

    Xendit finds a session by its own id only, and takes no key for making one. A session whose answer was lost
    harms nobody: its link was never given to anyone, so the next one is the only one that can be paid.
    """

    # Xendit makes no session of less than ten minutes; the eleventh is for the way there.
    shortest_window = timedelta(minutes=11)

    async def open(self, wanted: Checkout) -> Opened:
        """A session that ends when the place is given up."""
        wishes.require_sum(wanted)
        wishes.time_left(wanted, self.shortest_window)
        answer = await self._ask("POST", "/sessions", json=_session(wanted))
        session = self._require_success(answer)
        ref = text(session, "payment_session_id")
        url = wishes.page_url(session, "payment_link_url", is_test_server=bool(self._account.base_url))
        if ref is None or url is None:
            raise unavailable(self.name, "page")
        return Opened(ref, url, wanted.expires_at)

    async def fetch(self, reference: str, provider_ref: str | None) -> RemotePayment | None:
        """The session, and the payment that it led to."""
        session = await self._session(reference, provider_ref)
        return words.session_payment(session, await self._payment(session)) if session else None

    async def close(self, reference: str, provider_ref: str | None) -> RemoteState:
        """Cancel the session; raises GatewayUnavailable while somebody could still pay."""
        if provider_ref is None:
            return RemoteState.CANCELLED
        # Its refusal says that something was faster; what, the session knows.
        await self._ask("POST", f"/sessions/{_quoted(provider_ref)}/cancel")
        found = await self.fetch(reference, provider_ref)
        if found and found.state is RemoteState.PENDING:
            raise unavailable(self.name, "open")
        return found.state if found else RemoteState.CANCELLED

    async def refund(
        self, payment: RemotePayment, *, amount: int, key: str, reason: str, provider_ref: str | None = None
    ) -> RemoteRefund:
        """Send money back by the request that it came in by."""
        if provider_ref:
            return await self._find_refund(key, provider_ref)
        session = await self._session(payment.reference, payment.provider_ref)
        request = text(session or {}, "payment_request_id")
        if request is None:
            raise GatewayRefused("DATA_NOT_FOUND")
        return await self._refund({"payment_request_id": request}, payment, amount, key, reason)

    async def _session(self, reference: str, provider_ref: str | None) -> Json | None:
        session = await self._get(f"/sessions/{_quoted(provider_ref)}") if provider_ref else None
        if session:
            wishes.require_same_payment(reference, text(session, "reference_id"))
        return session

    async def _payment(self, session: Json) -> Json:
        ref = text(session, "payment_id")
        if ref is None:
            return {}
        payment = await self._get(f"/v3/payments/{_quoted(ref)}", headers=_VERSION)
        if payment is None:
            raise unavailable(self.name, "payment")
        return payment


class XenditInvoices(_Xendit):
    """Invoices ("Payment Links"). Nothing there is unique or keyed, so each creation looks first."""

    name = f"{words.NAME}_invoice"
    shortest_window = timedelta(minutes=2)

    async def open(self, wanted: Checkout) -> Opened:
        """The invoice of this reference, made unless there is one."""
        wishes.require_sum(wanted)
        left = wishes.time_left(wanted, self.shortest_window)
        found = await self._list(wanted.reference)
        if not found:
            answer = await self._ask("POST", "/v2/invoices", json=_invoice(wanted, left - _DELAY))
            return self._opened(self._require_success(answer), wanted)
        payment = words.invoice_payment(found[0])
        if payment.state is not RemoteState.PENDING or payment.amount != wanted.amount:
            raise GatewayRefused("reference_used")
        return self._opened(found[0], wanted)

    async def fetch(self, reference: str, provider_ref: str | None) -> RemotePayment | None:
        """The invoice of this reference; of several, the one that was paid."""
        payments = [words.invoice_payment(invoice) for invoice in await self._list(reference)]
        # False sorts first: what was paid, then what was asked for, then what can still be paid.
        payments.sort(
            key=lambda payment: (
                payment.state is not RemoteState.PAID,
                payment.provider_ref != provider_ref,
                payment.state is not RemoteState.PENDING,
            )
        )
        return payments[0] if payments else None

    async def close(self, reference: str, provider_ref: str | None) -> RemoteState:
        """Expire every invoice of this reference; raises GatewayUnavailable while somebody could still pay."""
        del provider_ref  # the reference finds those too that nobody knows of
        for invoice in await self._list(reference):
            if words.invoice_payment(invoice).state is RemoteState.PENDING:
                await self._ask("POST", f"/invoices/{_quoted(text(invoice, 'id'))}/expire!")
        payments = [words.invoice_payment(invoice) for invoice in await self._list(reference)]
        states = {payment.state for payment in payments}
        if RemoteState.PAID in states:
            return RemoteState.PAID
        if RemoteState.PENDING in states:
            raise unavailable(self.name, "open")
        return RemoteState.EXPIRED if states else RemoteState.CANCELLED

    async def refund(
        self, payment: RemotePayment, *, amount: int, key: str, reason: str, provider_ref: str | None = None
    ) -> RemoteRefund:
        """Send money back by the invoice that it came in by."""
        if provider_ref:
            return await self._find_refund(key, provider_ref)
        return await self._refund({"invoice_id": payment.provider_ref}, payment, amount, key, reason)

    async def _list(self, reference: str) -> list[Json]:
        told = await self._get("/v2/invoices", query={"external_id": reference})
        invoices = objects(told or {}, "data")
        return [invoice for invoice in invoices if invoice.get("external_id") == reference]

    def _opened(self, invoice: Json, wanted: Checkout) -> Opened:
        ref = text(invoice, "id")
        url = wishes.page_url(invoice, "invoice_url", is_test_server=bool(self._account.base_url))
        if ref is None or url is None:
            raise unavailable(self.name, "page")
        return Opened(ref, url, wanted.expires_at)


def _session(wanted: Checkout) -> Json:
    return {
        "reference_id": wanted.reference,
        "session_type": "PAY",
        "mode": "PAYMENT_LINK",
        "amount": wanted.amount,
        "currency": wanted.currency,
        "country": "ID",
        "customer": {
            "reference_id": wanted.reference,
            "type": "INDIVIDUAL",
            "individual_detail": {"given_names": wishes.cut(wanted.buyer_name, _PERSON_LENGTH)},
            **_contact(wanted),
        },
        "items": [
            {
                "reference_id": str(number),
                "type": "DIGITAL_SERVICE",
                "name": wishes.cut(item.title, _NAME_LENGTH),
                "net_unit_amount": item.unit_amount,
                "quantity": item.quantity,
                "category": "Service",
            }
            for number, item in enumerate(wishes.net_items(wanted, _MOST_ITEMS), 1)
        ],
        "expires_at": wanted.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "locale": _locale(wanted),
        "success_return_url": wanted.return_url,
        "cancel_return_url": wanted.return_url,
    }


def _invoice(wanted: Checkout, left: timedelta) -> Json:
    return {
        "external_id": wanted.reference,
        "amount": wanted.amount,
        "currency": wanted.currency,
        "invoice_duration": int(left.total_seconds()),
        "customer": {"given_names": wishes.cut(wanted.buyer_name, _PERSON_LENGTH), **_contact(wanted)},
        "items": [
            {
                "name": wishes.cut(item.title, _NAME_LENGTH),
                "quantity": item.quantity,
                "price": item.unit_amount,
            }
            for item in wishes.net_items(wanted, _MOST_ITEMS)
        ],
        "locale": _locale(wanted),
        "success_redirect_url": wanted.return_url,
        "failure_redirect_url": wanted.return_url,
    }


def _contact(wanted: Checkout) -> dict[str, str]:
    told = {"email": wishes.mail(wanted), "mobile_number": wishes.phone(wanted)}
    return {name: value for name, value in told.items() if value}


def _locale(wanted: Checkout) -> str:
    return wanted.locale if wanted.locale in {"id", "en"} else "id"


def _quoted(ref: str | None) -> str:
    return quote(ref or "", safe="")
