"""The tables of the first release, and those of the queue."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from pesan.jobs.schema import install as install_queue

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything; access rules, functions and triggers follow (see `pesan.db.schema`)."""
    install_queue(op.get_bind())
    op.create_table('audit_blocks',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('prev_hash', sa.LargeBinary(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('since_xact', sa.BigInteger(), nullable=False),
    sa.Column('upto_xact', sa.BigInteger(), nullable=False),
    sa.Column('entry_count', sa.Integer(), nullable=False),
    sa.Column('heads_digest', sa.LargeBinary(), nullable=False),
    sa.Column('latest_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sealed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_blocks')),
    sa.UniqueConstraint('prev_hash', name=op.f('uq_audit_blocks_prev_hash'))
    )
    op.create_table('audit_entries',
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('subject_kind', sa.String(length=64), nullable=False),
    sa.Column('prev_hash', sa.LargeBinary(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('action', sa.String(length=128), nullable=False),
    sa.Column('actor_kind', sa.String(length=16), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('actor_name', sa.String(length=64), nullable=False),
    sa.Column('ip_digest', sa.String(length=64), nullable=True),
    sa.Column('merchant_id', sa.Uuid(), nullable=True),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('private_digest', sa.LargeBinary(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('xact_id', sa.BigInteger(), server_default=sa.text('(pg_current_xact_id()::text::bigint)'), nullable=False),
    sa.PrimaryKeyConstraint('subject_id', 'seq', name=op.f('pk_audit_entries'))
    )
    op.create_index('ix_audit_entries_xact_id', 'audit_entries', ['xact_id'], unique=False)
    op.create_table('audit_private',
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('salt', sa.LargeBinary(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('before', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('after', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('subject_id', 'seq', name=op.f('pk_audit_private'))
    )
    op.create_table('idempotency_keys',
    sa.Column('scope', sa.String(length=120), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('fingerprint', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.SmallInteger(), nullable=False),
    sa.Column('headers', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.PrimaryKeyConstraint('scope', 'key', name=op.f('pk_idempotency_keys'))
    )
    op.create_index('ix_idempotency_keys_created_at', 'idempotency_keys', ['created_at'], unique=False)
    op.create_table('job_failures',
    sa.Column('job_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('code', sa.String(length=128), nullable=False),
    sa.Column('failed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('job_id', name=op.f('pk_job_failures'))
    )
    op.create_table('log_in_guards',
    sa.Column('email_digest', sa.LargeBinary(), nullable=False),
    sa.Column('failed_count', sa.Integer(), nullable=False),
    sa.Column('failed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('email_digest', name=op.f('pk_log_in_guards'))
    )
    op.create_table('merchants',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('accent', sa.String(length=7), server_default='#5b3df5', nullable=False),
    sa.Column('zone', sa.String(length=40), server_default='Asia/Jakarta', nullable=False),
    sa.Column('logo_key', sa.String(length=200), nullable=True),
    sa.Column('contact_email', sa.String(length=254), nullable=True),
    sa.Column('contact_wa', sa.String(length=20), nullable=True),
    sa.Column('ticket_key_alg', sa.String(length=8), server_default='EdDSA', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('audit_seq', sa.Integer(), server_default='0', nullable=False),
    sa.Column('audit_head', sa.LargeBinary(), server_default=sa.text("decode(repeat('00', 32), 'hex')"), nullable=False),
    sa.CheckConstraint("accent ~ '^#[0-9a-f]{6}$'", name=op.f('ck_merchants_accent')),
    sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$'", name=op.f('ck_merchants_slug')),
    sa.CheckConstraint("ticket_key_alg IN ('EdDSA', 'HS256')", name=op.f('ck_merchants_ticket_key_alg')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_merchants'))
    )
    op.create_index('uq_merchants_slug', 'merchants', [sa.literal_column('lower(slug)')], unique=True)
    op.create_table('rate_counters',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('count >= 0', name=op.f('ck_rate_counters_count_positive')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_rate_counters')),
    prefixes=['UNLOGGED']
    )
    op.create_index('ix_rate_counters_expires_at', 'rate_counters', ['expires_at'], unique=False)
    op.create_table('users',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('platform_role', sa.Text(), nullable=True),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('password_changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('audit_seq', sa.Integer(), server_default='0', nullable=False),
    sa.Column('audit_head', sa.LargeBinary(), server_default=sa.text("decode(repeat('00', 32), 'hex')"), nullable=False),
    sa.CheckConstraint("platform_role IN ('admin', 'super_admin')", name=op.f('ck_users_platform_role')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users'))
    )
    op.create_index('uq_users_email', 'users', [sa.literal_column('lower(email)')], unique=True)
    op.create_table('capacity_pools',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=False),
    sa.Column('hold_ratio', sa.Numeric(precision=4, scale=3), server_default='0.30', nullable=False),
    sa.Column('max_per_order', sa.Integer(), server_default='1', nullable=False),
    sa.Column('held', sa.Integer(), server_default='0', nullable=False),
    sa.Column('used', sa.Integer(), server_default='0', nullable=False),
    sa.CheckConstraint('held >= 0', name=op.f('ck_capacity_pools_held')),
    sa.CheckConstraint('hold_ratio > 0 AND hold_ratio <= 1', name=op.f('ck_capacity_pools_hold_ratio')),
    sa.CheckConstraint('max_per_order BETWEEN 1 AND 1000', name=op.f('ck_capacity_pools_max_per_order')),
    sa.CheckConstraint('used + held <= capacity', name=op.f('ck_capacity_pools_never_oversold')),
    sa.CheckConstraint('used >= 0', name=op.f('ck_capacity_pools_used')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_capacity_pools_merchant_id_merchants')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_capacity_pools')),
    postgresql_with={'fillfactor': '50'}
    )
    op.create_table('memberships',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("role IN ('organizer', 'staff')", name=op.f('ck_memberships_role')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_memberships_merchant_id_merchants')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_memberships_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', 'merchant_id', name=op.f('pk_memberships'))
    )
    op.create_index(op.f('ix_memberships_merchant_id'), 'memberships', ['merchant_id'], unique=False)
    op.create_table('payment_methods',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('display_name', sa.String(length=60), nullable=False),
    sa.Column('bank_name', sa.String(length=60), nullable=True),
    sa.Column('account_no', sa.String(length=20), nullable=True),
    sa.Column('account_holder', sa.String(length=80), nullable=True),
    sa.Column('qris_payload', sa.String(length=512), nullable=True),
    sa.Column('account_key', sa.String(length=80), nullable=False),
    sa.Column('is_active', sa.Boolean(), server_default='true', nullable=False),
    sa.Column('position', sa.Integer(), server_default='0', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('audit_seq', sa.Integer(), server_default='0', nullable=False),
    sa.Column('audit_head', sa.LargeBinary(), server_default=sa.text("decode(repeat('00', 32), 'hex')"), nullable=False),
    sa.CheckConstraint("kind <> 'bank' OR (bank_name IS NOT NULL AND account_no ~ '^[0-9]{5,20}$' AND account_holder IS NOT NULL)", name=op.f('ck_payment_methods_bank_account')),
    sa.CheckConstraint("kind <> 'qris' OR qris_payload IS NOT NULL", name=op.f('ck_payment_methods_qris_code')),
    sa.CheckConstraint("kind IN ('bank', 'qris')", name=op.f('ck_payment_methods_kind')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_payment_methods_merchant_id_merchants')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_methods')),
    sa.UniqueConstraint('merchant_id', 'id', name=op.f('uq_payment_methods_merchant_id_id'))
    )
    op.create_table('sessions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('token_digest', sa.LargeBinary(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ip_digest', sa.Text(), nullable=True),
    sa.Column('user_agent', sa.Text(), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_sessions_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sessions')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_sessions_token_digest'))
    )
    op.create_index(op.f('ix_sessions_user_id'), 'sessions', ['user_id'], unique=False)
    op.create_table('signing_keys',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('kid', sa.String(length=43), nullable=False),
    sa.Column('qr_kid', sa.LargeBinary(), nullable=False),
    sa.Column('alg', sa.String(length=8), nullable=False),
    sa.Column('verifying_key', sa.LargeBinary(), nullable=False),
    sa.Column('private_key_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=8), server_default='active', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('audit_seq', sa.Integer(), server_default='0', nullable=False),
    sa.Column('audit_head', sa.LargeBinary(), server_default=sa.text("decode(repeat('00', 32), 'hex')"), nullable=False),
    sa.CheckConstraint("(state = 'retired') = (retired_at IS NOT NULL)", name=op.f('ck_signing_keys_retired_at')),
    sa.CheckConstraint("alg IN ('EdDSA', 'HS256')", name=op.f('ck_signing_keys_alg')),
    sa.CheckConstraint("state IN ('active', 'retired')", name=op.f('ck_signing_keys_state')),
    sa.CheckConstraint('octet_length(qr_kid) = 4', name=op.f('ck_signing_keys_qr_kid')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_signing_keys_merchant_id_merchants')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signing_keys')),
    sa.UniqueConstraint('kid', name=op.f('uq_signing_keys_kid')),
    sa.UniqueConstraint('merchant_id', 'kid', name=op.f('uq_signing_keys_merchant_id_kid')),
    sa.UniqueConstraint('qr_kid', name=op.f('uq_signing_keys_qr_kid'))
    )
    op.create_index('uq_signing_keys_active', 'signing_keys', ['merchant_id'], unique=True, postgresql_where=sa.text("state = 'active'"))
    op.create_table('events',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('pool_id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('short_id', sa.String(length=12), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('summary', sa.String(length=200), server_default='', nullable=False),
    sa.Column('description', sa.Text(), server_default='', nullable=False),
    sa.Column('venue', sa.String(length=120), server_default='', nullable=False),
    sa.Column('address', sa.String(length=200), server_default='', nullable=False),
    sa.Column('city', sa.String(length=80), server_default='', nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=10), server_default='draft', nullable=False),
    sa.Column('price_amount', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('currency', sa.String(length=3), server_default='IDR', nullable=False),
    sa.Column('sale_opens_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sale_closes_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('hold_minutes', sa.Integer(), server_default='15', nullable=False),
    sa.Column('max_per_order', sa.Integer(), server_default='1', nullable=False),
    sa.Column('max_holds_per_contact', sa.Integer(), server_default='2', nullable=False),
    sa.Column('max_holds_per_ip', sa.Integer(), server_default='10', nullable=False),
    sa.Column('review_cap', sa.Integer(), nullable=True),
    sa.Column('cover_key', sa.String(length=200), nullable=True),
    sa.Column('certificate', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('fulfilment', sa.String(length=20), server_default='tickets', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('audit_seq', sa.Integer(), server_default='0', nullable=False),
    sa.Column('audit_head', sa.LargeBinary(), server_default=sa.text("decode(repeat('00', 32), 'hex')"), nullable=False),
    sa.CheckConstraint("status IN ('draft', 'open', 'closed', 'cancelled')", name=op.f('ck_events_status')),
    sa.CheckConstraint('hold_minutes BETWEEN 1 AND 60', name=op.f('ck_events_hold_minutes')),
    sa.CheckConstraint('max_holds_per_contact > 0 AND max_holds_per_ip > 0', name=op.f('ck_events_buyer_limits')),
    sa.CheckConstraint('max_per_order BETWEEN 1 AND 1000', name=op.f('ck_events_max_per_order')),
    sa.CheckConstraint('price_amount >= 0', name=op.f('ck_events_price')),
    sa.CheckConstraint('review_cap > 0', name=op.f('ck_events_review_cap')),
    sa.CheckConstraint('starts_at < ends_at', name=op.f('ck_events_period')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_events_merchant_id_merchants')),
    sa.ForeignKeyConstraint(['pool_id'], ['capacity_pools.id'], name=op.f('fk_events_pool_id_capacity_pools')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events')),
    sa.UniqueConstraint('merchant_id', 'id', name=op.f('uq_events_merchant_id_id')),
    sa.UniqueConstraint('pool_id', name=op.f('uq_events_pool_id')),
    sa.UniqueConstraint('short_id', name=op.f('uq_events_short_id'))
    )
    op.create_index('ix_events_merchant', 'events', ['merchant_id', 'starts_at', 'id'], unique=False)
    op.create_index('ix_events_public', 'events', ['starts_at', 'id'], unique=False, postgresql_where=sa.text("status <> 'draft'"))
    op.create_table('event_payment_methods',
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('method_id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['merchant_id', 'event_id'], ['events.merchant_id', 'events.id'], name=op.f('fk_event_payment_methods_merchant_id_event_id_events'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['method_id'], ['payment_methods.id'], name=op.f('fk_event_payment_methods_method_id_payment_methods'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('event_id', 'method_id', name=op.f('pk_event_payment_methods'))
    )
    op.create_table('orders',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('code', sa.String(length=13), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('buyer_name', sa.String(length=100), nullable=False),
    sa.Column('wa', sa.String(length=20), nullable=True),
    sa.Column('email', sa.String(length=254), nullable=True),
    sa.Column('notes', sa.String(length=120), nullable=True),
    sa.Column('locale', sa.String(length=2), server_default='id', nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('total_amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), server_default='IDR', nullable=False),
    sa.Column('fulfilment', sa.String(length=20), server_default='tickets', nullable=False),
    sa.Column('hold_expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('payment_open_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ip_digest', sa.String(length=32), nullable=True),
    sa.Column('reject_reason', sa.String(length=300), nullable=True),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('placed_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('state_changed_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('audit_seq', sa.Integer(), server_default='0', nullable=False),
    sa.Column('audit_head', sa.LargeBinary(), server_default=sa.text("decode(repeat('00', 32), 'hex')"), nullable=False),
    sa.CheckConstraint("state IN ('HOLD', 'REVIEW', 'PAID', 'COMPLETED', 'EXPIRED', 'REJECTED', 'CANCELLED', 'REFUNDED')", name=op.f('ck_orders_state')),
    sa.CheckConstraint('char_length(notes) <= 120', name=op.f('ck_orders_notes')),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_orders_quantity')),
    sa.CheckConstraint('total_amount >= 0', name=op.f('ck_orders_total')),
    sa.ForeignKeyConstraint(['merchant_id', 'event_id'], ['events.merchant_id', 'events.id'], name=op.f('fk_orders_merchant_id_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders')),
    sa.UniqueConstraint('code', name=op.f('uq_orders_code')),
    sa.UniqueConstraint('merchant_id', 'id', name=op.f('uq_orders_merchant_id_id'))
    )
    op.create_index('ix_orders_holds', 'orders', ['event_id', 'hold_expires_at'], unique=False, postgresql_where=sa.text("state = 'HOLD'"))
    op.create_index('ix_orders_list', 'orders', ['merchant_id', sa.literal_column('placed_at DESC'), 'id'], unique=False)
    op.create_index('ix_orders_live_email', 'orders', ['event_id', 'email'], unique=False, postgresql_where=sa.text("(state IN ('HOLD', 'REVIEW') OR (total_amount = 0 AND state IN ('PAID', 'COMPLETED'))) AND email IS NOT NULL"))
    op.create_index('ix_orders_live_ip_digest', 'orders', ['event_id', 'ip_digest'], unique=False, postgresql_where=sa.text("(state IN ('HOLD', 'REVIEW') OR (total_amount = 0 AND state IN ('PAID', 'COMPLETED'))) AND ip_digest IS NOT NULL"))
    op.create_index('ix_orders_live_wa', 'orders', ['event_id', 'wa'], unique=False, postgresql_where=sa.text("(state IN ('HOLD', 'REVIEW') OR (total_amount = 0 AND state IN ('PAID', 'COMPLETED'))) AND wa IS NOT NULL"))
    op.create_index('ix_orders_review', 'orders', ['merchant_id', 'submitted_at', 'id'], unique=False, postgresql_where=sa.text("state = 'REVIEW'"))
    op.create_table('ledger_entries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('transaction_id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('source_id', sa.Uuid(), nullable=False),
    sa.Column('account', sa.String(length=12), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), server_default='IDR', nullable=False),
    sa.Column('reason', sa.String(length=12), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.CheckConstraint("account IN ('received', 'customer', 'fulfilled', 'refund_due', 'refunded')", name=op.f('ck_ledger_entries_account')),
    sa.CheckConstraint("reason IN ('capture', 'fulfilment', 'refund_due', 'revocation', 'refund')", name=op.f('ck_ledger_entries_reason')),
    sa.CheckConstraint('amount <> 0', name=op.f('ck_ledger_entries_amount')),
    sa.ForeignKeyConstraint(['merchant_id', 'order_id'], ['orders.merchant_id', 'orders.id'], name=op.f('fk_ledger_entries_merchant_id_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_entries')),
    sa.UniqueConstraint('reason', 'source_id', 'account', name=op.f('uq_ledger_entries_reason_source_id_account'))
    )
    op.create_index('ix_ledger_entries_order_id', 'ledger_entries', ['order_id'], unique=False)
    op.create_index('ix_ledger_entries_transaction_id', 'ledger_entries', ['transaction_id'], unique=False)
    op.create_table('notifications',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('occasion', sa.String(length=40), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.CheckConstraint("kind IN ('proof_received', 'ticket_ready', 'rejected', 'expired', 'cancelled', 'event_cancelled', 'event_moved', 'taken_back', 'refund_due', 'refunded')", name=op.f('ck_notifications_kind')),
    sa.ForeignKeyConstraint(['merchant_id', 'order_id'], ['orders.merchant_id', 'orders.id'], name=op.f('fk_notifications_merchant_id_order_id_orders')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_notifications_merchant_id_merchants')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications')),
    sa.UniqueConstraint('merchant_id', 'id', name=op.f('uq_notifications_merchant_id_id')),
    sa.UniqueConstraint('order_id', 'kind', 'occasion', name=op.f('uq_notifications_order_id_kind_occasion'))
    )
    op.create_table('order_lines',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('unit_amount', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_order_lines_quantity')),
    sa.CheckConstraint('unit_amount >= 0', name=op.f('ck_order_lines_unit_amount')),
    sa.ForeignKeyConstraint(['merchant_id', 'order_id'], ['orders.merchant_id', 'orders.id'], name=op.f('fk_order_lines_merchant_id_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_lines'))
    )
    op.create_index(op.f('ix_order_lines_order_id'), 'order_lines', ['order_id'], unique=False)
    op.create_table('payments',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('method_id', sa.Uuid(), nullable=True),
    sa.Column('base_amount', sa.BigInteger(), nullable=False),
    sa.Column('unique_code', sa.Integer(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), server_default='IDR', nullable=False),
    sa.Column('state', sa.String(length=10), server_default='open', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'paid') = (settled_at IS NOT NULL)", name=op.f('ck_payments_settled')),
    sa.CheckConstraint("state IN ('open', 'paid', 'superseded', 'failed')", name=op.f('ck_payments_state')),
    sa.CheckConstraint('amount = base_amount + coalesce(unique_code, 0)', name=op.f('ck_payments_amount')),
    sa.CheckConstraint('base_amount > 0', name=op.f('ck_payments_base_amount')),
    sa.CheckConstraint('unique_code BETWEEN 1 AND 9999', name=op.f('ck_payments_unique_code')),
    sa.ForeignKeyConstraint(['merchant_id', 'method_id'], ['payment_methods.merchant_id', 'payment_methods.id'], name=op.f('fk_payments_merchant_id_method_id_payment_methods')),
    sa.ForeignKeyConstraint(['merchant_id', 'order_id'], ['orders.merchant_id', 'orders.id'], name=op.f('fk_payments_merchant_id_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payments'))
    )
    op.create_index('ix_payments_method_id', 'payments', ['method_id'], unique=False)
    op.create_index('uq_payments_open_order', 'payments', ['order_id'], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.create_index('uq_payments_order_method', 'payments', ['order_id', 'method_id'], unique=True, postgresql_where=sa.text("state IN ('open', 'superseded')"))
    op.create_table('amount_reservations',
    sa.Column('account_key', sa.String(length=80), nullable=False),
    sa.Column('amount', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('payment_id', sa.Uuid(), nullable=False),
    sa.Column('reserved_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_amount_reservations_order_id_orders')),
    sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name=op.f('fk_amount_reservations_payment_id_payments'), initially='DEFERRED', deferrable=True),
    sa.PrimaryKeyConstraint('account_key', 'amount', name=op.f('pk_amount_reservations'))
    )
    op.create_index('ix_amount_reservations_order_id', 'amount_reservations', ['order_id'], unique=False)
    op.create_table('claims',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('line_id', sa.Uuid(), nullable=False),
    sa.Column('pool_id', sa.Uuid(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('bucket', sa.String(length=8), nullable=False),
    sa.CheckConstraint("bucket IN ('held', 'used', 'released')", name=op.f('ck_claims_bucket')),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_claims_quantity')),
    sa.ForeignKeyConstraint(['line_id'], ['order_lines.id'], name=op.f('fk_claims_line_id_order_lines')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_claims_order_id_orders')),
    sa.ForeignKeyConstraint(['pool_id'], ['capacity_pools.id'], name=op.f('fk_claims_pool_id_capacity_pools')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_claims'))
    )
    op.create_index(op.f('ix_claims_order_id'), 'claims', ['order_id'], unique=False)
    op.create_index('ix_claims_pool_id_live', 'claims', ['pool_id'], unique=False, postgresql_where=sa.text("bucket <> 'released'"))
    op.create_table('deliveries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('notification_id', sa.Uuid(), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=8), server_default='queued', nullable=False),
    sa.Column('message_id', sa.String(length=200), nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('last_error_code', sa.String(length=60), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f('ck_deliveries_sent_at')),
    sa.CheckConstraint("channel IN ('email', 'whatsapp')", name=op.f('ck_deliveries_channel')),
    sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name=op.f('ck_deliveries_state')),
    sa.ForeignKeyConstraint(['merchant_id', 'notification_id'], ['notifications.merchant_id', 'notifications.id'], name=op.f('fk_deliveries_merchant_id_notification_id_notifications')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('notification_id', 'channel', name=op.f('uq_deliveries_notification_id_channel'))
    )
    op.create_index('ix_deliveries_open', 'deliveries', ['created_at'], unique=False, postgresql_where=sa.text("state <> 'sent'"))
    op.create_table('payment_proofs',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('payment_id', sa.Uuid(), nullable=True),
    sa.Column('object_key', sa.String(length=200), nullable=False),
    sa.Column('mime', sa.String(length=40), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.LargeBinary(), nullable=False),
    sa.Column('phash', sa.BigInteger(), nullable=True),
    sa.Column('width', sa.Integer(), nullable=True),
    sa.Column('height', sa.Integer(), nullable=True),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('missing_since', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('octet_length(sha256) = 32', name=op.f('ck_payment_proofs_sha256')),
    sa.CheckConstraint('size > 0', name=op.f('ck_payment_proofs_size')),
    sa.ForeignKeyConstraint(['merchant_id', 'order_id'], ['orders.merchant_id', 'orders.id'], name=op.f('fk_payment_proofs_merchant_id_order_id_orders')),
    sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name=op.f('fk_payment_proofs_payment_id_payments')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_proofs')),
    sa.UniqueConstraint('object_key', name=op.f('uq_payment_proofs_object_key'))
    )
    op.create_index('ix_payment_proofs_merchant_id_sha256', 'payment_proofs', ['merchant_id', 'sha256'], unique=False)
    op.create_index('ix_payment_proofs_merchant_id_uploaded_at', 'payment_proofs', ['merchant_id', 'uploaded_at'], unique=False)
    op.create_index('ix_payment_proofs_order_id', 'payment_proofs', ['order_id'], unique=False)
    op.create_table('refunds',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('payment_id', sa.Uuid(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), server_default='IDR', nullable=False),
    sa.Column('cause', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=True),
    sa.Column('method', sa.String(length=16), server_default='manual', nullable=False),
    sa.Column('reference', sa.String(length=100), nullable=True),
    sa.Column('state', sa.String(length=10), server_default='requested', nullable=False),
    sa.Column('requested_by', sa.Uuid(), nullable=True),
    sa.Column('requested_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('approved_by', sa.Uuid(), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paid_by', sa.Uuid(), nullable=True),
    sa.Column('paid_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'paid') = (paid_at IS NOT NULL)", name=op.f('ck_refunds_paid_at')),
    sa.CheckConstraint("(state IN ('approved', 'paid', 'failed')) = (approved_at IS NOT NULL)", name=op.f('ck_refunds_approved_at')),
    sa.CheckConstraint("cause IN ('asked', 'paid_late', 'paid_again', 'event_cancelled')", name=op.f('ck_refunds_cause')),
    sa.CheckConstraint("method IN ('manual')", name=op.f('ck_refunds_method')),
    sa.CheckConstraint("state <> 'paid' OR reference IS NOT NULL", name=op.f('ck_refunds_reference')),
    sa.CheckConstraint("state IN ('requested', 'approved', 'paid', 'failed', 'declined')", name=op.f('ck_refunds_state')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_refunds_amount')),
    sa.ForeignKeyConstraint(['merchant_id', 'order_id'], ['orders.merchant_id', 'orders.id'], name=op.f('fk_refunds_merchant_id_order_id_orders')),
    sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name=op.f('fk_refunds_payment_id_payments')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refunds'))
    )
    op.create_index('ix_refunds_list', 'refunds', ['merchant_id', 'requested_at', 'id'], unique=False)
    op.create_index('ix_refunds_open', 'refunds', ['merchant_id', 'requested_at', 'id'], unique=False, postgresql_where=sa.text("state IN ('approved', 'failed', 'requested')"))
    op.create_index('ix_refunds_order_id', 'refunds', ['order_id'], unique=False)
    op.create_index('uq_refunds_payment', 'refunds', ['payment_id'], unique=True)
    op.create_index('uq_refunds_whole_order', 'refunds', ['order_id'], unique=True, postgresql_where=sa.text("payment_id IS NULL AND state <> 'declined'"))
    op.create_table('tickets',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('merchant_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('order_line_id', sa.Uuid(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=26), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('holder_name', sa.String(length=100), nullable=False),
    sa.Column('state', sa.String(length=8), server_default='active', nullable=False),
    sa.Column('kid', sa.String(length=43), nullable=False),
    sa.Column('epoch', sa.Integer(), server_default='0', nullable=False),
    sa.Column('qr_text', sa.String(length=152), nullable=False),
    sa.Column('token', sa.String(length=1024), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('voided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'void') = (voided_at IS NOT NULL)", name=op.f('ck_tickets_voided_at')),
    sa.CheckConstraint("state <> 'used' OR used_at IS NOT NULL", name=op.f('ck_tickets_used_at')),
    sa.CheckConstraint("state IN ('active', 'used', 'void')", name=op.f('ck_tickets_state')),
    sa.CheckConstraint('epoch BETWEEN 0 AND 65535', name=op.f('ck_tickets_epoch')),
    sa.CheckConstraint('issued_at < expires_at', name=op.f('ck_tickets_period')),
    sa.CheckConstraint('number > 0', name=op.f('ck_tickets_number')),
    sa.ForeignKeyConstraint(['merchant_id', 'event_id'], ['events.merchant_id', 'events.id'], name=op.f('fk_tickets_merchant_id_event_id_events')),
    sa.ForeignKeyConstraint(['merchant_id', 'kid'], ['signing_keys.merchant_id', 'signing_keys.kid'], name=op.f('fk_tickets_merchant_id_kid_signing_keys')),
    sa.ForeignKeyConstraint(['merchant_id', 'order_id'], ['orders.merchant_id', 'orders.id'], name=op.f('fk_tickets_merchant_id_order_id_orders')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_lines.id'], name=op.f('fk_tickets_order_line_id_order_lines')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tickets')),
    sa.UniqueConstraint('code', name=op.f('uq_tickets_code')),
    sa.UniqueConstraint('order_line_id', 'number', name=op.f('uq_tickets_order_line_id_number'))
    )
    op.create_index('ix_tickets_event', 'tickets', ['event_id', 'state'], unique=False)
    op.create_index('ix_tickets_key', 'tickets', ['merchant_id', 'kid', 'expires_at'], unique=False)
    op.create_index('ix_tickets_order', 'tickets', ['order_id', 'number'], unique=False)


def downgrade() -> None:
    """There is nothing before the first release."""
    raise NotImplementedError("restore a backup: going back would lose what was sold since")
