"""What must always hold of bank statements."""

from pesan.db import Invariant

INVARIANTS = (
    Invariant(
        "statements.matched_lines_have_one_order",
        "A line of a bank statement is matched exactly when it has its order.",
        "SELECT l.id AS line_id, l.state FROM bank_lines l LEFT JOIN bank_matches m ON m.line_id = l.id"
        " WHERE (l.state = 'matched') <> (m.line_id IS NOT NULL)",
    ),
    Invariant(
        "statements.settled_orders_have_the_money",
        "What a line settled is in the ledger with the line's own amount.",
        "SELECT m.line_id, m.order_id, l.amount FROM bank_matches m JOIN bank_lines l ON l.id = m.line_id"
        " WHERE m.kind IN ('exact', 'accepted') AND NOT EXISTS (SELECT 1 FROM ledger_entries e"
        " WHERE e.order_id = m.order_id AND e.reason = 'capture' AND e.account = 'received' AND e.amount = l.amount)",
    ),
)
