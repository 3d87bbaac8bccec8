"""Midtrans as its documents describe it (protocols.md §1): Snap pages, Core calls and signed notifications."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha512
from typing import Any
from uuid import uuid4

from tests.support.providers.server import Asked, FakeProvider, Reply, Signed

Body = dict[str, Any]

_ORDER_ID = re.compile(r"[A-Za-z0-9_~.-]{1,50}")
_CODES = {"pending": "201", "authorize": "201", "deny": "202", "expire": "202"}
_UNDER_WAY = {"authorize", "capture", "pending", "settlement"}
_NOT_BY_API = {"bank_transfer", "cstore", "echannel"}


@dataclass
class Page:
    """A Snap page."""

    asked: Body
    is_cancelled: bool = False


class FakeMidtrans(FakeProvider):
    """One merchant's account there. `says_errors_in_body` answers HTTP 200 and means otherwise, as Core may."""

    def __init__(
        self, server_key: str = "SB-Mid-server-CONTOH0123456789", merchant_id: str = "G000000000"
    ) -> None:
        super().__init__()
        self.server_key = server_key
        self.merchant_id = merchant_id
        self.says_errors_in_body = True
        self.pages: dict[str, Page] = {}
        self.transactions: dict[str, Body] = {}
        self._answered: dict[str, Reply] = {}

    # What the buyer does on the page.

    def choose(self, order_id: str, method: str = "bank_transfer") -> Body:
        """Choose a method: only now there is a transaction."""
        return self._begin(order_id, "pending", method)

    def pay(self, order_id: str, method: str = "qris", *, amount: int | None = None) -> Body:
        """Pay, whatever had happened before: money can arrive after the end."""
        told = self.transactions.get(order_id)
        if told is None or told["transaction_status"] in {"deny", "failure"}:
            told = self._begin(order_id, "pending", method)
        if amount is not None:
            told["gross_amount"] = f"{amount}.00"
        return self._move(told, "settlement", settlement_time="2026-01-01 09:20:12")

    def capture(self, order_id: str, fraud_status: str = "accept") -> Body:
        """Pay by card; `challenge` leaves it to the merchant."""
        told = self._begin(order_id, "capture", "credit_card", fraud_status=fraud_status)
        return self._move(told, "capture", status_code="201" if fraud_status == "challenge" else "200")

    def fail(self, order_id: str) -> Body:
        """A card that is denied; the page lets the buyer try again."""
        return self._begin(order_id, "deny", "credit_card", fraud_status="deny")

    # What time and the bank do.

    def settle(self, order_id: str) -> Body:
        """The day after a card was captured."""
        return self._move(self.transactions[order_id], "settlement")

    def expire(self, order_id: str) -> Body:
        """The method's time is over. A page that ends without a method is told to nobody."""
        return self._move(self.transactions[order_id], "expire")

    def confirm_refund(self, order_id: str, refund_key: str) -> Body:
        """The bank says that it sent the money: a second notice of the same refund."""
        told = self.transactions[order_id]
        for refund in told["refunds"]:
            if refund["refund_key"] == refund_key:
                refund["bank_confirmed_at"] = "2026-01-03 10:05:09"
        return told

    def notice(self, order_id: str, **tampered: Any) -> Signed:
        """The notification of how things stand, genuinely signed, and what somebody changed in it afterwards."""
        told = {**self.transactions[order_id], "status_message": "midtrans payment notification"}
        signed = f"{told['order_id']}{told['status_code']}{told['gross_amount']}{self.server_key}"
        told["signature_key"] = sha512(signed.encode()).hexdigest()
        return Signed({"content-type": "application/json"}, json.dumps({**told, **tampered}).encode())

    # What the merchant's server asks.

    def answer(self, asked: Asked) -> Reply:
        """Snap and Core on one address."""
        expected = b64encode(f"{self.server_key}:".encode()).decode()
        is_snap = asked.path.startswith("/snap/")
        if asked.headers.get("authorization") != f"Basic {expected}":
            return Reply(401, {"error_messages": ["Access denied"]}) if is_snap else self._error("401")
        if is_snap:
            return self._cancel_page(asked) if asked.path.endswith("/cancel") else self._make_page(asked)
        key = asked.headers.get("idempotency-key", "")
        if key in self._answered:
            return self._answered[key]
        _, version, name, call = asked.path.split("/")
        assert version == "v2"
        reply = self._call(name, call, asked)
        if key and int(reply.body["status_code"]) < 300:
            self._answered[key] = reply
        return reply

    def forget_keys(self) -> None:
        """Five minutes later."""
        self._answered.clear()

    def _make_page(self, asked: Asked) -> Reply:
        wanted = asked.json
        details = wanted["transaction_details"]
        errors = _page_errors(wanted)
        if errors:
            return Reply(400, {"error_messages": errors})
        if details["order_id"] in self.transactions:
            return Reply(406, {"error_messages": ["transaction_details.order_id has already been taken"]})
        token = str(uuid4())
        self.pages[token] = Page(wanted)
        return Reply(201, {"token": token, "redirect_url": f"{self.url}/snap/v2/vtweb/{token}"})

    def _cancel_page(self, asked: Asked) -> Reply:
        page = self.pages.get(asked.path.split("/")[-2])
        if page is None:
            return Reply(404, {"error_messages": ["token not found"]})
        told = self.transactions.get(_order_id(page), {})
        if told.get("transaction_status") in _UNDER_WAY:
            return Reply(400, {"error_messages": ["Transaction is on progress"]})
        if page.is_cancelled:
            return Reply(400, {"error_messages": ["token already canceled"]})
        page.is_cancelled = True
        return Reply(200, {"canceled_at": "2026-01-01T02:15:00.000Z"})

    def _call(self, name: str, call: str, asked: Asked) -> Reply:
        every = self.transactions.values()
        told = next((told for told in every if name in {told["order_id"], told["transaction_id"]}), None)
        if told is None:
            return self._error("404")
        calls: dict[str, Callable[[Body, Asked], Reply]] = {
            "status": lambda told, _: Reply(200, told),
            "cancel": lambda told, _: self._end(told, {"pending", "authorize", "capture"}, "cancel"),
            "expire": lambda told, _: self._end(told, {"pending"}, "expire"),
            "deny": lambda told, _: self._end(told, {"capture"}, "deny"),
            "approve": lambda told, _: self._end(told, {"capture"}, "capture"),
            "refund": self._refund,
        }
        return calls[call](told, asked)

    def _end(self, told: Body, allowed: set[str], status: str) -> Reply:
        is_challenged = told.get("fraud_status") == "challenge"
        if told["transaction_status"] not in allowed or (status == "deny" and not is_challenged):
            return self._error("412")
        fraud = {"capture": "accept", "deny": "deny"}.get(status, told["fraud_status"])
        return Reply(200, {**self._move(told, status, fraud_status=fraud), "status_code": "200"})

    def _refund(self, told: Body, asked: Asked) -> Reply:
        wish = asked.json
        refunds = told.setdefault("refunds", [])
        total = sum(int(float(refund["refund_amount"])) for refund in refunds)
        left = int(float(told["gross_amount"])) - total
        if any(refund["refund_key"] == wish["refund_key"] for refund in refunds):
            return self._error("406")
        if told["transaction_status"] not in {"settlement", "partial_refund"}:
            return self._error("412")
        if told["payment_type"] in _NOT_BY_API or wish["amount"] > left:
            return self._error("414")
        refund = {
            "refund_chargeback_id": len(refunds) + 1,
            "refund_amount": f"{wish['amount']}.00",
            "refund_key": wish["refund_key"],
            "reason": wish["reason"],
            "refund_method": "online",
        }
        refunds.append(refund)
        self._move(told, "refund" if wish["amount"] == left else "partial_refund")
        told["refund_amount"] = f"{total + wish['amount']}.00"
        return Reply(200, {**told, **refund})

    def _begin(self, order_id: str, status: str, method: str, **rest: Any) -> Body:
        page = next(page for page in self.pages.values() if _order_id(page) == order_id)
        assert not page.is_cancelled, "the page says that it was cancelled"
        told: Body = {
            "order_id": order_id,
            "transaction_id": str(uuid4()),
            "gross_amount": f"{page.asked['transaction_details']['gross_amount']}.00",
            "currency": "IDR",
            "merchant_id": self.merchant_id,
            "payment_type": method,
            "transaction_time": "2026-01-01 09:15:00",
            "fraud_status": "accept",
            "a_field_of_next_year": {"nested": [1]},
            **rest,
        }
        if method == "cstore":
            del told["fraud_status"]
        self.transactions[order_id] = told
        return self._move(told, status)

    def _move(self, told: Body, status: str, **rest: Any) -> Body:
        told.update({"transaction_status": status, "status_code": _CODES.get(status, "200"), **rest})
        return told

    def _error(self, code: str) -> Reply:
        status = 200 if self.says_errors_in_body else int(code)
        return Reply(status, {"status_code": code, "status_message": "No.", "id": str(uuid4())})


def _order_id(page: Page) -> str:
    return str(page.asked["transaction_details"]["order_id"])


def _page_errors(wanted: Body) -> list[str]:
    details, items = wanted["transaction_details"], wanted["item_details"]
    rules = {
        "order_id": bool(_ORDER_ID.fullmatch(details["order_id"])),
        "gross_amount": type(details["gross_amount"]) is int and details["gross_amount"] > 0,
        "sum": sum(item["price"] * item["quantity"] for item in items) == details["gross_amount"],
        "name": all(0 < len(item["name"]) <= 50 and item["quantity"] >= 1 for item in items),
        "page_expiry": wanted["page_expiry"]["duration"] >= 5,
        "phone": re.match(r"(\+62|0|$)", wanted["customer_details"].get("phone", "")) is not None,
    }
    return [f"{name} is not valid" for name, holds in rules.items() if not holds]
