"""What must always hold of tickets."""

from pesan.db.invariants import Invariant

INVARIANTS = [
    Invariant(
        "tickets.only_of_paid_orders",
        "No ticket that could admit somebody belongs to an order that is not paid.",
        """
        SELECT t.id AS ticket_id, o.id AS order_id, o.state FROM tickets t JOIN orders o ON o.id = t.order_id
        WHERE t.state <> 'void' AND o.state NOT IN ('PAID', 'COMPLETED')
        """,
    ),
    Invariant(
        "tickets.one_per_unit",
        "A completed order has exactly one ticket for each unit that was ordered.",
        """
        SELECT o.id AS order_id, l.id AS order_line_id, l.quantity, count(t.id) AS tickets
        FROM orders o JOIN order_lines l ON l.order_id = o.id LEFT JOIN tickets t ON t.order_line_id = l.id
        WHERE o.state = 'COMPLETED' AND o.fulfilment = 'tickets'
        GROUP BY o.id, l.id, l.quantity HAVING count(t.id) <> l.quantity
        """,
    ),
    Invariant(
        "tickets.void_gave_their_place_back",
        "As many tickets of a completed order are void as it gave places back.",
        """
        SELECT o.id AS order_id, o.returned_quantity, count(t.id) AS void FROM orders o
        LEFT JOIN tickets t ON t.order_id = o.id AND t.state = 'void'
        WHERE o.state = 'COMPLETED' AND o.fulfilment = 'tickets'
        GROUP BY o.id HAVING count(t.id) <> o.returned_quantity
        """,
    ),
    Invariant(
        "tickets.match_their_order_line",
        "A ticket names the order and the event of its order line.",
        """
        SELECT t.id AS ticket_id FROM tickets t JOIN order_lines l ON l.id = t.order_line_id
        WHERE (t.order_id, t.event_id, t.merchant_id) <> (l.order_id, l.event_id, l.merchant_id)
        """,
    ),
    Invariant(
        "tickets.hold_their_seat",
        "A ticket that could admit somebody to a seat is the only one, and its order has the seat.",
        """
        SELECT t.id AS ticket_id, t.seat_id FROM tickets t JOIN seats s ON s.id = t.seat_id
        WHERE t.state <> 'void' AND (
            EXISTS (SELECT 1 FROM tickets o WHERE o.seat_id = t.seat_id AND o.state <> 'void' AND o.id <> t.id)
            OR NOT EXISTS (SELECT 1 FROM claims c
                           WHERE c.line_id = t.order_line_id AND c.pool_id = s.pool_id AND c.bucket = 'used'))
        """,
    ),
    Invariant(
        "tickets.are_signed",
        "A ticket that could admit somebody has its texts, or a job is about to sign them.",
        """
        SELECT t.id AS ticket_id, t.epoch FROM tickets t
        JOIN ticket_transfers f ON f.ticket_id = t.id AND f.epoch = t.epoch
        WHERE t.state = 'active' AND t.qr_text = '' AND NOT EXISTS (
              SELECT 1 FROM procrastinate_jobs j WHERE j.task_name = 'tickets.sign_transfer'
              AND j.args ->> 'transfer_id' = f.id::text AND j.status IN ('todo', 'doing', 'failed'))
        """,
    ),
    Invariant(
        "tickets.codes_are_not_used_again",
        "No ticket has a code that handing on made void.",
        "SELECT t.id AS ticket_id FROM tickets t JOIN ticket_transfers f ON f.code = t.code",
    ),
    Invariant(
        "tickets.buyers_are_told",
        "The buyer of a completed order who gave an e-mail address was told, or a job is about to, where mail is sent.",
        """
        SELECT o.id AS order_id FROM orders o
        WHERE o.state = 'COMPLETED' AND o.fulfilment = 'tickets' AND o.email IS NOT NULL
          AND o.state_changed_at < now() - interval '2 minutes'
          AND EXISTS (SELECT 1 FROM deliveries)
          AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.order_id = o.id AND n.kind = 'ticket_ready')
          AND NOT EXISTS (
              SELECT 1 FROM procrastinate_jobs j WHERE j.task_name = 'checkout.tell_buyer'
              AND j.args ->> 'order_id' = o.id::text AND j.status IN ('todo', 'doing', 'failed'))
        """,
    ),
]
