"""Bringing a database to the current schema: roles, migrations, access rules; once, whoever comes first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, MetaData, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from pesan.db.access import LOGINS, ROLES, Access, statements
from pesan.db.roles import close_database, ensure_roles, password_of

# Loading Alembic takes a tenth of the time that a process needs to start, and only one that has to migrate needs it.
if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
_REVISION = re.compile(r"""^(down_)?revision\b[^=\n]*= ["'](\w+)["']""", re.MULTILINE)
# Any constant that nothing else in the database uses: processes that start together queue on it.
_START_LOCK = 7_305_801_842_117
# PostgreSQL lets everybody call a new function. Ours are for those whom an Access names; those of extensions, and of
# other owners, are not ours to close. Triggers fire all the same.
_CLOSE_FUNCTIONS = """
    DO $$ DECLARE f regprocedure; BEGIN
        FOR f IN SELECT p.oid FROM pg_proc p
                 WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
                   AND p.proowner = current_user::regrole
                   AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                                   AND d.objid = p.oid AND d.deptype = 'e')
        LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f); END LOOP;
    END $$
"""
# Who may do what, as the server has it: tables and sequences, columns, policies, functions, the schema.
_CATALOGUE = text("""
    SELECT line FROM (
        SELECT concat_ws('|', 'class', relname, relrowsecurity, relforcerowsecurity, relacl::text)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
        UNION ALL
        SELECT concat_ws('|', 'column', c.relname, a.attname, a.attacl::text)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND a.attacl IS NOT NULL
        UNION ALL
        SELECT concat_ws('|', 'policy', tablename, policyname, permissive, roles::text, cmd, qual, with_check)
        FROM pg_policies WHERE schemaname = 'public'
        UNION ALL
        SELECT concat_ws('|', 'function', oid::regprocedure, prosecdef, proconfig::text, proacl::text, md5(prosrc))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL
        SELECT concat_ws('|', 'schema', nspacl::text) FROM pg_namespace WHERE nspname = 'public'
    ) AS lines (line) ORDER BY line COLLATE "C"
""")


@dataclass(frozen=True, slots=True)
class Schema:
    """Everything the database should hold: tables, access rules, and SQL functions that are replaced in place."""

    metadata: MetaData
    access: Sequence[Access]
    functions: Sequence[str] = ()


def migrate(owner_url: str | URL, schema: Schema, *, secret: bytes, prefix: str = "pesan") -> bool:
    """Bring the database behind `owner_url` up to date; returns whether anything changed.

    **Locks** an advisory lock for the whole run, so that of several processes one works and the others find it
    done. `lock_timeout` is bounded, so a busy table makes the migration fail and not the sale. Raises RolesTaken.
    """
    engine = create_engine(_sync(owner_url), poolclass=NullPool)
    with engine.connect() as connection:
        # Committed before the long part: another database of the server may be waiting for the same roles.
        with connection.begin():
            _queue(connection)
            created = ensure_roles(connection, secret, prefix)
            closed = close_database(connection, prefix)
        with connection.begin():
            _queue(connection)
            before = _head(connection)
            if before != newest_migration():
                _upgrade(schema.metadata, connection)
            changed = _apply_access(connection, schema, prefix)
            return created or closed or changed or before != _head(connection)


def login_url(owner_url: str | URL, login: str, *, secret: bytes, prefix: str = "pesan") -> URL:
    """The address by which the web or the worker process logs in; its password follows from the secret."""
    url = make_url(owner_url) if isinstance(owner_url, str) else owner_url
    return url.set(
        drivername="postgresql+psycopg", username=f"{prefix}_{login}", password=password_of(secret, login)
    )


@cache
def newest_migration() -> str:
    """The revision that a database of this version has: the one that no other follows."""
    found = [
        match.groups()
        for file in (MIGRATIONS / "versions").glob("*.py")
        for match in _REVISION.finditer(file.read_text())
    ]
    followed = {revision for is_followed, revision in found if is_followed}
    (newest,) = {revision for _, revision in found} - followed
    return newest


def alembic_config(metadata: MetaData, connection: Connection) -> "Config":
    """Alembic's configuration for this package's migrations on an open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    return config


def _upgrade(metadata: MetaData, connection: Connection) -> None:
    from alembic import command

    command.upgrade(alembic_config(metadata, connection), "head")


def _sync(url: str | URL) -> URL:
    parsed = make_url(url) if isinstance(url, str) else url
    return parsed.set(drivername="postgresql+psycopg")


def _queue(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _START_LOCK})
    # Shorter than a buyer's own patience with a lock: whoever queues behind a migration that waits is still served.
    connection.execute(text("SELECT set_config('lock_timeout', '1500ms', true)"))


def _head(connection: Connection) -> str | None:
    exists = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar()
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if exists else None


def _apply_access(connection: Connection, schema: Schema, prefix: str) -> bool:
    """Functions, grants and policies follow the code; an unchanged set takes no locks.

    The fingerprint covers what the catalogue says afterwards too: it travels with a dump, grants may not, and what
    somebody took away or gave to one of our roles by hand is put right.
    """
    wanted = [*schema.functions, *_schema_grants(prefix), *statements(schema.access, prefix)]
    connection.execute(text("CREATE TABLE IF NOT EXISTS access_version (fingerprint text PRIMARY KEY)"))
    found = connection.execute(text("SELECT fingerprint FROM access_version")).scalar()
    if found == _fingerprint(connection, wanted):
        return False
    for statement in wanted:
        connection.exec_driver_sql(statement.replace("%", "%%"))
    connection.execute(text("DELETE FROM access_version"))
    connection.execute(
        text("INSERT INTO access_version VALUES (:fingerprint)"),
        {"fingerprint": _fingerprint(connection, wanted)},
    )
    return True


def _fingerprint(connection: Connection, wanted: Sequence[str]) -> str:
    catalogue = connection.execute(_CATALOGUE).scalars()
    return sha256("\n".join([*wanted, *catalogue]).encode()).hexdigest()


def _schema_grants(prefix: str) -> list[str]:
    everybody = ", ".join(f"{prefix}_{role}" for role in ROLES)
    logins = ", ".join(f"{prefix}_{login}" for login in LOGINS)
    return [
        f"GRANT USAGE ON SCHEMA public TO {everybody}, {logins}",
        f"GRANT SELECT ON alembic_version TO {everybody}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        _CLOSE_FUNCTIONS,
    ]
