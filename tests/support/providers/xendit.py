"""Xendit as its documents describe it (protocols.md §2): sessions, invoices, payments, refunds, callbacks."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.support.providers.server import Asked, FakeProvider, Reply, Signed

Body = dict[str, Any]

_MANUAL = re.compile(r".*_VIRTUAL_ACCOUNT|ALFAMART|INDOMARET|BANK_TRANSFER|RETAIL_OUTLET")


class FakeXendit(FakeProvider):
    """One business there. Sessions are told of by their reference, like invoices; `pay` finds which it is."""

    def __init__(
        self,
        secret_key: str = "xnd_development_CONTOH0123456789",
        callback_token: str = "tok_contoh_123",
        business_id: str = "60a0c0ffee0000000000abcd",
    ) -> None:
        super().__init__()
        self.secret_key = secret_key
        self.callback_token = callback_token
        self.business_id = business_id
        self.sessions: dict[str, Body] = {}
        self.invoices: dict[str, Body] = {}
        self.payments: dict[str, Body] = {}
        self.refunds: dict[str, Body] = {}
        self._answered: dict[str, tuple[bytes, Reply]] = {}
        self._numbers = count(1)

    # What the buyer does on the page.

    def pay(self, reference: str, channel: str = "QRIS", *, amount: int | None = None) -> Body:
        """Pay, whatever had happened before: money can arrive after the end."""
        invoice = self._of(self.invoices, "external_id", reference)
        if invoice:
            paid = {"paid_amount": invoice["amount"] if amount is None else amount, "payment_method": channel}
            invoice.update(
                status="PAID", paid_at="2026-01-01T02:20:11.000Z", payment_id=self._id("qrpy"), **paid
            )
            return invoice
        return self._attempt(reference, channel, "SUCCEEDED", amount)

    def attempt(self, reference: str, status: str, channel: str = "CARDS") -> Body:
        """A try that got as far as `status`: AUTHORIZED, PENDING, FAILED."""
        return self._attempt(reference, channel, status, None)

    # What time and the bank do.

    def expire(self, reference: str) -> Body:
        """The page's time is over."""
        told = self._page(reference)
        told["status"] = "EXPIRED"
        return told

    def settle(self, reference: str) -> Body:
        """The money of an invoice reaches the merchant's balance."""
        told = self._page(reference)
        told["status"] = "SETTLED"
        return told

    def finish_refund(self, key: str, status: str = "SUCCEEDED", failure: str | None = None) -> Body:
        """The bank's last word on a refund."""
        refund = self._refund_of(key)
        refund.update(status=status, failure_code=failure)
        return refund

    # What the callbacks say.

    def session_notice(self, reference: str, event: str = "completed", **rest: str | None) -> Signed:
        """`payment_session.completed` or `.expired`."""
        return self._signed(self._envelope(f"payment_session.{event}", self._page(reference)), **rest)

    def payment_notice(self, payment_id: str, event: str = "payment.capture", **rest: str | None) -> Signed:
        """What became of one payment; a migration page says `payment.succeeded`."""
        return self._signed(self._envelope(event, self.payments[payment_id]), **rest)

    def invoice_notice(self, reference: str, **rest: str | None) -> Signed:
        """An invoice's flat body, without an envelope."""
        return self._signed(self._page(reference), **rest)

    def refund_notice(self, key: str, *, is_nested: bool = False, **rest: str | None) -> Signed:
        """What became of a refund; one example of theirs nests it twice."""
        refund = self._refund_of(key)
        data = {"data": refund} if is_nested else refund
        return self._signed(self._envelope(f"refund.{refund['status'].lower()}", data), **rest)

    # What the merchant's server asks.

    def answer(self, asked: Asked) -> Reply:
        """Test and live share one host; the key decides."""
        expected = b64encode(f"{self.secret_key}:".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {expected}":
            return _error(401, "INVALID_API_KEY")
        routes: dict[str, Callable[..., Reply]] = {
            r"POST /sessions": self._make_session,
            r"GET /sessions/([^/]+)": lambda _, ref: _found(self.sessions, ref),
            r"POST /sessions/([^/]+)/cancel": self._cancel_session,
            r"GET /v3/payments/([^/]+)": self._tell_payment,
            r"POST /v2/invoices": self._make_invoice,
            r"GET /v2/invoices": self._list_invoices,
            r"POST /invoices/([^/]+)/expire!": self._expire_invoice,
            r"POST /refunds": self._make_refund,
            r"GET /refunds/([^/]+)": lambda _, ref: _found(self.refunds, ref),
        }
        for route, answer in routes.items():
            if match := re.fullmatch(route, str(asked)):
                return answer(asked, *match.groups())
        return _error(404, "NOT_FOUND")

    def _make_session(self, asked: Asked) -> Reply:
        wanted = asked.json
        total = sum(item["net_unit_amount"] * item["quantity"] for item in wanted["items"])
        if total != wanted["amount"] or any(item["net_unit_amount"] < 0 for item in wanted["items"]):
            return _error(400, "INVALID_AMOUNT")
        soonest = datetime.now(UTC) + timedelta(minutes=10)
        if datetime.fromisoformat(wanted["expires_at"]) < soonest:
            return _error(400, "INVALID_EXPIRY_DATE")
        if not wanted["success_return_url"].startswith("https://"):
            return _error(400, "INVALID_URL")
        ref = self._id("ps")
        self.sessions[ref] = {
            **wanted,
            "payment_session_id": ref,
            "status": "ACTIVE",
            "business_id": self.business_id,
            "payment_link_url": f"{self.url}/pay/{ref}",
            "a_field_of_next_year": [{"nested": 1}],
        }
        return Reply(201, self.sessions[ref])

    def _cancel_session(self, asked: Asked, ref: str) -> Reply:
        session = self.sessions.get(ref)
        if session is None:
            return _error(404, "DATA_NOT_FOUND")
        if session["status"] != "ACTIVE":
            return _error(409, "SESSION_NOT_ACTIVE")
        session["status"] = "CANCELED"
        return Reply(200, session)

    def _tell_payment(self, asked: Asked, ref: str) -> Reply:
        if asked.headers.get("api-version") != "2024-11-11":
            return _error(400, "API_VALIDATION_ERROR")
        return _found(self.payments, ref)

    def _make_invoice(self, asked: Asked) -> Reply:
        wanted = asked.json
        ref = self._id("65a0")
        self.invoices[ref] = {
            **wanted,
            "id": ref,
            "status": "PENDING",
            "user_id": self.business_id,
            "invoice_url": f"{self.url}/web/{ref}",
        }
        return Reply(200, self.invoices[ref])

    def _list_invoices(self, asked: Asked) -> Reply:
        wanted = asked.query.get("external_id")
        return Reply(200, [told for told in self.invoices.values() if wanted in {None, told["external_id"]}])

    def _expire_invoice(self, asked: Asked, ref: str) -> Reply:
        if self.invoices[ref]["status"] != "PENDING":
            return _error(400, "INVOICE_NOT_PENDING")
        self.invoices[ref]["status"] = "EXPIRED"
        return Reply(200, self.invoices[ref])

    def _make_refund(self, asked: Asked) -> Reply:
        key = asked.headers["idempotency-key"]
        before, reply = self._answered.get(key, (b"", None))
        if reply is None:
            reply = self._refund(asked.json)
            self._answered[key] = (asked.body, reply)
        elif before != asked.body:
            return _error(409, "IDEMPOTENCY_ERROR")
        return reply

    def _refund(self, wish: Body) -> Reply:
        paid, channel, total = self._paid(wish)
        back = sum(refund["amount"] for refund in self.refunds.values() if refund["of"] == paid)
        if _MANUAL.fullmatch(channel):
            return _error(400, "REFUND_NOT_SUPPORTED")
        if back + wish["amount"] > total:
            return _error(400, "REFUND_AMOUNT_EXCEEDED")
        refund = {**wish, "id": self._id("rfd"), "status": "PENDING", "of": paid}
        self.refunds[refund["id"]] = refund
        # What was answered once is repeated as it was, however things stand by then.
        return Reply(200, dict(refund))

    def _paid(self, wish: Body) -> tuple[str, str, int]:
        if "invoice_id" in wish:
            invoice = self.invoices[wish["invoice_id"]]
            return invoice["id"], invoice["payment_method"], invoice["paid_amount"]
        payment = self._of(self.payments, "payment_request_id", wish["payment_request_id"])
        assert payment
        return payment["payment_id"], payment["channel_code"], payment["request_amount"]

    def _attempt(self, reference: str, channel: str, status: str, amount: int | None) -> Body:
        session = self._page(reference)
        paid = session["amount"] if amount is None else amount
        payment = {
            "payment_id": self._id("py"),
            "payment_request_id": self._id("pr"),
            "reference_id": reference,
            "status": status,
            "business_id": self.business_id,
            "currency": session["currency"],
            "request_amount": paid,
            "channel_code": channel,
            "captures": [],
        }
        if status == "SUCCEEDED":
            capture = {"capture_id": self._id("cap"), "capture_amount": float(paid)}
            payment["captures"] = [{**capture, "capture_timestamp": "2026-01-01T02:20:11Z"}]
        self.payments[payment["payment_id"]] = payment
        session.update({name: payment[name] for name in ("payment_id", "payment_request_id")})
        if session["status"] == "ACTIVE" and status in {"SUCCEEDED", "AUTHORIZED"}:
            session["status"] = "COMPLETED"
        return payment

    def _page(self, reference: str) -> Body:
        told = self._of(self.invoices, "external_id", reference) or self._of(
            self.sessions, "reference_id", reference
        )
        assert told
        return told

    def _refund_of(self, key: str) -> Body:
        refund = self._of(self.refunds, "reference_id", key)
        assert refund
        return refund

    def _of(self, things: dict[str, Body], name: str, value: str) -> Body | None:
        """The newest one, as a buyer has it before their eyes."""
        return next((told for told in reversed(things.values()) if told[name] == value), None)

    def _envelope(self, event: str, data: Body) -> Body:
        return {
            "event": event,
            "business_id": self.business_id,
            "created": "2026-01-01T02:20:12Z",
            "data": data,
        }

    def _signed(self, told: Body, webhook_id: str | None = "", token: str | None = None) -> Signed:
        """With a delivery's number, unless it is None, and the account's token, unless it is another."""
        headers = {"content-type": "application/json", "x-callback-token": token or self.callback_token}
        if webhook_id is not None:
            headers["webhook-id"] = webhook_id or self._id("wh")
        return Signed(headers, json.dumps(told).encode())

    def _id(self, prefix: str) -> str:
        return f"{prefix}-{next(self._numbers):024x}"


def _found(things: dict[str, Body], ref: str) -> Reply:
    return Reply(200, things[ref]) if ref in things else _error(404, "DATA_NOT_FOUND")


def _error(status: int, code: str) -> Reply:
    return Reply(status, {"error_code": code, "message": "No.", "errors": []})
