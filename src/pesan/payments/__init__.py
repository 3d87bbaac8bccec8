"""Payments: methods, the amount that names an order, QRIS, proofs, and the ledger of every rupiah."""

from pesan.payments.companions import (
    CaptureCompanion,
    CashCompanion,
    FulfilCompanion,
    ProofCompanion,
    RefundDueCompanion,
)

__all__ = ["CaptureCompanion", "CashCompanion", "FulfilCompanion", "ProofCompanion", "RefundDueCompanion"]
