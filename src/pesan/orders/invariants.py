"""What must always hold of orders."""

from pesan.db import Invariant
from pesan.orders.states import BUCKETS, SLOTTED

_EXPECTED = (
    "CASE o.state " + " ".join(f"WHEN '{s.value}' THEN '{b.value}'" for s, b in BUCKETS.items()) + " END"
)

_SELLS_PLACES = f"o.fulfilment NOT IN ({', '.join(repr(kind) for kind in sorted(SLOTTED))})"

INVARIANTS = (
    Invariant(
        "orders.claims_in_bucket_of_state",
        "Each order's claims lie in the bucket of its state, or were given back.",
        "SELECT o.id AS order_id, o.state, c.id AS claim_id, c.bucket FROM orders o JOIN claims c ON c.order_id = o.id"
        f" WHERE c.bucket <> {_EXPECTED}"
        " AND NOT (c.bucket = 'released' AND (o.returned_quantity > 0 OR c.resource IS NOT NULL))",
    ),
    Invariant(
        "orders.returned_places_are_free",
        "An order that gave places back has claims for the others, and for no more.",
        "SELECT o.id AS order_id, o.quantity, o.returned_quantity, sum(c.quantity) AS claimed FROM orders o"
        " JOIN events e ON e.id = o.event_id JOIN claims c ON c.order_id = o.id AND c.pool_id = e.pool_id"
        " WHERE o.returned_quantity > 0 AND o.state = 'COMPLETED' AND c.bucket <> 'released'"
        " GROUP BY o.id HAVING sum(c.quantity) <> o.quantity - o.returned_quantity",
    ),
    Invariant(
        "orders.claims_cover_places",
        "Each order has a claim for every place that it sells.",
        "SELECT o.id AS order_id, o.quantity, coalesce(sum(c.quantity), 0) AS claimed FROM orders o"
        " JOIN events e ON e.id = o.event_id LEFT JOIN claims c ON c.order_id = o.id AND c.pool_id = e.pool_id"
        f" WHERE {_SELLS_PLACES} GROUP BY o.id HAVING coalesce(sum(c.quantity), 0) <> o.quantity",
    ),
    Invariant(
        "orders.cost_what_their_lines_do",
        "What an order costs before discounts, fees and tax is what its lines cost.",
        "SELECT o.id AS order_id, o.subtotal_amount, l.amount FROM orders o JOIN (SELECT order_id,"
        " sum(quantity * unit_amount) AS amount FROM order_lines GROUP BY order_id) l ON l.order_id = o.id"
        " WHERE o.subtotal_amount <> l.amount",
    ),
    Invariant(
        "orders.have_one_time",
        "Each live order of a booth has one time, and one that ended has none.",
        "SELECT o.id AS order_id, o.state, count(c.id) AS times FROM orders o"
        " LEFT JOIN claims c ON c.order_id = o.id AND c.resource IS NOT NULL AND c.bucket <> 'released'"
        f" WHERE NOT {_SELLS_PLACES} GROUP BY o.id HAVING count(c.id) <> CASE WHEN {_EXPECTED} = 'released' THEN 0"
        " ELSE 1 END",
    ),
    Invariant(
        "orders.no_forgotten_hold",
        "No hold is an hour over its time: the sweeper runs.",
        "SELECT id AS order_id, hold_expires_at FROM orders WHERE state = 'HOLD'"
        " AND greatest(hold_expires_at, payment_open_until) < clock_timestamp() - interval '1 hour'",
    ),
    Invariant(
        "orders.ended_have_a_time",
        "An order that ended says when, and no other does.",
        "SELECT id AS order_id, state, ended_at FROM orders WHERE (ended_at IS NOT NULL) <>"
        " (state IN ('COMPLETED', 'EXPIRED', 'REJECTED', 'CANCELLED', 'REFUNDED'))",
    ),
)
