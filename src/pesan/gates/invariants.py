"""What must always hold at gates."""

from pesan.db.invariants import Invariant

_COUNTING = "s.result = 'ok' AND s.direction = 'entry' AND s.undone_at IS NULL"

INVARIANTS = [
    Invariant(
        "gates.one_entry_per_cycle",
        "No ticket came in twice in one cycle.",
        f"""
        SELECT s.ticket_id, s.cycle, count(*) AS entries FROM scans s
        WHERE s.ticket_id IS NOT NULL AND {_COUNTING}
        GROUP BY s.ticket_id, s.cycle HAVING count(*) > 1
        """,
    ),
    Invariant(
        "gates.standing_is_what_scans_say",
        "A ticket stands in the cycle of its last entry that counts, by which it came in.",
        f"""
        SELECT t.ticket_id, t.cycle, e.cycle AS entries FROM ticket_standings t
        LEFT JOIN LATERAL (SELECT s.id, s.cycle FROM scans s WHERE s.ticket_id = t.ticket_id AND {_COUNTING}
                           ORDER BY s.cycle DESC LIMIT 1) e ON true
        WHERE t.cycle <> coalesce(e.cycle, 0) OR t.entered_by IS DISTINCT FROM e.id
        """,
    ),
    Invariant(
        "gates.used_tickets_came_in",
        "A ticket that is used stands at its event as one that came in.",
        """
        SELECT t.id AS ticket_id FROM tickets t LEFT JOIN ticket_standings g ON g.ticket_id = t.id
        WHERE t.state = 'used' AND coalesce(g.cycle, 0) = 0
        """,
    ),
    Invariant(
        "gates.every_admission_counts_or_is_looked_at",
        "Whoever a screen let in is the entry that counts, or a conflict that a person sees.",
        """
        SELECT s.id AS scan_id, s.ticket_id FROM scans s
        WHERE s.shown = 'ok' AND s.direction = 'entry' AND s.undone_at IS NULL AND s.result <> 'ok'
          AND NOT EXISTS (SELECT 1 FROM scan_conflicts c WHERE c.subject_id = coalesce(s.ticket_id, s.id))
        """,
    ),
    Invariant(
        "gates.feed_is_ahead",
        "No change at an event's gates has a number that its feed has not given out.",
        """
        SELECT t.event_id, max(t.seq) AS seq, max(f.seq) AS feed FROM ticket_standings t
        LEFT JOIN gate_feeds f ON f.event_id = t.event_id
        GROUP BY t.event_id HAVING max(t.seq) > coalesce(max(f.seq), 0)
        """,
    ),
]
