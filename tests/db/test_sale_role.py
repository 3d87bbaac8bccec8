"""What the combiner of a sale, which serves many actors at once, may do: these columns and no more."""

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

pytestmark = pytest.mark.every_postgres


@pytest.fixture
def owner(database_url):
    """Who sees every grant, because the tables are theirs."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


SALE = {
    (
        "audit_entries",
        "INSERT",
    ): "action actor_id actor_kind actor_name at data hash ip_digest merchant_id prev_hash"
    " private_digest seq subject_id subject_kind",
    ("audit_private", "INSERT"): "*",
    ("bank_lines", "SELECT"): "*",
    ("bank_lines", "UPDATE"): "state",
    ("bank_matches", "INSERT"): "*",
    ("bank_matches", "SELECT"): "*",
    ("booth_events", "INSERT"): "*",
    ("booth_events", "SELECT"): "event_id kind session_id",
    ("booth_feeds", "INSERT"): "*",
    ("booth_feeds", "SELECT"): "*",
    ("booth_feeds", "UPDATE"): "seq",
    ("consents", "INSERT"): "*",
    ("booth_sessions", "INSERT"): "*",
    ("booth_sessions", "SELECT"): "*",
    (
        "booth_sessions",
        "UPDATE",
    ): "arrive_until arrived_at booth_id changed_at due_at duration_minutes ends_at expired_at finished_at"
    " overridden_from override_at override_by override_reason replaced resource started_at starts_at"
    " state",
    ("booths", "SELECT"): "*",
    ("booths", "UPDATE"): "audit_head audit_seq",
    ("capacity_pools", "SELECT"): "*",
    ("capacity_pools", "UPDATE"): "held used",
    ("chat_messages", "INSERT"): "*",
    ("chat_messages", "SELECT"): "id",
    ("chat_updates", "INSERT"): "*",
    ("chat_updates", "SELECT"): "id key",
    ("trip_orders", "INSERT"): "*",
    ("trip_orders", "SELECT"): "order_id",
    ("trip_orders", "UPDATE"): "courier shipped_at tracking_no",
    ("claims", "INSERT"): "*",
    ("capacity_pools", "INSERT"): "*",
    ("claims", "SELECT"): "*",
    ("claims", "UPDATE"): "bucket quantity",
    ("events", "SELECT"): "*",
    ("idempotency_keys", "INSERT"): "*",
    ("kept_objects", "SELECT"): "kept_at removed_at size",
    ("ledger_entries", "INSERT"): "*",
    ("ledger_entries", "SELECT"): "*",
    ("merchants", "SELECT"): "*",
    ("order_lines", "INSERT"): "*",
    ("order_lines", "SELECT"): "*",
    ("order_lines", "UPDATE"): "unit_amount",
    ("orders", "INSERT"): "*",
    ("orders", "SELECT"): "*",
    (
        "orders",
        "UPDATE",
    ): "audit_head audit_seq balance_due_amount balance_submitted_at decided_by ended_at hold_expires_at"
    " payment_open_until reject_reason"
    " returned_quantity state state_changed_at submitted_at subtotal_amount total_amount",
    ("payment_proofs", "INSERT"): "*",
    ("payment_proofs", "SELECT"): "*",
    ("payments", "INSERT"): "*",
    ("payments", "SELECT"): "*",
    ("payments", "UPDATE"): "closed_at flag provider_ref redirect_url settled_at state",
    ("gateway_accounts", "SELECT"): "*",
    ("sandbox_payments", "INSERT"): "*",
    ("sandbox_payments", "SELECT"): "*",
    ("sandbox_payments", "UPDATE"): "captures refunds state",
    ("webhook_events", "INSERT"): "*",
    ("webhook_events", "SELECT"): "account_id event_key id",
    ("price_proposals", "SELECT"): "*",
    ("price_proposals", "UPDATE"): "answered_at state",
    ("purchases", "SELECT"): "*",
    ("purchases", "UPDATE"): "bought updated_at",
    ("refunds", "INSERT"): "*",
    ("promo_codes", "SELECT"): "*",
    ("refunds", "SELECT"): "*",
    ("refunds", "UPDATE"): "amount approved_at approved_by cause method reason state weighed_amount",
    ("tickets", "INSERT"): "*",
    ("seats", "SELECT"): "*",
    ("slots", "INSERT"): "*",
    ("slots", "SELECT"): "*",
    ("ticket_types", "SELECT"): "*",
    ("tickets", "SELECT"): "*",
    ("tickets", "UPDATE"): "state voided_at",
}


_WHOLE_TABLES = (
    "SELECT table_name, privilege_type, '*' FROM information_schema.table_privileges"
    " WHERE grantee = :role AND table_name <> 'alembic_version'"
)
_COLUMNS = (
    "SELECT table_name, privilege_type, string_agg(column_name, ' ' ORDER BY column_name)"
    " FROM information_schema.column_privileges"
    " WHERE grantee = :role AND table_name <> 'alembic_version' GROUP BY 1, 2"
)


def test_the_sale_role_has_no_more_than_its_columns(owner: Connection, role_prefix: str):
    role = {"role": f"{role_prefix}_sale"}
    granted = [*owner.execute(text(_COLUMNS), role), *owner.execute(text(_WHOLE_TABLES), role)]

    # A grant of the whole table comes last, because it is a grant of each column too.
    assert {(table, privilege): columns for table, privilege, columns in granted} == SALE
