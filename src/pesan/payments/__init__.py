"""Payments: methods, the amount that names an order, QRIS, proofs, and the ledger of every rupiah."""
