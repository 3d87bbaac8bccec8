"""Database functions that answer for rows which the asker may not see; replaced in place by `pesan migrate`."""

from pesan.db.access import REQUEST, SYSTEM, Access

FUNCTIONS = (
    # Runs as the owner: anybody may know whether a key is still of use, nobody for whose tickets.
    """
    CREATE OR REPLACE FUNCTION key_has_tickets(of_merchant uuid, of_kid text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT EXISTS (
            SELECT 1 FROM tickets
            WHERE merchant_id = of_merchant AND kid = of_kid AND expires_at > clock_timestamp()
        )
    $$
    """,
)

ACCESS = [
    Access("FUNCTION key_has_tickets(uuid, text)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}),
]
