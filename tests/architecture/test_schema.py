"""The migrations make what the models say, and every table says who may touch it."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from pesan.app.modules import build_schema
from pesan.db.schema import MIGRATIONS, migrate, newest_migration
from tests.support.schema import SECRET

pytestmark = pytest.mark.every_postgres
# Kept by other tools, which bring their own schema.
FOREIGN = ("procrastinate_", "access_version", "alembic_version")


@pytest.fixture
def owner(database_url):
    """The owner's connection to a migrated database."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def is_ours(name: str) -> bool:
    return not name.startswith(FOREIGN)


def rows(owner: Connection, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in owner.execute(text(sql))]


def test_migrations_make_what_the_models_say(owner):
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, kind, _parents: kind != "table" or is_ours(name),
    }
    context = MigrationContext.configure(owner, opts=options)
    assert compare_metadata(context, build_schema().metadata) == []


def test_newest_migration_is_found_without_alembic():
    assert newest_migration() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def test_every_table_says_who_may_touch_it():
    schema = build_schema()
    declared = {rule.table for rule in schema.access}
    assert sorted(set(schema.metadata.tables) - declared) == []


def test_every_merchants_table_has_row_level_security(owner):
    of_merchants = {
        name for name, table in build_schema().metadata.tables.items() if "merchant_id" in table.columns
    }
    secured = {name for (name,) in rows(owner, "SELECT relname FROM pg_class WHERE relrowsecurity")}
    assert sorted(of_merchants - secured) == []


def test_policies_are_those_declared(owner):
    declared = {(rule.table, policy.name) for rule in build_schema().access for policy in rule.policies}
    assert set(rows(owner, "SELECT tablename, policyname FROM pg_policies")) == declared


def test_nobody_but_the_owner_owns_anything(owner, role_prefix):
    owned = rows(
        owner,
        "SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
        f" WHERE r.rolname LIKE '{role_prefix}\\_%'",
    )
    assert owned == []


def test_log_ins_inherit_nothing(owner, role_prefix):
    log_ins = rows(
        owner,
        "SELECT rolinherit, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles"
        f" WHERE rolname IN ('{role_prefix}_web', '{role_prefix}_worker')",
    )
    assert log_ins == [(False, False, False, False, False)] * 2


def test_money_is_whole_and_says_its_currency():
    for table in build_schema().metadata.tables.values():
        amounts = [column for column in table.columns if column.name.endswith("_amount")]
        assert [c.name for c in amounts if c.type.python_type is not int] == []


def test_times_are_aware():
    naive = [
        f"{table.name}.{column.name}"
        for table in build_schema().metadata.tables.values()
        for column in table.columns
        if column.type.__class__.__name__ == "DateTime" and not column.type.timezone
    ]
    assert naive == []


def test_migrating_again_changes_nothing(database_url, role_prefix):
    # A copied database is open to everybody again, which the first run mends.
    migrate(database_url, build_schema(), secret=SECRET.encode(), prefix=role_prefix)

    assert migrate(database_url, build_schema(), secret=SECRET.encode(), prefix=role_prefix) is False
