"""Database functions that answer for rows which the asker may not see; replaced in place by `pesan migrate`."""

from pesan.db.access import REQUEST, STAFF_OF_EVENT, SYSTEM, Access
from pesan.jastip.states import LIVE_ORDERS

_LIVE = ", ".join(f"'{state.value}'" for state in LIVE_ORDERS)

FUNCTIONS = (
    # Runs as the owner: whoever follows a link adds one to a number that only the merchant reads.
    """
    CREATE OR REPLACE FUNCTION count_visit(of_kind text, of_target uuid, of_merchant uuid) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        INSERT INTO shortlink_visits AS v (kind, target_id, day, shard, merchant_id, visits)
        SELECT of_kind, of_target, (clock_timestamp() AT TIME ZONE m.zone)::date, floor(random() * 16), m.id, 1
        FROM merchants m WHERE m.id = of_merchant
        ON CONFLICT (kind, target_id, day, shard) DO UPDATE SET visits = v.visits + 1
    $$
    """,
    # Runs as the owner: whose order it is may know by which code others come, and how many did, but not who.
    """
    CREATE OR REPLACE FUNCTION invitation_of(of_participant uuid) RETURNS TABLE (code text, came bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT p.referral_code, (
            SELECT count(*) FROM participants q
            WHERE q.referred_by = p.id AND q.event_id = p.event_id AND q.state = 'joined'
        ) FROM participants p WHERE p.id = of_participant AND p.erased_at IS NULL
    $$
    """,
    # Runs as the owner: whoever joins by somebody's code is noted as theirs, and learns nothing of them but their id.
    """
    CREATE OR REPLACE FUNCTION find_inviter(of_trip uuid, of_code text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT p.id FROM participants p
        WHERE p.referral_code = of_code AND p.event_id = of_trip AND p.erased_at IS NULL
    $$
    """,
    # Runs as the owner: when somebody wrote to the number, and that they want to hear nothing, is the instance's to
    # know; whoever runs the trip learns how many of its people could be told, and of nobody who they are.
    f"""
    CREATE OR REPLACE FUNCTION trip_audience(of_trip uuid, is_marketing boolean, of_audience text)
    RETURNS TABLE (open_count bigint, closed_count bigint, stopped_count bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT count(*) FILTER (WHERE is_open AND NOT is_stopped),
            count(*) FILTER (WHERE NOT is_open AND NOT is_stopped), count(*) FILTER (WHERE is_stopped) FROM (
            SELECT coalesce(bool_or(c.window_until > clock_timestamp()), false) AS is_open,
                coalesce(bool_or(
                    c.stopped_at IS NOT NULL OR (is_marketing AND c.marketing_stopped_at IS NOT NULL)
                ), false) AS is_stopped
            FROM participants p LEFT JOIN chat_contacts c ON c.wa = p.wa OR c.user_id = p.wa_user_id
            WHERE p.event_id = of_trip AND p.state = 'joined' AND p.unsubscribed_at IS NULL
            AND p.erased_at IS NULL AND {STAFF_OF_EVENT}
            AND (of_audience = 'all' OR (of_audience = 'ordered') = EXISTS (
                SELECT 1 FROM trip_orders t JOIN orders o ON o.id = t.order_id
                WHERE t.participant_id = p.id AND o.state IN ({_LIVE})
            ))
            GROUP BY p.id
        ) told
    $$
    """,  # noqa: S608
)

ACCESS = [
    Access("FUNCTION count_visit(text, uuid, uuid)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}),
    Access("FUNCTION trip_audience(uuid, boolean, text)", {REQUEST: "EXECUTE"}),
    Access("FUNCTION find_inviter(uuid, text)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}),
    Access("FUNCTION invitation_of(uuid)", {REQUEST: "EXECUTE", SYSTEM: "EXECUTE"}),
]
