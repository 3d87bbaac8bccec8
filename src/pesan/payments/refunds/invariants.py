"""What must always hold of refunds: each is in the ledger, and whatever the ledger owes has a refund."""

from pesan.db import Invariant
from pesan.payments.refunds.models import IS_OWED

INVARIANTS = (
    Invariant(
        "refunds.cover_what_is_due",
        "Whatever the ledger owes to an order's buyer is on the list of refunds, and nothing else is.",
        "SELECT coalesce(d.order_id, r.order_id) AS order_id, d.amount AS due, r.amount AS listed"
        " FROM (SELECT order_id, -sum(amount) AS amount FROM ledger_entries WHERE account = 'refund_due'"
        " GROUP BY order_id HAVING sum(amount) <> 0) d"
        f" FULL JOIN (SELECT order_id, sum(amount) AS amount FROM refunds WHERE {IS_OWED} GROUP BY order_id) r"
        " ON r.order_id = d.order_id WHERE d.amount IS DISTINCT FROM r.amount",
    ),
    Invariant(
        "refunds.paid_once",
        "Each refund that was paid left the ledger once, in full, and nothing else did.",
        "SELECT coalesce(r.id, e.source_id) AS refund_id, r.amount, e.amount AS moved"
        " FROM (SELECT * FROM refunds WHERE state = 'paid') r"
        " FULL JOIN (SELECT * FROM ledger_entries WHERE reason = 'refund' AND account = 'refund_due') e"
        " ON e.source_id = r.id WHERE r.amount IS DISTINCT FROM e.amount",
    ),
    Invariant(
        "refunds.whole_orders_end",
        "An order whose money went back as a whole, or is about to, is refunded.",
        "SELECT r.id AS refund_id, o.id AS order_id, o.state FROM"
        f" (SELECT id, order_id FROM refunds WHERE payment_id IS NULL AND ({IS_OWED} OR state = 'paid')) r"
        " JOIN orders o ON o.id = r.order_id WHERE o.state <> 'REFUNDED'",
    ),
)
