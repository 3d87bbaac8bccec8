"""Database functions that answer for rows which the asker may not see; replaced in place by `pesan migrate`."""

from pesan.db.access import IDENTITY, REQUEST, SALE, SYSTEM, Access

FUNCTIONS = (
    # Runs as the owner: a stored answer is its caller's own, so it is given for its scope and key and never listed.
    # Each statement sees what was committed before it began, and the answers are read in a later one than the locks.
    # A connection keeps the plan that it made when the table was still small; so it is a plan for a large one.
    """
    CREATE OR REPLACE FUNCTION lock_and_find_answers(scopes text[], keys text[])
    RETURNS TABLE (place bigint, is_ours boolean, fingerprint bytea, status smallint, headers jsonb, body bytea)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    DECLARE
        locked boolean[];
    BEGIN
        SELECT array_agg(pg_try_advisory_xact_lock(hashtextextended(k.scope || chr(31) || k.key, 0)) ORDER BY k.place)
        INTO locked FROM unnest(scopes, keys) WITH ORDINALITY AS k (scope, key, place);
        RETURN QUERY
            SELECT k.place, locked[k.place], i.fingerprint, i.status, i.headers, i.body
            FROM unnest(scopes, keys) WITH ORDINALITY AS k (scope, key, place)
            LEFT JOIN idempotency_keys i ON i.scope = k.scope AND i.key = k.key
            ORDER BY k.place;
    END $$
    """,
)

ACCESS = [
    Access(
        "FUNCTION lock_and_find_answers(text[], text[])",
        {REQUEST: "EXECUTE", IDENTITY: "EXECUTE", SALE: "EXECUTE", SYSTEM: "EXECUTE"},
    ),
]
