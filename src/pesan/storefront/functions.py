"""Database functions that answer for rows which the asker may not see; replaced in place by `pesan migrate`."""

FUNCTIONS = (
    # Runs as the owner: anybody may know when a held place may come back, nobody whose it is.
    """
    CREATE OR REPLACE FUNCTION next_hold_ends_at(of_event uuid) RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
        SELECT min(hold_expires_at) FROM orders
        WHERE event_id = of_event AND state = 'HOLD' AND hold_expires_at > clock_timestamp()
    $$
    """,
)
