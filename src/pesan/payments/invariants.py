"""What must always hold of money, and of the proofs that it came."""

from pesan.db import Invariant
from pesan.payments.refunds.invariants import INVARIANTS as REFUNDS
from pesan.payments.statements.invariants import INVARIANTS as STATEMENTS
from pesan.payments.statements.queries import NEAR_AMOUNT

INVARIANTS = (
    Invariant(
        "ledger.sums_to_zero",
        "Every movement of money sums to zero.",
        "SELECT transaction_id, currency, sum(amount) AS difference FROM ledger_entries"
        " GROUP BY transaction_id, currency HAVING sum(amount) <> 0",
    ),
    Invariant(
        "ledger.ended_orders_hold_nothing",
        "Money of an order that ended is fulfilled, refunded or due back; none is left with the customer.",
        "SELECT o.id AS order_id, o.state, -sum(e.amount) AS amount FROM ledger_entries e"
        " JOIN orders o ON o.id = e.order_id WHERE e.account = 'customer' AND o.ended_at IS NOT NULL"
        " GROUP BY o.id HAVING sum(e.amount) <> 0",
    ),
    Invariant(
        "ledger.accounts_keep_their_side",
        "No account gives out more of an order's money than it got.",
        "SELECT order_id, account, sum(amount) AS amount FROM ledger_entries GROUP BY order_id, account"
        " HAVING CASE account WHEN 'received' THEN sum(amount) < 0 ELSE sum(amount) > 0 END",
    ),
    Invariant(
        "payments.settled_are_captured",
        "Each settled payment is captured once, in full, and nothing else is.",
        "SELECT coalesce(p.id, e.source_id) AS payment_id, p.amount, e.amount AS captured"
        " FROM (SELECT * FROM payments WHERE state = 'paid') p"
        " FULL JOIN (SELECT * FROM ledger_entries WHERE reason = 'capture' AND account = 'received') e"
        " ON e.source_id = p.id WHERE p.amount IS DISTINCT FROM e.amount",
    ),
    Invariant(
        "payments.captures_are_settled",
        "Money that a provider took is in the ledger within a quarter of an hour, or flagged for a person.",
        "SELECT id AS payment_id, order_id, payment_key FROM payments WHERE payment_key IS NOT NULL"
        " AND state <> 'paid' AND flag IS NULL AND checked_at < clock_timestamp() - interval '15 minutes'",
    ),
    Invariant(
        "payments.webhooks_are_handled",
        "What a provider told is handled within three hours, however long it could not be asked.",
        "SELECT id AS event_id, account_id, kind, received_at FROM webhook_events WHERE handled_at IS NULL"
        " AND received_at < clock_timestamp() - interval '3 hours'",
    ),
    Invariant(
        "payments.flagged_are_looked_at",
        "Money at a provider that settles nothing is looked at by somebody within three days.",
        "SELECT id AS payment_id, order_id, flag, flagged_for, flagged_at FROM payments WHERE flag IS NOT NULL"
        " AND flag <> 'handled' AND flagged_at < clock_timestamp() - interval '3 days'",
    ),
    Invariant(
        "payments.other_amounts_are_due",
        "Money of another amount than was asked for is in the ledger, on its way back or returned.",
        "SELECT p.id AS payment_id, p.order_id FROM payments p WHERE p.flag = 'amount' AND p.payment_key IS NULL"
        " AND p.checked_at < clock_timestamp() - interval '15 minutes' AND NOT EXISTS (SELECT 1 FROM refunds r"
        " JOIN payments q ON q.id = r.payment_id WHERE r.cause = 'other_amount' AND r.order_id = p.order_id"
        " AND q.reference = p.reference AND q.state = 'paid')",
    ),
    Invariant(
        "payments.paid_orders_have_money",
        "The money of an order that is paid is what it costs but for a balance that is due, and for what a person may"
        " overlook in a bank's line.",
        # Tickets that were given back were paid for first, so that their money counts as the order's here.
        "SELECT o.id AS order_id, o.state, o.total_amount, coalesce(-sum(e.amount), 0) AS amount FROM orders o"
        " LEFT JOIN ledger_entries e ON e.order_id = o.id AND e.account IN ('customer', 'fulfilled')"
        " AND e.reason <> 'revocation' WHERE o.state IN ('PAID', 'COMPLETED') AND o.total_amount > 0"
        " GROUP BY o.id HAVING coalesce(-sum(e.amount), 0) <"
        f" o.total_amount - o.balance_due_amount - {NEAR_AMOUNT}",
    ),
    Invariant(
        "payments.orders_keep_what_they_cost",
        "An order keeps what it costs and its kode unik, and what a person may overlook in a bank's line; the rest of"
        " what was paid is due back.",
        "SELECT o.id AS order_id, o.state, o.total_amount, -sum(e.amount) AS amount FROM orders o"
        " JOIN ledger_entries e ON e.order_id = o.id AND e.account IN ('customer', 'fulfilled')"
        " WHERE o.state IN ('PAID', 'COMPLETED') GROUP BY o.id HAVING -sum(e.amount) >"
        # Of a deposit and of a balance, each by a line of its own.
        f" o.total_amount - o.balance_due_amount + {2 * NEAR_AMOUNT}"
        " + (SELECT coalesce(sum(p.unique_code), 0) FROM payments p WHERE p.order_id = o.id)",
    ),
    Invariant(
        "payments.fulfilled_orders_are_complete",
        "What is fulfilled belongs to an order that got it.",
        "SELECT o.id AS order_id, o.state, -sum(e.amount) AS amount FROM ledger_entries e"
        " JOIN orders o ON o.id = e.order_id WHERE e.account = 'fulfilled' AND o.state <> 'COMPLETED'"
        " GROUP BY o.id HAVING sum(e.amount) <> 0",
    ),
    Invariant(
        "payments.amounts_name_one_order",
        "The exact amount of each open payment is reserved on its account for its own order.",
        "SELECT p.id AS payment_id, p.amount, m.account_key FROM payments p"
        " JOIN payment_methods m ON m.id = p.method_id"
        " LEFT JOIN amount_reservations r ON r.account_key = m.account_key AND r.amount = p.amount"
        " AND r.order_id = p.order_id"
        " JOIN orders o ON o.id = p.order_id"
        " WHERE p.state = 'open' AND p.unique_code IS NOT NULL AND o.ended_at IS NULL AND r.order_id IS NULL",
    ),
    Invariant(
        "payments.proofs_have_their_object",
        "Every proof that is listed can be opened: its object is in the store.",
        "SELECT id AS proof_id, order_id, missing_since FROM payment_proofs WHERE missing_since IS NOT NULL",
    ),
    *REFUNDS,
    *STATEMENTS,
)
