"""The only place that locks rows of payments.

Payments themselves are guarded by their order's lock, and amounts by their primary key.
"""

from uuid import UUID

from sqlalchemy import select

from pesan.db import WriteSession
from pesan.payments.errors import MethodNotFound
from pesan.payments.models import PaymentMethod


async def lock_method(session: WriteSession, method_id: UUID) -> PaymentMethod:
    """A payment method, locked for a change; raises MethodNotFound."""
    query = select(PaymentMethod).where(PaymentMethod.id == method_id).with_for_update(key_share=True)
    method = await session.scalar(query.execution_options(populate_existing=True))
    if method is None:
        raise MethodNotFound
    return method


# Checked when the transaction ends, for the account that gives. Without the lock two of them would not see each other.
LEDGER_SIDES = (
    """
    CREATE OR REPLACE FUNCTION ledger_check_sides() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        PERFORM 1 FROM orders WHERE id = NEW.order_id FOR NO KEY UPDATE;
        IF (SELECT sum(amount) FROM ledger_entries
            WHERE order_id = NEW.order_id AND account = NEW.account AND currency = NEW.currency) > 0 THEN
            RAISE EXCEPTION 'account % of order % gives more than it got', NEW.account, NEW.order_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_sides';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'ck_ledger_entries_sides') THEN
            CREATE CONSTRAINT TRIGGER ck_ledger_entries_sides AFTER INSERT ON ledger_entries
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.amount > 0 AND NEW.account <> 'received')
            EXECUTE FUNCTION ledger_check_sides();
        END IF;
    END $$
    """,
)
