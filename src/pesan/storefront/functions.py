"""Database functions that answer for rows which the asker may not see; replaced in place by `pesan migrate`."""

from pesan.db.access import REQUEST, SYSTEM, Access

FUNCTIONS = (
    # Runs as the owner: anybody may know when a held place may come back, nobody whose it is.
    """
    CREATE OR REPLACE FUNCTION next_hold_ends_at(of_event uuid) RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT min(hold_expires_at) FROM orders
        WHERE event_id = of_event AND state = 'HOLD' AND hold_expires_at > clock_timestamp()
    $$
    """,
)

ACCESS = [
    Access("FUNCTION next_hold_ends_at(uuid)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}),
]
