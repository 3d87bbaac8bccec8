"""What must always hold of refunds: each is in the ledger, and whatever the ledger owes has a refund."""

from pesan.db import Invariant
from pesan.payments.refunds.models import IS_OWED, IS_WHOLE

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
        "Each refund that was paid left the ledger once, in full, and nothing else did without coming back.",
        "SELECT coalesce(r.id, e.source_id) AS refund_id, r.amount, e.amount AS moved"
        " FROM (SELECT * FROM refunds WHERE state = 'paid') r"
        " FULL JOIN (SELECT source_id, sum(amount) AS amount FROM ledger_entries"
        " WHERE reason IN ('refund', 'returned') AND account = 'refund_due'"
        " GROUP BY source_id HAVING sum(amount) <> 0) e"
        " ON e.source_id = coalesce(r.sending_id, r.id) WHERE r.amount IS DISTINCT FROM e.amount",
    ),
    Invariant(
        "refunds.whole_orders_end",
        "An order whose money went back as a whole, or is about to, is refunded.",
        "SELECT r.id AS refund_id, o.id AS order_id, o.state FROM"
        f" (SELECT id, order_id FROM refunds WHERE {IS_WHOLE} AND ({IS_OWED} OR state = 'paid')) r"
        " JOIN orders o ON o.id = r.order_id WHERE o.state <> 'REFUNDED'",
    ),
    Invariant(
        "refunds.never_above_captured",
        "No order gives back, or owes, more than came in for it.",
        "SELECT order_id, captured, -(due + refunded) AS returned FROM (SELECT order_id,"
        " coalesce(sum(amount) FILTER (WHERE account = 'received'), 0) AS captured,"
        " least(coalesce(sum(amount) FILTER (WHERE account = 'refund_due'), 0), 0) AS due,"
        " coalesce(sum(amount) FILTER (WHERE account = 'refunded'), 0) AS refunded"
        " FROM ledger_entries GROUP BY order_id) b WHERE captured + due + refunded < 0",
    ),
    Invariant(
        "refunds.tickets_are_void",
        "Each ticket whose money goes back is void, and goes back once.",
        "SELECT t.id AS ticket_id, count(*) AS refunds FROM refunds r JOIN tickets t ON t.id = ANY (r.ticket_ids)"
        " WHERE r.state IN ('approved', 'paid', 'failed') GROUP BY t.id HAVING count(*) > 1 OR t.state <> 'void'",
    ),
)
