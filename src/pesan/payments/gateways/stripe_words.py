"""How Stripe tells sessions, refunds and events, in the house's words (protocols.md §3)."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from pesan.payments.gateways import rupiah
from pesan.payments.gateways.base import (
    Account,
    Notice,
    RefundOutcome,
    RemotePayment,
    RemoteRefund,
    RemoteState,
)
from pesan.payments.gateways.errors import NoticeUnreadable, SignatureInvalid
from pesan.payments.gateways.notices import is_same, notice_secret, read_object, require_account
from pesan.payments.gateways.wire import Json, nested, text, unavailable

NAME = "stripe"

# An unpaid session by its own status; a paid one is paid whatever that says.
SESSION_STATES: Mapping[str, RemoteState] = {
    "complete": RemoteState.PENDING,  # a delayed method, whose money is on its way
    "expired": RemoteState.EXPIRED,
    "open": RemoteState.PENDING,
}
REFUND_OUTCOMES: Mapping[str, RefundOutcome] = {
    "canceled": RefundOutcome.FAILED,
    "failed": RefundOutcome.FAILED,
    "pending": RefundOutcome.PENDING,
    "requires_action": RefundOutcome.PENDING,
    "succeeded": RefundOutcome.SUCCEEDED,
}
_PAID = frozenset({"no_payment_required", "paid"})
# Where an intent stands once a delayed method failed.
_FAILED_INTENT = frozenset({"canceled", "requires_payment_method"})
_TOLERANCE = 300
_LONGEST_TIME = 12
_LETTERS = 2


def to_payment(session: Json) -> RemotePayment:
    """A session whose intent and charge came with it."""
    intent = nested(session, "payment_intent")
    charge = nested(intent, "latest_charge")
    paid_by = nested(charge, "payment_method_details")
    state = _state(session, intent, charge)
    is_paid = text(session, "payment_status") in _PAID
    try:
        amount = rupiah.from_stripe(session.get("amount_total"))
        refunded = rupiah.from_stripe(charge.get("amount_refunded", 0))
    except ValueError:
        raise unavailable(NAME, "amount") from None
    return RemotePayment(
        reference=text(session, "client_reference_id") or "",
        provider_ref=text(session, "id") or "",
        state=state,
        amount=amount,
        currency=(text(session, "currency") or "").upper(),
        payment_key=(text(session, "payment_intent") or text(intent, "id")) if is_paid else None,
        channel=text(paid_by, "type"),
        paid_at=_moment(charge.get("created")) if is_paid else None,
        refunded_amount=refunded,
        issuer_country=_country(text(nested(paid_by, "card"), "country")),
    )


def to_refund(key: str, body: Json) -> RemoteRefund:
    """A refund as it stands."""
    outcome = REFUND_OUTCOMES.get(text(body, "status") or "")
    if outcome is None:
        raise unavailable(NAME, "status")
    try:
        amount = rupiah.from_stripe(body.get("amount"))
    except ValueError:
        raise unavailable(NAME, "amount") from None
    return RemoteRefund(key, outcome, amount, text(body, "id"), text(body, "failure_reason"))


def read_notice(account: Account, headers: Mapping[str, str], body: bytes, now: float) -> Notice:
    """An event; its signature covers all of it, and its time keeps a caught one from being sent again later."""
    _require_signature(
        notice_secret(account, "webhook_secret"), headers.get("stripe-signature", ""), body, now
    )
    told = read_object(body)
    if told.get("livemode", False) is not account.is_live:
        raise SignatureInvalid
    require_account(account, text(told, "account"))
    event, kind, thing = text(told, "id"), text(told, "type"), nested(nested(told, "data"), "object")
    if event is None or kind is None or not thing:
        raise NoticeUnreadable
    is_session = thing.get("object") == "checkout.session"
    metadata = nested(thing, "metadata")
    return Notice(
        event_key=event,
        kind=kind,
        reference=text(thing, "client_reference_id") or text(metadata, "order_id"),
        # Charges, refunds and disputes know nothing of the session; the intent leads to it.
        provider_ref=text(thing, "id" if is_session else "payment_intent"),
        refund_key=text(metadata, "refund_key") if thing.get("object") == "refund" else None,
    )


def _require_signature(secret: str, header: str, body: bytes, now: float) -> None:
    pairs = [(name.strip(), value) for name, _, value in (part.partition("=") for part in header.split(","))]
    time = next((value for name, value in pairs if name == "t"), "")
    if not (time.isascii() and time.isdigit() and len(time) <= _LONGEST_TIME):
        raise SignatureInvalid
    # One from the future is as wrong as an old one: it would stay fresh for as long as it likes.
    if abs(now - int(time)) > _TOLERANCE:
        raise SignatureInvalid
    expected = hmac.new(secret.encode(), time.encode() + b"." + body, sha256).hexdigest()
    # Two while the merchant changes the secret; other schemes, such as v0, prove nothing.
    if not any(is_same(value, expected) for name, value in pairs if name == "v1"):
        raise SignatureInvalid


def _state(session: Json, intent: Json, charge: Json) -> RemoteState:
    status, payment = text(session, "status") or "", text(session, "payment_status")
    if payment in _PAID:
        return _paid_state(charge)
    if payment != "unpaid" or status not in SESSION_STATES:
        raise unavailable(NAME, "status")
    if status == "complete" and text(intent, "status") in _FAILED_INTENT:
        return RemoteState.FAILED
    return SESSION_STATES[status]


def _paid_state(charge: Json) -> RemoteState:
    if charge.get("disputed") is True:
        return RemoteState.DISPUTED
    if charge.get("refunded") is True:
        return RemoteState.REFUNDED
    return RemoteState.PARTIALLY_REFUNDED if charge.get("amount_refunded") else RemoteState.PAID


def _country(told: str | None) -> str | None:
    """Two capital letters, or nothing."""
    is_code = told is not None and len(told) == _LETTERS and told.isascii() and told.isalpha()
    return told.upper() if told and is_code else None


def _moment(told: object) -> datetime | None:
    return datetime.fromtimestamp(told, UTC) if isinstance(told, int) and 0 <= told < 10**11 else None
