"""Database functions by which objects are kept, read and dropped by their key; replaced in place by `pesan migrate`.

They run as the owner: a key is 128 random bits that a signed link or a public page names, so that it opens here what it
opens at the store, one object, and nobody lists what there is.
"""

from pesan.db.access import REQUEST, SYSTEM, Access

FUNCTIONS = (
    # One at a time, so that two who both find room do not fill it twice; they wait for no more than an insert.
    """
    CREATE OR REPLACE FUNCTION keep_object(wanted text, bytes bytea, type text, digest bytea, most bigint)
    RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('kept_objects', 0));
        IF (SELECT coalesce(sum(k.size), 0) FROM kept_objects k) + length(bytes) > most THEN
            RETURN false;
        END IF;
        INSERT INTO kept_objects (key, content, size, mime, sha256)
        VALUES (wanted, bytes, length(bytes), type, digest);
        RETURN true;
    END $$
    """,
    """
    CREATE OR REPLACE FUNCTION find_kept_object(wanted text, reads boolean)
    RETURNS TABLE (content bytea, is_removed boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT CASE WHEN reads THEN k.content END, k.removed_at IS NOT NULL FROM kept_objects k WHERE k.key = wanted
    $$
    """,
    # The bytes go at once; the row stays for whoever moves it, who tells the store.
    """
    CREATE OR REPLACE FUNCTION drop_kept_objects(wanted text[])
    RETURNS SETOF text
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE kept_objects SET content = ''::bytea, size = 0, next_at = clock_timestamp(),
            removed_at = coalesce(removed_at, clock_timestamp())
        WHERE key = ANY (wanted) RETURNING key
    $$
    """,
)

_EVERYBODY = {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}
ACCESS = [
    Access("FUNCTION keep_object(text, bytea, text, bytea, bigint)", _EVERYBODY),
    Access("FUNCTION find_kept_object(text, boolean)", _EVERYBODY),
    Access("FUNCTION drop_kept_objects(text[])", _EVERYBODY),
]
