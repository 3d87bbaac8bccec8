"""What must always hold of trips and of what is shopped for."""

from pesan.db import Invariant

INVARIANTS = (
    Invariant(
        "jastip.accepted_prices_count",
        "What an order's buyer agreed to last for a product is what it costs in that order.",
        "SELECT p.order_id, p.product_id, p.new_amount, l.unit_amount FROM (SELECT DISTINCT ON (order_id, product_id)"
        " order_id, product_id, new_amount FROM price_proposals WHERE state = 'accepted'"
        " ORDER BY order_id, product_id, answered_at DESC, id DESC) p JOIN order_lines l"
        " ON l.order_id = p.order_id AND l.ticket_type_id = p.product_id WHERE l.unit_amount <> p.new_amount",
    ),
    Invariant(
        "jastip.prices_change_by_consent",
        "An order costs something else than it did only where its buyer agreed.",
        "SELECT e.subject_id AS order_id, e.data->>'proposal_id' AS proposal_id FROM audit_entries e"
        " LEFT JOIN price_proposals p ON p.id = (e.data->>'proposal_id')::uuid AND p.order_id = e.subject_id"
        " WHERE e.subject_kind = 'order' AND e.action = 'order:price:changed'"
        " AND e.data ? 'proposal_id' AND p.state IS DISTINCT FROM 'accepted'",
    ),
)
