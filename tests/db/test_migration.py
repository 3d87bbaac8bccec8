"""Migrating under a running sale: it waits briefly or gives up, and what it could not finish never happened."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, OperationalError

from pesan.app.modules import build_schema
from pesan.db.schema import Schema, migrate
from pesan.settings import Settings
from tests.support.database import offenders
from tests.support.factories import Make
from tests.support.postgres import Server

pytestmark = pytest.mark.every_postgres

# Everything about a database that a migration could have changed.
CATALOGUE = """
    SELECT 'column', table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'public'
    UNION ALL SELECT 'policy', tablename, policyname, roles::text, qual, with_check FROM pg_policies
    UNION ALL SELECT 'grant', relname, relacl::text, '', '', '' FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'function', oid::regprocedure::text, md5(prosrc), proacl::text, '', '' FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'head', version_num, '', '', '', '' FROM alembic_version
    UNION ALL SELECT 'access', fingerprint, '', '', '', '' FROM access_version
    ORDER BY 1, 2, 3, 4
"""
# How long a buyer waits for a lock.
BUYERS_PATIENCE = "2s"


class Target:
    """The test's own database, and what `pesan migrate` would do to it."""

    def __init__(self, server: Server, url: URL, settings: Settings) -> None:
        self._server = server
        self._url = url
        self._settings = settings

    def migrate(self, schema: Schema) -> bool:
        return migrate(
            self._url, schema, secret=self._settings.secret, prefix=self._settings.database_role_prefix
        )

    def connect(self) -> "psycopg.Connection":
        address = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(address)

    def catalogue(self) -> list[tuple[object, ...]]:
        with self._server.connect(str(self._url.database)) as connection:
            return connection.execute(CATALOGUE).fetchall()

    def tables(self) -> list[str]:
        with self._server.connect(str(self._url.database)) as connection:
            rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            return [row[0] for row in rows]

    @contextmanager
    def reader(self) -> Iterator[None]:
        """Somebody who looks at orders for a long time, as a report or a backup does."""
        with self.connect() as connection:
            connection.execute("SELECT count(*) FROM orders")
            yield


@pytest.fixture
def target(postgres: Server, database_url: URL, settings: Settings) -> Target:
    return Target(postgres, database_url, settings)


def with_function(statement: str) -> Schema:
    """The next release: everything as it is, and one more statement at its end."""
    schema = build_schema()
    return replace(schema, functions=(*schema.functions, statement))


ALTERING = "ALTER TABLE orders ADD COLUMN of_the_next_release integer"
BROKEN = f"{ALTERING}; SELECT 1/0"


async def test_failed_migration_leaves_everything_as_it_was(target: Target, make: Make, database):
    before = target.catalogue()

    with pytest.raises(DBAPIError, match="division by zero"):
        target.migrate(with_function(BROKEN))

    assert target.catalogue() == before
    await make.order()
    assert await offenders(database) == []
    assert target.migrate(build_schema()) is False


def test_failed_first_migration_leaves_an_empty_database(
    target: Target, postgres: Server, settings, template
):
    url = postgres.create(f"{template}_failed")
    try:
        empty = Target(postgres, url, settings)
        with pytest.raises(DBAPIError, match="division by zero"):
            empty.migrate(with_function("SELECT 1/0"))
        tables = empty.tables()
    finally:
        postgres.drop(str(url.database))

    assert tables == []


def test_migration_that_finds_a_table_busy_gives_up_and_changes_nothing(target: Target):
    before = target.catalogue()

    with target.reader():
        with pytest.raises(OperationalError, match="lock timeout"):
            target.migrate(with_function(ALTERING))
        assert target.catalogue() == before

    assert target.migrate(with_function(ALTERING)) is True


def test_buyers_behind_a_waiting_migration_wait_less_than_they_would(target: Target):
    """Whoever wants a table queues behind a migration that wants it for itself: for no longer than it waits."""
    with target.reader():
        migration = threading.Thread(target=_try, args=(target,))
        migration.start()
        _until_waiting(target)
        with target.connect() as buyer:
            buyer.execute(f"SET lock_timeout = '{BUYERS_PATIENCE}'")
            (found,) = buyer.execute("SELECT count(*) FROM orders").fetchone()
        migration.join()

    assert found == 0


def _try(target: Target) -> None:
    with pytest.raises(OperationalError):
        target.migrate(with_function(ALTERING))


def _until_waiting(target: Target) -> None:
    deadline = time.monotonic() + 30
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
    with target.connect() as connection:
        while not connection.execute(query).fetchone()[0]:
            if time.monotonic() > deadline:
                raise TimeoutError("the migration never waited")
            time.sleep(0.01)
