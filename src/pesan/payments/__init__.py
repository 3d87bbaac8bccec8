"""Payments: methods, the amount that names an order, QRIS, proofs, and the ledger of every rupiah."""

from pesan.payments.companions import (
    CaptureCompanion,
    CashCompanion,
    FulfilCompanion,
    ProofCompanion,
    RefundDueCompanion,
)
from pesan.payments.refunds.companions import RefundCompanion, TicketRefundCompanion
from pesan.payments.refunds.states import RefundCause

__all__ = [
    "CaptureCompanion",
    "CashCompanion",
    "FulfilCompanion",
    "ProofCompanion",
    "RefundCause",
    "RefundCompanion",
    "RefundDueCompanion",
    "TicketRefundCompanion",
]
