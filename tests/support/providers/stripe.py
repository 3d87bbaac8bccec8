"""Stripe as its documents describe it (protocols.md §3): Checkout sessions, refunds, signed events."""

import hmac
import json
import re
import time
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from typing import Any

from tests.support.providers.server import Asked, FakeProvider, Reply, Signed

Body = dict[str, Any]

_HALF_AN_HOUR, _DAY = 30 * 60, 24 * 60 * 60


class FakeStripe(FakeProvider):
    """One account there, in test mode unless told otherwise."""

    def __init__(
        self,
        secret_key: str = "sk_test_CONTOH0123456789",
        webhook_secret: str = "whsec_test_contoh_rahasia_0001",
    ) -> None:
        super().__init__()
        self.secret_key = secret_key
        self.webhook_secret = webhook_secret
        self.livemode = False
        self.card_country: object = None
        self.sessions: dict[str, Body] = {}
        self.refunds: dict[str, Body] = {}
        self._answered: dict[str, tuple[bytes, Reply]] = {}
        self._numbers = count(1)

    # What the buyer does on the page.

    def pay(self, reference: str, *, amount: int | None = None) -> Body:
        """Pay by card; `amount` is whole rupiah, for once."""
        session = self.session(reference)
        if amount is not None:
            session["amount_total"] = amount * 100
        session.update(
            status="complete", payment_status="paid", payment_intent=self._intent(session, "succeeded")
        )
        return session

    def pay_later(self, reference: str) -> Body:
        """Finish the page with a method whose money comes in days."""
        session = self.session(reference)
        session.update(status="complete", payment_intent=self._intent(session, "processing"))
        return session

    # What time and the banks do.

    def finish(self, reference: str, *, is_paid: bool) -> Body:
        """The delayed money came, or never will."""
        session = self.session(reference)
        session["payment_status"] = "paid" if is_paid else "unpaid"
        session["payment_intent"]["status"] = "succeeded" if is_paid else "requires_payment_method"
        return session

    def expire(self, reference: str) -> Body:
        """The page's time is over."""
        session = self.session(reference)
        session["status"] = "expired"
        return session

    def dispute(self, reference: str) -> Body:
        """The buyer tells their bank that it was not them."""
        session = self.session(reference)
        session["payment_intent"]["latest_charge"]["disputed"] = True
        return session

    def finish_refund(self, key: str, status: str = "succeeded", failure: str | None = None) -> Body:
        """The bank's last word; a failed refund gives the money back to the merchant."""
        refund = self.refund(key)
        refund.update(status=status, failure_reason=failure)
        self._tell_charge(refund["payment_intent"])
        return refund

    def forget_keys(self) -> None:
        """A day later."""
        self._answered.clear()

    # What it tells.

    def session(self, reference: str) -> Body:
        """The newest session of a reference."""
        every = reversed(self.sessions.values())
        return next(session for session in every if session["client_reference_id"] == reference)

    def refund(self, key: str) -> Body:
        """The refund that was asked for under this key."""
        return next(refund for refund in self.refunds.values() if refund["metadata"]["refund_key"] == key)

    def session_notice(self, reference: str, event: str = "completed", **rest: Any) -> Signed:
        """`checkout.session.…`, with the session as it stands; its intent by id, as events have it."""
        session = self.session(reference)
        intent = session["payment_intent"]
        told = {**session, "payment_intent": intent["id"] if intent else None}
        return self.event(f"checkout.session.{event}", told, **rest)

    def charge_notice(self, reference: str, **rest: Any) -> Signed:
        """Money of the charge went back."""
        return self.event(
            "charge.refunded", self.session(reference)["payment_intent"]["latest_charge"], **rest
        )

    def dispute_notice(self, reference: str, **rest: Any) -> Signed:
        """A dispute knows its intent, and nothing that the merchant wrote."""
        intent = self.session(reference)["payment_intent"]["id"]
        told = {"id": self._id("du"), "object": "dispute", "payment_intent": intent, "metadata": {}}
        return self.event("charge.dispute.created", told, **rest)

    def refund_notice(self, key: str, event: str = "refund.updated", **rest: Any) -> Signed:
        """What happened to a refund."""
        return self.event(event, self.refund(key), **rest)

    def event(
        self, kind: str, thing: Body, *, at: int | None = None, secrets: tuple[str, ...] = (), **changes: Any
    ) -> Signed:
        """An event, genuinely signed, by several secrets while the merchant changes them."""
        told = {
            "id": self._id("evt"),
            "object": "event",
            "type": kind,
            "created": at or int(time.time()),
            "livemode": self.livemode,
            "data": {"object": thing},
            **changes,
        }
        return self.sign(json.dumps(told).encode(), at=at, secrets=secrets)

    def sign(self, body: bytes, *, at: int | None = None, secrets: tuple[str, ...] = ()) -> Signed:
        """Any body with a genuine signature."""
        moment = int(time.time()) if at is None else at
        signed = [
            hmac.new(secret.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
            for secret in secrets or (self.webhook_secret,)
        ]
        header = ",".join([f"t={moment}", *(f"v1={value}" for value in signed)])
        return Signed({"content-type": "application/json", "stripe-signature": header}, body)

    # What the merchant's server asks.

    def answer(self, asked: Asked) -> Reply:
        """One host for test and live; the key decides."""
        if asked.headers.get("authorization") != f"Bearer {self.secret_key}":
            return _error(401, "invalid_request_error", code="api_key_invalid")
        assert asked.headers["stripe-version"] == "2026-10-28.endive"
        key = asked.headers.get("idempotency-key")
        if key is None:
            return self._route(asked)
        before, reply = self._answered.get(key, (b"", None))
        if reply is None:
            reply = self._route(asked)
            # What was refused for its form was never begun, and is not kept.
            if reply.status != 400:
                self._answered[key] = (asked.body, reply)
        elif before != asked.body:
            return _error(400, "idempotency_error")
        return reply

    def _route(self, asked: Asked) -> Reply:
        routes: dict[str, Callable[..., Reply]] = {
            r"POST /v1/checkout/sessions": self._make_session,
            r"GET /v1/checkout/sessions": self._list_sessions,
            r"GET /v1/checkout/sessions/([^/]+)": self._tell_session,
            r"POST /v1/checkout/sessions/([^/]+)/expire": self._expire_session,
            r"POST /v1/refunds": self._make_refund,
            r"GET /v1/refunds": self._list_refunds,
        }
        for route, answer in routes.items():
            if match := re.fullmatch(route, str(asked)):
                return answer(asked, *match.groups())
        return _error(404, "invalid_request_error", code="url_invalid")

    def _make_session(self, asked: Asked) -> Reply:
        form = asked.form
        amounts = [
            int(value) * int(form[f"line_items[{match[1]}][quantity]"])
            for name, value in form.items()
            if (match := re.fullmatch(r"line_items\[(\d+)]\[price_data]\[unit_amount]", name))
        ]
        if any(amount < 0 for amount in amounts):
            return _error(400, "invalid_request_error", code="parameter_invalid_integer")
        expires = int(form.get("expires_at", time.time() + _DAY))
        if not _HALF_AN_HOUR <= expires - int(time.time()) <= _DAY:
            return _error(400, "invalid_request_error", param="expires_at")
        ref = self._id("cs_test")
        self.sessions[ref] = {
            "id": ref,
            "object": "checkout.session",
            "url": f"{self.url}/c/pay/{ref}",
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": sum(amounts),
            "currency": form["line_items[0][price_data][currency]"],
            "client_reference_id": form["client_reference_id"],
            "metadata": {"order_id": form["metadata[order_id]"]},
            "payment_intent": None,
            "expires_at": expires,
            "livemode": self.livemode,
            "a_field_of_next_year": {"nested": [1]},
        }
        return Reply(200, dict(self.sessions[ref]))

    def _list_sessions(self, asked: Asked) -> Reply:
        wanted = asked.query["payment_intent"]
        found = [
            told for told in self.sessions.values() if (told["payment_intent"] or {}).get("id") == wanted
        ]
        return Reply(200, {"object": "list", "data": [{**told, "payment_intent": wanted} for told in found]})

    def _tell_session(self, asked: Asked, ref: str) -> Reply:
        session = self.sessions.get(ref)
        if session is None:
            return _error(404, "invalid_request_error", code="resource_missing")
        intent = session["payment_intent"]
        is_expanded = asked.query.get("expand[]") == "payment_intent.latest_charge"
        return Reply(
            200, session if is_expanded or not intent else {**session, "payment_intent": intent["id"]}
        )

    def _expire_session(self, asked: Asked, ref: str) -> Reply:
        session = self.sessions.get(ref)
        if session is None:
            return _error(404, "invalid_request_error", code="resource_missing")
        if session["status"] != "open":
            return _error(400, "invalid_request_error")
        session["status"] = "expired"
        return Reply(200, session)

    def _make_refund(self, asked: Asked) -> Reply:
        form = asked.form
        intent, amount = form["payment_intent"], int(form["amount"])
        charge = self._charge(intent)
        if charge["amount_refunded"] + amount > charge["amount"]:
            return _error(400, "invalid_request_error", code="charge_already_refunded")
        refund: Body = {
            "id": self._id("re"),
            "object": "refund",
            "amount": amount,
            "payment_intent": intent,
            "status": "pending",
            "metadata": {
                "order_id": form["metadata[order_id]"],
                "refund_key": form["metadata[refund_key]"],
            },
        }
        self.refunds[refund["id"]] = refund
        self._tell_charge(intent)
        return Reply(200, dict(refund))

    def _list_refunds(self, asked: Asked) -> Reply:
        wanted = asked.query["payment_intent"]
        found = [refund for refund in self.refunds.values() if refund["payment_intent"] == wanted]
        return Reply(200, {"object": "list", "data": found})

    def _tell_charge(self, intent: str) -> None:
        charge = self._charge(intent)
        every = [refund for refund in self.refunds.values() if refund["payment_intent"] == intent]
        total = sum(refund["amount"] for refund in every if refund["status"] not in {"failed", "canceled"})
        charge.update(amount_refunded=total, refunded=total == charge["amount"])

    def _charge(self, intent: str) -> Body:
        every = [session["payment_intent"] or {} for session in self.sessions.values()]
        charge: Body = next(told["latest_charge"] for told in every if told.get("id") == intent)
        return charge

    def _intent(self, session: Body, status: str) -> Body:
        ref = self._id("pi")
        charge = {
            "id": self._id("ch"),
            "object": "charge",
            "amount": session["amount_total"],
            "amount_refunded": 0,
            "refunded": False,
            "disputed": False,
            "created": 1_767_225_611,
            "payment_intent": ref,
            "payment_method_details": {"type": "card", "card": {"country": self.card_country}},
            "metadata": session["metadata"],
        }
        return {"id": ref, "object": "payment_intent", "status": status, "latest_charge": charge}

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):04}"


def _error(status: int, kind: str, **rest: str) -> Reply:
    return Reply(status, {"error": {"type": kind, "message": "No.", **rest}})
