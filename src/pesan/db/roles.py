"""The roles of an instance, which belong to the whole server: made once, and never taken from another instance."""

from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.exc import DBAPIError

from pesan.db.access import LOGINS, ROLES
from pesan.kit.signing import derive_key

_ATTEMPTS = 3
# SQLSTATE: duplicate_object, unique_violation, lock_not_available, and internal_error ("tuple concurrently updated").
# Advisory locks are per database, roles are not: two databases that migrate together meet here.
_RACES = frozenset({"42710", "23505", "55P03", "XX000"})
_PURPOSE = "Log-in of Pesan, secret "

_PRESENT = text("SELECT rolname FROM pg_roles WHERE rolname = ANY (:names)")
_COMMENT = text("SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = :name")
_MEMBER = text("SELECT pg_has_role(:member, :role, 'MEMBER')")
# Each database admits its own log-ins by name, so the catalogue says whose they are.
_ADMITTING = text(
    "SELECT DISTINCT d.datname FROM pg_database d"
    " CROSS JOIN aclexplode(d.datacl) a JOIN pg_roles r ON r.oid = a.grantee"
    " WHERE r.rolname = ANY (:names) AND d.datname <> current_database() ORDER BY 1"
)
_CLOSED = text(
    "SELECT count(*) FILTER (WHERE r.rolname = ANY (:names) AND a.privilege_type = 'CONNECT') = :count"
    " AND count(*) FILTER (WHERE a.grantee = 0) = 0"
    " FROM pg_database d CROSS JOIN aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a"
    " LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE d.datname = current_database()"
).bindparams(bindparam("count", len(LOGINS)))


class RolesTaken(RuntimeError):
    """The log-ins of this prefix serve another database of the server, with another secret."""

    def __init__(self, prefix: str, databases: Sequence[str]) -> None:
        super().__init__(
            f"The database log-ins {prefix}_… belong to another instance on this server, with another secret"
            f" (database {', '.join(databases)}). Set PESAN_DATABASE_ROLE_PREFIX to a name of this instance's own,"
            " or PESAN_SECRET_KEY to the secret of that one."
        )


def password_of(secret: bytes, login: str) -> str:
    """What a log-in's password is; it follows from the secret and is stored nowhere."""
    return derive_key(secret, f"database:{login}", 24).hex()


def ensure_roles(connection: Connection, secret: bytes, prefix: str) -> bool:
    """Make what is missing, give the log-ins the secret's passwords; returns whether anything changed.

    Raises RolesTaken, before anything changed, when that would lock another instance out.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with connection.begin_nested():
                return _ensure(connection, secret, prefix)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _RACES or attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def close_database(connection: Connection, prefix: str) -> bool:
    """Let only this instance's log-ins connect, and nobody make temporary tables; returns whether anything changed.

    Grants on a database do not travel with a copy of it, so this looks and does not trust a record.
    """
    names = [f"{prefix}_{login}" for login in LOGINS]
    if connection.execute(_CLOSED, {"names": names}).scalar_one():
        return False
    database = connection.execute(text("SELECT quote_ident(current_database())")).scalar_one()
    connection.exec_driver_sql(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC".replace("%", "%%"))
    connection.exec_driver_sql(
        f"GRANT CONNECT ON DATABASE {database} TO {', '.join(names)}".replace("%", "%%")
    )
    return True


def _ensure(connection: Connection, secret: bytes, prefix: str) -> bool:
    names = [f"{prefix}_{name}" for name in (*ROLES, *LOGINS)]
    present = set(connection.execute(_PRESENT, {"names": names}).scalars())
    changed = False
    for role in ROLES:
        if f"{prefix}_{role}" not in present:
            connection.execute(text(f"CREATE ROLE {prefix}_{role} NOLOGIN NOINHERIT"))
            changed = True
    for login, roles in LOGINS.items():
        changed |= _ensure_login(connection, login, secret, prefix, present)
        for role in roles:
            changed |= _grant_role(connection, f"{prefix}_{role}", f"{prefix}_{login}")
    return changed


def _ensure_login(connection: Connection, login: str, secret: bytes, prefix: str, present: set[str]) -> bool:
    """The comment tells whether the password is the secret's; setting it on every start would churn.

    ALTER names no attribute but the password: an owner who is no superuser may not even say NOSUPERUSER.
    """
    name, password = f"{prefix}_{login}", password_of(secret, login)
    comment = _PURPOSE + sha256(password.encode()).hexdigest()[:16]
    if name in present:
        if connection.execute(_COMMENT, {"name": name}).scalar() == comment:
            return False
        _refuse_taken(connection, prefix)
    command = f"ALTER ROLE {name} LOGIN" if name in present else f"CREATE ROLE {name} LOGIN NOINHERIT"
    verifier = _verifier(connection, name, password)
    connection.exec_driver_sql(f"{command} PASSWORD '{verifier}'".replace("%", "%%"))
    connection.exec_driver_sql(f"COMMENT ON ROLE {name} IS '{comment}'")
    return True


def _refuse_taken(connection: Connection, prefix: str) -> None:
    names = [f"{prefix}_{login}" for login in LOGINS]
    if others := connection.execute(_ADMITTING, {"names": names}).scalars().all():
        raise RolesTaken(prefix, others)


def _verifier(connection: Connection, name: str, password: str) -> str:
    """Made here, so that the password is in no statement, and in no log of statements."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection was closed")
    verifier: bytes = driver.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    return verifier.decode()


def _grant_role(connection: Connection, role: str, member: str) -> bool:
    if connection.execute(_MEMBER, {"member": member, "role": role}).scalar():
        return False
    connection.execute(text(f"GRANT {role} TO {member}"))
    return True
