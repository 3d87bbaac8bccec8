"""Kinds of methods, states of payments, and the accounts of the ledger with every way money moves between them."""

from collections.abc import Mapping
from enum import StrEnum


class MethodKind(StrEnum):
    """How money reaches the merchant."""

    BANK = "bank"
    QRIS = "qris"
    GATEWAY = "gateway"


class PaymentState(StrEnum):
    """Where one attempt to pay stands."""

    OPEN = "open"
    PAID = "paid"
    SUPERSEDED = "superseded"
    FAILED = "failed"


class Account(StrEnum):
    """Where money is. RECEIVED counts up from zero; the others count down, so that all of them sum to zero."""

    RECEIVED = "received"
    CUSTOMER = "customer"
    FULFILLED = "fulfilled"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"


class Reason(StrEnum):
    """Why money moved."""

    CAPTURE = "capture"
    FULFILMENT = "fulfilment"
    REFUND_DUE = "refund_due"
    REVOCATION = "revocation"
    REFUND = "refund"
    RETURNED = "returned"


ROUTES: Mapping[Reason, tuple[Account, Account]] = {
    Reason.CAPTURE: (Account.RECEIVED, Account.CUSTOMER),
    Reason.FULFILMENT: (Account.CUSTOMER, Account.FULFILLED),
    Reason.REFUND_DUE: (Account.CUSTOMER, Account.REFUND_DUE),
    # What was fulfilled is taken back: a cancelled event, a complaint that was right.
    Reason.REVOCATION: (Account.FULFILLED, Account.REFUND_DUE),
    Reason.REFUND: (Account.REFUND_DUE, Account.REFUNDED),
    # What was sent came back, from an account that is closed or a card that is lost: it is due as before.
    Reason.RETURNED: (Account.REFUNDED, Account.REFUND_DUE),
}
"""From which account to which; there is no other way for money to move."""
