"""What must always hold at the booth desk."""

from pesan.booths.states import FULFILMENT, LIVE, SessionState
from pesan.db.invariants import Invariant
from pesan.privacy.states import ERASED

_LIVE = ", ".join(f"'{state.value}'" for state in SessionState if state in LIVE)

INVARIANTS = [
    Invariant(
        "booths.one_customer_at_a_time",
        "No two sessions that are to come or go on overlap at one booth.",
        f"""
        SELECT a.id AS session_id, b.id AS other_id, a.resource FROM booth_sessions a
        JOIN booth_sessions b ON b.resource = a.resource AND a.id < b.id
          AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)
        WHERE a.state IN ({_LIVE}) AND b.state IN ({_LIVE})
        """,
    ),
    Invariant(
        "booths.one_running_session",
        "At each booth one session goes on at most.",
        "SELECT booth_id, count(*) FROM booth_sessions WHERE state = 'ONGOING' GROUP BY booth_id HAVING count(*) > 1",
    ),
    Invariant(
        "booths.completed_orders_have_a_session",
        "An outlet's order has a session exactly if it was completed.",
        f"""
        SELECT o.id AS order_id, o.state, s.id AS session_id FROM orders o
        LEFT JOIN booth_sessions s ON s.id = o.id
        WHERE (o.fulfilment = '{FULFILMENT}' AND o.state = 'COMPLETED' AND s.id IS NULL)
           OR (s.id IS NOT NULL AND (o.fulfilment <> '{FULFILMENT}' OR o.state NOT IN ('COMPLETED', 'REFUNDED')))
        """,
    ),
    Invariant(
        "booths.sessions_are_where_their_order_is",
        "A session is at the booth and the time that its order has.",
        """
        SELECT s.id AS session_id, s.resource, s.starts_at, c.resource AS claimed, c.period FROM booth_sessions s
        JOIN orders o ON o.id = s.id AND o.state = 'COMPLETED'
        LEFT JOIN claims c ON c.order_id = s.id AND c.resource IS NOT NULL AND c.bucket <> 'released'
        WHERE c.id IS NULL OR c.resource <> s.resource OR c.period <> tstzrange(s.starts_at, s.ends_at)
        """,
    ),
    Invariant(
        "booths.nothing_is_overdue",
        "No session is an hour over what the clock should have ended: the sweeps run.",
        """
        SELECT id AS session_id, state, arrive_until, due_at FROM booth_sessions
        WHERE (state = 'AWAITING_CUSTOMER' AND arrive_until < clock_timestamp() - interval '1 hour')
           OR (state = 'ARRIVED' AND greatest(ends_at, arrived_at) < clock_timestamp() - interval '2 hours')
           OR (state = 'ONGOING' AND due_at < clock_timestamp() - interval '1 hour')
        """,
    ),
    Invariant(
        "booths.refunded_are_not_waited_for",
        "Nobody is waited for whose money went back.",
        """
        SELECT s.id AS session_id, s.state FROM booth_sessions s JOIN orders o ON o.id = s.id
        WHERE o.state = 'REFUNDED' AND s.state IN ('AWAITING_CUSTOMER', 'ARRIVED')
          AND o.state_changed_at < clock_timestamp() - interval '10 minutes'
        """,
    ),
    Invariant(
        "booths.paid_times_are_free",
        "No session keeps a time that another order paid for ten minutes ago.",
        f"""
        SELECT o.id AS order_id, s.id AS session_id FROM orders o
        JOIN claims c ON c.order_id = o.id AND c.resource IS NOT NULL AND c.bucket <> 'released'
        JOIN booth_sessions s ON s.resource = c.resource AND s.id <> o.id
          AND tstzrange(s.starts_at, s.ends_at) && c.period
        WHERE o.state = 'PAID' AND s.state IN ({_LIVE})
          AND o.state_changed_at < clock_timestamp() - interval '10 minutes'
        """,
    ),
    Invariant(
        "booths.clocks_are_one",
        "What an outlet sells as goes by the outlet's clocks, so that every letter and page says one time.",
        """
        SELECT o.event_id, o.zone, e.zone AS sold_by FROM outlets o JOIN events e ON e.id = o.event_id
        WHERE e.zone IS DISTINCT FROM o.zone
        """,
    ),
    Invariant(
        "booths.erased_sessions_say_nothing",
        "No session says in words what was done for a buyer who was erased.",
        f"""
        SELECT s.id AS session_id FROM booth_sessions s JOIN orders o ON o.id = s.id
        WHERE o.erased_at IS NOT NULL
          AND (s.override_reason <> '{ERASED}' OR s.replaced ->> 'override_reason' <> '{ERASED}')
        """,
    ),
]
