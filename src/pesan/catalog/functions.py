"""Database functions that answer for what the asker may not list; replaced in place by `pesan migrate`."""

from pesan.db.access import REQUEST, SYSTEM, Access

FUNCTIONS = (
    # Runs as the owner: whoever knows an access code sees what it opens, and nobody can ask which codes there are.
    """
    CREATE OR REPLACE FUNCTION hidden_ticket_types(of_event uuid, given text) RETURNS SETOF ticket_types
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT t.* FROM ticket_types t JOIN events e ON e.id = t.event_id
        WHERE t.event_id = of_event AND e.status <> 'draft' AND t.is_hidden AND NOT t.is_archived
          AND lower(t.access_code) = lower(btrim(given))
    $$
    """,
    # Runs as the owner: that there are types is no secret, which ones may be.
    """
    CREATE OR REPLACE FUNCTION sells_ticket_types(of_event uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT EXISTS (SELECT 1 FROM ticket_types t WHERE t.event_id = of_event AND NOT t.is_archived)
    $$
    """,
    # Runs as the owner: a code is looked up by whoever types it, never listed.
    """
    CREATE OR REPLACE FUNCTION find_promo_code(of_event uuid, given text) RETURNS SETOF promo_codes
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT p.* FROM promo_codes p
        WHERE p.event_id = of_event AND p.is_active AND p.code = upper(btrim(given))
    $$
    """,
)

ACCESS = [
    Access("FUNCTION hidden_ticket_types(uuid, text)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}),
    Access("FUNCTION sells_ticket_types(uuid)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}),
    Access("FUNCTION find_promo_code(uuid, text)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}),
]
