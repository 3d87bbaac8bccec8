"""How Midtrans tells a transaction, in the house's words (protocols.md §1.4, §1.5, §1.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pesan.payments.gateways import rupiah
from pesan.payments.gateways.base import RefundOutcome, RemotePayment, RemoteRefund, RemoteState
from pesan.payments.gateways.wire import Json, objects, text, unavailable

NAME = "midtrans"
WIB = ZoneInfo("Asia/Jakarta")
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

STATES: Mapping[str, RemoteState] = {
    "authorize": RemoteState.PENDING,
    "cancel": RemoteState.CANCELLED,
    "capture": RemoteState.PAID,
    "chargeback": RemoteState.DISPUTED,
    "deny": RemoteState.FAILED,
    "expire": RemoteState.EXPIRED,
    "failure": RemoteState.FAILED,
    "partial_chargeback": RemoteState.DISPUTED,
    "partial_refund": RemoteState.PARTIALLY_REFUNDED,
    "pending": RemoteState.PENDING,
    "refund": RemoteState.REFUNDED,
    "settlement": RemoteState.PAID,
}
# What the fraud engine makes of money that arrived; some methods, such as Indomaret, never ask it.
_FRAUD: Mapping[str, RemoteState] = {
    "": RemoteState.PAID,
    "accept": RemoteState.PAID,
    "challenge": RemoteState.REVIEW,
    "deny": RemoteState.FAILED,
}
_UNPAID = frozenset(
    {
        RemoteState.PENDING,
        RemoteState.REVIEW,
        RemoteState.FAILED,
        RemoteState.CANCELLED,
        RemoteState.EXPIRED,
    }
)
# Virtual accounts and convenience stores take money and cannot give it back.
REFUNDABLE = frozenset({"akulaku", "credit_card", "dana", "gopay", "kredivo", "ovo", "qris", "shopeepay"})
REFUNDED_WHOLE = frozenset({"ovo", "shopeepay"})


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction as the status call tells it."""

    body: Json

    @property
    def status(self) -> str:
        """Midtrans' own word; a DANA sample shows it in upper case."""
        return (text(self.body, "transaction_status") or "").lower()

    @property
    def id(self) -> str | None:
        """The transaction's own id, which DANA's are asked by."""
        return text(self.body, "transaction_id")

    @property
    def state(self) -> RemoteState:
        """Raises GatewayUnavailable for a word that nobody has told us of."""
        state = STATES.get(self.status)
        if state is None:
            raise unavailable(NAME, "status")
        if state is not RemoteState.PAID:
            return state
        fraud = _FRAUD.get((text(self.body, "fraud_status") or "").lower(), RemoteState.REVIEW)
        is_sure = text(self.body, "status_code") == "200"
        return RemoteState.REVIEW if fraud is RemoteState.PAID and not is_sure else fraud

    def to_payment(self, provider_ref: str | None) -> RemotePayment:
        """The payment; raises GatewayUnavailable where an amount is no whole rupiah."""
        state = self.state
        try:
            amount = rupiah.from_decimal(self.body.get("gross_amount"))
            refunded = self._refunded_amount()
        except ValueError:
            raise unavailable(NAME, "amount") from None
        return RemotePayment(
            reference=text(self.body, "order_id") or "",
            provider_ref=provider_ref or self.id or "",
            state=state,
            amount=amount,
            currency=text(self.body, "currency") or "IDR",
            payment_key=None if state in _UNPAID else self.id,
            account=text(self.body, "merchant_id"),
            channel=text(self.body, "payment_type"),
            paid_at=None if state in _UNPAID else self._paid_at(),
            refunded_amount=refunded,
        )

    def find_refund(self, key: str) -> RemoteRefund | None:
        """The refund that was asked for under this key, if it was granted."""
        for refund in objects(self.body, "refunds"):
            if refund.get("refund_key") == key:
                return to_refund(key, refund)
        return None

    def _refunded_amount(self) -> int:
        refunds = objects(self.body, "refunds")
        if refunds:
            return sum(rupiah.from_decimal(refund.get("refund_amount")) for refund in refunds)
        return rupiah.from_decimal(self.body.get("refund_amount", 0))

    def _paid_at(self) -> datetime | None:
        """The moment of settlement, which Midtrans tells in WIB without saying so."""
        told = text(self.body, "settlement_time", "transaction_time") or ""
        try:
            return datetime.strptime(told, TIME_FORMAT).replace(tzinfo=WIB)
        except ValueError:
            return None


def to_refund(key: str, body: Json) -> RemoteRefund:
    """A refund that Midtrans granted; it lists and answers no other."""
    try:
        amount = rupiah.from_decimal(body.get("refund_amount"))
    except ValueError:
        raise unavailable(NAME, "amount") from None
    number = body.get("refund_chargeback_id")
    return RemoteRefund(
        key, RefundOutcome.SUCCEEDED, amount, provider_ref=None if number is None else str(number)
    )
