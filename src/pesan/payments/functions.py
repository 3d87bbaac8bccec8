"""Database functions and triggers of payments; replaced in place by `pesan migrate`."""

from pesan.db.access import REQUEST, SALE, SYSTEM, Access
from pesan.payments.locks import LEDGER_SIDES

FUNCTIONS = (
    # Runs as the owner: whether an amount is free depends on orders that the asker may not see. The chosen amount
    # is tried in a later statement than the search, and the primary key decides between two who chose the same.
    # A statement's line has a day and no hour, so that two orders never share an amount's day: it is free from the
    # first midnight of Jakarta, by which banks book, that is 24 hours after the order's end.
    """
    CREATE OR REPLACE FUNCTION reserve_amount(of_account text, base bigint, ceiling bigint, of_merchant uuid,
                                              of_order uuid, of_payment uuid)
    RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        digits record;
        chosen bigint;
        reserved bigint;
        midnight timestamptz := date_trunc('day', clock_timestamp(), 'Asia/Jakarta');
    BEGIN
        FOR digits IN SELECT * FROM (VALUES (1, 999), (1000, 9999)) AS codes (lowest, highest)
            ORDER BY lowest LOOP
            LOOP
                SELECT free INTO chosen
                FROM generate_series(base + digits.lowest, least(base + digits.highest, ceiling)) AS free
                WHERE free NOT IN (
                    SELECT r.amount FROM amount_reservations r JOIN orders o ON o.id = r.order_id
                    WHERE r.account_key = of_account
                      AND r.amount BETWEEN base + digits.lowest AND base + digits.highest
                      AND (o.ended_at IS NULL OR o.ended_at + interval '24 hours' >= midnight)
                )
                ORDER BY random() LIMIT 1;
                EXIT WHEN chosen IS NULL;
                INSERT INTO amount_reservations AS r
                    (account_key, amount, merchant_id, order_id, payment_id, reserved_at)
                VALUES (of_account, chosen, of_merchant, of_order, of_payment, clock_timestamp())
                ON CONFLICT (account_key, amount) DO UPDATE
                SET merchant_id = excluded.merchant_id, order_id = excluded.order_id,
                    payment_id = excluded.payment_id, reserved_at = excluded.reserved_at
                WHERE EXISTS (
                    SELECT 1 FROM orders o
                    WHERE o.id = r.order_id AND o.ended_at + interval '24 hours' < midnight
                )
                RETURNING r.amount INTO reserved;
                IF reserved IS NOT NULL THEN
                    RETURN reserved;
                END IF;
            END LOOP;
        END LOOP;
        RETURN NULL;
    END $$
    """,
    # Runs as the owner: a buyer may not see what others sent, and still shares the merchant's room with them.
    """
    CREATE OR REPLACE FUNCTION proof_usage(of_order uuid)
    RETURNS TABLE (order_count bigint, order_bytes bigint, merchant_bytes bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT mine.number, mine.bytes, recent.bytes
        FROM (SELECT count(*) AS number, coalesce(sum(size), 0)::bigint AS bytes
              FROM payment_proofs WHERE order_id = of_order) AS mine,
             (SELECT coalesce(sum(p.size), 0)::bigint AS bytes
              FROM orders o JOIN payment_proofs p ON p.merchant_id = o.merchant_id
              WHERE o.id = of_order AND p.uploaded_at > clock_timestamp() - interval '1 hour') AS recent
    $$
    """,
    """
    CREATE OR REPLACE FUNCTION ledger_check_balance() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF EXISTS (
            SELECT 1 FROM ledger_entries WHERE transaction_id = NEW.transaction_id
            GROUP BY currency HAVING sum(amount) <> 0
        ) THEN
            RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_balance';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'ck_ledger_entries_balance') THEN
            CREATE CONSTRAINT TRIGGER ck_ledger_entries_balance AFTER INSERT ON ledger_entries
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balance();
        END IF;
    END $$
    """,
    # No account gives more than it got: never more goes back than came in.
    *LEDGER_SIDES,
    # The grants stop the application; this stops whoever owns the table from doing it by mistake.
    """
    CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()
    """,
)

ACCESS = [
    Access(
        "FUNCTION reserve_amount(text, bigint, bigint, uuid, uuid, uuid)",
        {REQUEST: "EXECUTE", SALE: "EXECUTE", SYSTEM: "EXECUTE"},
    ),
    Access("FUNCTION proof_usage(uuid)", {REQUEST: "EXECUTE", SALE: "EXECUTE", SYSTEM: "EXECUTE"}),
]
