"""Bringing a database to the current schema: roles, migrations, access rules; once, whoever comes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, MetaData, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from pesan.db.access import LOGINS, ROLES, Access, statements
from pesan.kit.signing import derive_key

MIGRATIONS = Path(__file__).parent / "migrations"
# Any constant that nothing else in the database uses: processes that start together queue on it.
_START_LOCK = 7_305_801_842_117


@dataclass(frozen=True, slots=True)
class Schema:
    """Everything the database should hold: tables, access rules, and SQL functions that are replaced in place."""

    metadata: MetaData
    access: Sequence[Access]
    functions: Sequence[str] = ()


def migrate(owner_url: str | URL, schema: Schema, *, secret: bytes, prefix: str = "pesan") -> bool:
    """Bring the database behind `owner_url` up to date; returns whether anything changed.

    **Locks** an advisory lock for the whole run, so that of several processes one works and the others find it
    done. `lock_timeout` is bounded, so a busy table makes the migration fail and not the sale.
    """
    engine = create_engine(_sync(owner_url), poolclass=NullPool)
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _START_LOCK})
        connection.execute(text("SELECT set_config('lock_timeout', '5s', true)"))
        created = _ensure_roles(connection, secret, prefix)
        before = _head(connection)
        command.upgrade(alembic_config(schema.metadata, connection), "head")
        changed = _apply_access(connection, schema, prefix)
        return created or changed or before != _head(connection)


def login_url(owner_url: str | URL, login: str, *, secret: bytes, prefix: str = "pesan") -> URL:
    """The address by which the web or the worker process logs in; its password follows from the secret."""
    url = make_url(owner_url) if isinstance(owner_url, str) else owner_url
    return url.set(
        drivername="postgresql+psycopg", username=f"{prefix}_{login}", password=_password(secret, login)
    )


def alembic_config(metadata: MetaData, connection: Connection) -> Config:
    """Alembic's configuration for this package's migrations on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    return config


def _sync(url: str | URL) -> URL:
    parsed = make_url(url) if isinstance(url, str) else url
    return parsed.set(drivername="postgresql+psycopg")


def _password(secret: bytes, login: str) -> str:
    return derive_key(secret, f"database:{login}", 24).hex()


def _ensure_roles(connection: Connection, secret: bytes, prefix: str) -> bool:
    present = set(connection.execute(text("SELECT rolname FROM pg_roles")).scalars())
    changed = False
    for role in ROLES:
        if f"{prefix}_{role}" not in present:
            connection.execute(text(f"CREATE ROLE {prefix}_{role} NOLOGIN NOINHERIT"))
            changed = True
    for login, roles in LOGINS.items():
        changed |= _ensure_login(connection, f"{prefix}_{login}", _password(secret, login), present)
        for role in roles:
            _grant_role(connection, f"{prefix}_{role}", f"{prefix}_{login}")
    return changed


def _ensure_login(connection: Connection, name: str, password: str, present: set[str]) -> bool:
    """The password is set only when the one we have does not open the door: ALTER ROLE would churn on every start."""
    fingerprint = sha256(password.encode()).hexdigest()
    comment = connection.execute(
        text("SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = :name"),
        {"name": name},
    ).scalar()
    if name in present and comment == fingerprint:
        return False
    verb = "ALTER" if name in present else "CREATE"
    connection.execute(
        text(f"{verb} ROLE {name} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB PASSWORD '{password}'")
    )
    connection.execute(text(f"COMMENT ON ROLE {name} IS '{fingerprint}'"))
    return True


def _grant_role(connection: Connection, role: str, member: str) -> None:
    granted = connection.execute(
        text("SELECT pg_has_role(:member, :role, 'MEMBER')"), {"member": member, "role": role}
    ).scalar()
    if not granted:
        connection.execute(text(f"GRANT {role} TO {member}"))


def _head(connection: Connection) -> str | None:
    exists = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar()
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if exists else None


def _apply_access(connection: Connection, schema: Schema, prefix: str) -> bool:
    """Functions, grants and policies follow the code; a fingerprint keeps an unchanged set from taking locks."""
    wanted = [*schema.functions, *_schema_grants(prefix), *statements(schema.access, prefix)]
    fingerprint = sha256("\n".join(wanted).encode()).hexdigest()
    connection.execute(text("CREATE TABLE IF NOT EXISTS access_version (fingerprint text PRIMARY KEY)"))
    if connection.execute(text("SELECT fingerprint FROM access_version")).scalar() == fingerprint:
        return False
    for statement in wanted:
        connection.exec_driver_sql(statement.replace("%", "%%"))
    connection.execute(text("DELETE FROM access_version"))
    connection.execute(text("INSERT INTO access_version VALUES (:fingerprint)"), {"fingerprint": fingerprint})
    return True


def _schema_grants(prefix: str) -> list[str]:
    everybody = ", ".join(f"{prefix}_{role}" for role in ROLES)
    logins = ", ".join(f"{prefix}_{login}" for login in LOGINS)
    return [
        f"GRANT USAGE ON SCHEMA public TO {everybody}, {logins}",
        f"GRANT SELECT ON alembic_version TO {everybody}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    ]
