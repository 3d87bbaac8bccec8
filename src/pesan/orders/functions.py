"""Database functions that answer for rows which the asker may not see; replaced in place by `pesan migrate`."""

from pesan.db.access import REQUEST, SYSTEM, Access

FUNCTIONS = (
    # Runs as the owner: anybody may know how many places are free, nobody whose they are.
    """
    CREATE OR REPLACE FUNCTION expired_holds(of_event uuid) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT coalesce(sum(quantity), 0)::integer FROM orders
        WHERE event_id = of_event AND state = 'HOLD' AND hold_expires_at <= clock_timestamp()
          AND (payment_open_until IS NULL OR payment_open_until <= clock_timestamp())
    $$
    """,
    # Runs as the owner: when a booth is taken is no secret, by whom is. Holds whose time is over take nothing.
    """
    CREATE OR REPLACE FUNCTION taken_times(numbers bigint[], since timestamptz, until timestamptz)
    RETURNS TABLE (resource bigint, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT c.resource, lower(c.period), upper(c.period)
        FROM unnest(numbers) n JOIN claims c ON int8range(c.resource, c.resource, '[]') && int8range(n, n, '[]')
          AND c.period && tstzrange(since, until) AND c.resource IS NOT NULL AND c.bucket <> 'released'
        JOIN orders o ON o.id = c.order_id
        WHERE o.state <> 'HOLD' OR greatest(o.hold_expires_at, o.payment_open_until) > clock_timestamp()
    $$
    """,
    # workflow-client-upgraded.md §9a, with the places that can be held right now and the time of the answer.
    """
    CREATE OR REPLACE FUNCTION get_capacity_snapshot(of_event uuid)
    RETURNS TABLE (capacity integer, capacity_used integer, capacity_left integer, hold_active integer,
                   hold_pool_left integer, available integer, snapshot_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        WITH pool AS (
            SELECT p.capacity, p.used, p.held - expired_holds(e.id) AS held,
                   least(p.capacity, greatest(floor(p.capacity * p.hold_ratio)::integer, p.max_per_order)) AS hold_limit
            FROM events e JOIN capacity_pools p ON p.id = e.pool_id
            WHERE e.id = of_event AND e.status <> 'draft'
        )
        SELECT capacity, used, capacity - used, held, greatest(0, hold_limit - held),
               greatest(0, least(hold_limit - held, capacity - used - held)), clock_timestamp()
        FROM pool
    $$
    """,
)

ACCESS = [
    Access("FUNCTION expired_holds(uuid)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}),
    Access(
        "FUNCTION taken_times(bigint[], timestamptz, timestamptz)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}
    ),
    Access("FUNCTION get_capacity_snapshot(uuid)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}),
]
