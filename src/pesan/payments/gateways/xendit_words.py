"""How Xendit tells sessions, payments, invoices and refunds, in the house's words (protocols.md §2)."""

from collections.abc import Mapping
from datetime import datetime

from pesan.payments.gateways import rupiah
from pesan.payments.gateways.base import (
    Account,
    Notice,
    RefundOutcome,
    RemotePayment,
    RemoteRefund,
    RemoteState,
)
from pesan.payments.gateways.errors import NoticeUnreadable
from pesan.payments.gateways.notices import (
    event_key,
    notice_secret,
    read_object,
    require_account,
    require_same,
)
from pesan.payments.gateways.wire import Json, nested, objects, text, unavailable

NAME = "xendit"

# A completed session says nothing by itself: with manual capture its payment may be authorized only.
SESSION_STATES: Mapping[str, RemoteState | None] = {
    "ACTIVE": RemoteState.PENDING,
    "CANCELED": RemoteState.CANCELLED,
    "CANCELLED": RemoteState.CANCELLED,
    "COMPLETED": None,
    "EXPIRED": RemoteState.EXPIRED,
}
PAYMENT_STATES: Mapping[str, RemoteState] = {
    "ACCEPTING_PAYMENTS": RemoteState.PENDING,
    "AUTHORIZED": RemoteState.PENDING,
    "CANCELED": RemoteState.CANCELLED,
    "CANCELLED": RemoteState.CANCELLED,
    "EXPIRED": RemoteState.EXPIRED,
    "FAILED": RemoteState.FAILED,
    "PENDING": RemoteState.PENDING,
    "REQUIRES_ACTION": RemoteState.PENDING,
    "SUCCEEDED": RemoteState.PAID,
}
INVOICE_STATES: Mapping[str, RemoteState] = {
    "EXPIRED": RemoteState.EXPIRED,
    "PAID": RemoteState.PAID,
    "PENDING": RemoteState.PENDING,
    "SETTLED": RemoteState.PAID,
}
REFUND_OUTCOMES: Mapping[str, RefundOutcome] = {
    "CANCELED": RefundOutcome.FAILED,
    "CANCELLED": RefundOutcome.FAILED,
    "FAILED": RefundOutcome.FAILED,
    "PENDING": RefundOutcome.PENDING,
    "SUCCEEDED": RefundOutcome.SUCCEEDED,
}
_MANUAL = frozenset({"ALFAMART", "BANK_TRANSFER", "INDOMARET", "RETAIL_OUTLET"})
_MANUAL_ENDING = "_VIRTUAL_ACCOUNT"
_REFUND_EVENT = "refund."


def is_refundable(channel: str | None) -> bool:
    """Whether money can go back the way it came; virtual accounts and shops only take it."""
    return channel is None or not (channel in _MANUAL or channel.endswith(_MANUAL_ENDING))


def session_payment(session: Json, payment: Json) -> RemotePayment:
    """A session and its payment, an empty one where there is none yet, as one thing."""
    state = _session_state(session, payment)
    captures = objects(payment, "captures")
    is_paid = state is RemoteState.PAID
    try:
        amount = rupiah.from_decimal(session.get("amount"))
        if is_paid:
            amount = _captured(captures, payment)
    except ValueError:
        raise unavailable(NAME, "amount") from None
    return RemotePayment(
        reference=text(session, "reference_id") or "",
        provider_ref=text(session, "payment_session_id") or "",
        state=state,
        amount=amount,
        currency=text(payment, "currency") or text(session, "currency") or "",
        payment_key=text(payment, "payment_id") if is_paid else None,
        account=text(payment, "business_id") or text(session, "business_id"),
        channel=text(payment, "channel_code"),
        paid_at=_moment(text(captures[0], "capture_timestamp")) if is_paid and captures else None,
    )


def invoice_payment(invoice: Json) -> RemotePayment:
    """An invoice. Its id names the money too: it can be paid once, and `SETTLED` follows `PAID`."""
    state = INVOICE_STATES.get(text(invoice, "status") or "")
    if state is None:
        raise unavailable(NAME, "status")
    is_paid = state is RemoteState.PAID
    told = invoice.get("paid_amount") if is_paid else None
    try:
        amount = rupiah.from_decimal(invoice.get("amount") if told is None else told)
    except ValueError:
        raise unavailable(NAME, "amount") from None
    return RemotePayment(
        reference=text(invoice, "external_id") or "",
        provider_ref=text(invoice, "id") or "",
        state=state,
        amount=amount,
        currency=text(invoice, "currency") or "",
        payment_key=text(invoice, "id") if is_paid else None,
        account=text(invoice, "user_id"),
        channel=text(invoice, "payment_method"),
        paid_at=_moment(text(invoice, "paid_at")),
    )


def to_refund(key: str, body: Json) -> RemoteRefund:
    """A refund as it stands."""
    outcome = REFUND_OUTCOMES.get(text(body, "status") or "")
    if outcome is None:
        raise unavailable(NAME, "status")
    try:
        amount = rupiah.from_decimal(body.get("amount"))
    except ValueError:
        raise unavailable(NAME, "amount") from None
    return RemoteRefund(key, outcome, amount, text(body, "id"), text(body, "failure_code"))


def read_notice(account: Account, headers: Mapping[str, str], body: bytes) -> Notice:
    """A callback: its token is a shared secret and signs nothing, so whatever it says must be asked for."""
    require_same(headers.get("x-callback-token"), notice_secret(account, "callback_token"))
    told = read_object(body)
    event = text(told, "event")
    notice, owner = _read_event(event, told) if event else _read_invoice(told)
    require_account(account, owner)
    delivery = headers.get("webhook-id")
    if not delivery:
        return notice
    return Notice(
        event_key=event_key("webhook", delivery),
        kind=notice.kind,
        reference=notice.reference,
        provider_ref=notice.provider_ref,
        refund_key=notice.refund_key,
    )


def _read_event(event: str, told: Json) -> tuple[Notice, str | None]:
    data = nested(told, "data")
    # One example of theirs has the object one level deeper.
    data = nested(data, "data") or data
    named = text(data, "id", "payment_session_id", "payment_id", "payment_request_id")
    if named is None:
        raise NoticeUnreadable
    ours = text(data, "reference_id")
    is_refund = event.startswith(_REFUND_EVENT)
    notice = Notice(
        event_key=event_key(event, named, text(data, "status")),
        kind=event,
        reference=None if is_refund else ours,
        provider_ref=text(data, "payment_session_id"),
        refund_key=ours if is_refund else None,
    )
    return notice, text(told, "business_id")


def _read_invoice(told: Json) -> tuple[Notice, str | None]:
    named, status = text(told, "id"), text(told, "status")
    if named is None or status is None:
        raise NoticeUnreadable
    kind = f"invoice.{status.lower()}"
    notice = Notice(event_key(kind, named, status), kind, text(told, "external_id"), named)
    return notice, text(told, "user_id")


def _session_state(session: Json, payment: Json) -> RemoteState:
    status = text(session, "status") or ""
    of_payment = PAYMENT_STATES.get(text(payment, "status") or "") if payment else None
    if status not in SESSION_STATES or (payment and of_payment is None):
        raise unavailable(NAME, "status")
    # Money, or a virtual account that still takes it, counts more than the page it came from.
    if of_payment in {RemoteState.PAID, RemoteState.PENDING}:
        return of_payment
    state = SESSION_STATES[status] or of_payment
    if state is None:
        raise unavailable(NAME, "payment")
    return state


def _captured(captures: list[Json], payment: Json) -> int:
    if captures:
        return sum(rupiah.from_decimal(capture.get("capture_amount")) for capture in captures)
    return rupiah.from_decimal(payment.get("request_amount"))


def _moment(told: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(told) if told else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
