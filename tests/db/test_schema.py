"""Migrating: instances that share a server, owners that are no superusers, grants that were lost."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Barrier

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from pesan.app.modules import build_schema
from pesan.db.roles import RolesTaken, close_database, ensure_roles, password_of
from pesan.db.schema import login_url, migrate
from tests.support.postgres import Server

pytestmark = pytest.mark.every_postgres

FIRST, SECOND = b"the-first-key-of-this-test-0123456789", b"the-second-key-of-this-test-9876543210"


def conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def admits(url: URL) -> bool:
    try:
        psycopg.connect(conninfo(url)).close()
    except psycopg.OperationalError:
        return False
    return True


@dataclass
class Cluster:
    """Databases of the test's own, whose roles begin with a prefix of its own."""

    server: Server
    prefix: str = field(default_factory=lambda: f"t{secrets.token_hex(4)}")
    databases: list[str] = field(default_factory=list)
    owner: URL | None = None

    def make(self, *, template: str = "template0") -> URL:
        """A new database of the owner's."""
        name = f"{self.prefix}_{len(self.databases)}"
        url = self.server.create(name, template=template)
        self.databases.append(name)
        if self.owner is None:
            return url
        self.run(f"ALTER DATABASE {name} OWNER TO {self.owner.username}")
        return self.owner.set(database=name)

    def give_to_somebody(self) -> None:
        """Let what is made from now on belong to who may make roles, and is no superuser."""
        name, password = f"{self.prefix}_owner", secrets.token_hex(8)
        self.run(f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB PASSWORD '{password}'")
        self.owner = self.server.url.set(username=name, password=password)

    def run(self, statement: str, url: URL | None = None) -> None:
        with self.server.connect((url.database if url else None) or "postgres") as connection:
            connection.execute(statement.encode())

    def migrate(self, url: URL, secret: bytes = FIRST) -> bool:
        return migrate(url, build_schema(), secret=secret, prefix=self.prefix)

    def admits(self, url: URL, login: str, secret: bytes) -> bool:
        return admits(login_url(url, login, secret=secret, prefix=self.prefix))

    def remove(self) -> None:
        for name in self.databases:
            self.server.drop(name)
        with self.server.connect() as connection:
            find = "SELECT rolname FROM pg_roles WHERE rolname LIKE %s ORDER BY rolname LIKE %s"
            found = connection.execute(find, (f"{self.prefix}\\_%", "%\\_owner")).fetchall()
            for (role,) in found:
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@contextmanager
def cluster_of(server: Server) -> Iterator[Cluster]:
    cluster = Cluster(server)
    try:
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture
def cluster(postgres: Server) -> Iterator[Cluster]:
    with cluster_of(postgres) as cluster:
        yield cluster


def test_the_secret_of_the_only_instance_may_change(cluster: Cluster):
    url = cluster.make()
    cluster.migrate(url, FIRST)

    assert cluster.migrate(url, SECOND) is True

    assert (cluster.admits(url, "web", FIRST), cluster.admits(url, "web", SECOND)) == (False, True)


def test_an_owner_who_is_no_superuser_migrates_and_changes_the_secret(cluster: Cluster):
    cluster.give_to_somebody()
    url = cluster.make()
    cluster.migrate(url, FIRST)

    assert cluster.migrate(url, SECOND) is True

    assert (cluster.admits(url, "worker", FIRST), cluster.admits(url, "worker", SECOND)) == (False, True)
    assert cluster.migrate(url, SECOND) is False


def test_another_secret_is_refused_while_another_database_has_the_log_ins(cluster: Cluster):
    first, second = cluster.make(), cluster.make()
    cluster.migrate(first, FIRST)

    with pytest.raises(RolesTaken) as refused:
        cluster.migrate(second, SECOND)

    assert str(refused.value) == (
        f"The database log-ins {cluster.prefix}_… belong to another instance on this server, with another secret"
        f" (database {first.database}). Set PESAN_DATABASE_ROLE_PREFIX to a name of this instance's own,"
        " or PESAN_SECRET_KEY to the secret of that one."
    )
    assert cluster.admits(first, "web", FIRST)


def test_another_secret_takes_over_from_a_database_that_is_gone(cluster: Cluster):
    first, second = cluster.make(), cluster.make()
    cluster.migrate(first, FIRST)
    cluster.server.drop(str(first.database))

    cluster.migrate(second, SECOND)

    assert cluster.admits(second, "web", SECOND)


def test_databases_with_one_secret_share_the_log_ins(cluster: Cluster):
    first, second = cluster.make(), cluster.make()

    cluster.migrate(first)
    cluster.migrate(second)

    assert [cluster.admits(url, "web", FIRST) for url in (first, second)] == [True, True]


def test_two_databases_making_the_roles_at_once_both_succeed(cluster: Cluster):
    """Not the whole of `migrate`: Alembic keeps its context in globals, so it cannot run twice in one process."""
    urls = [cluster.make(), cluster.make()]
    together = Barrier(2)

    def make_roles(url: URL) -> None:
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection, connection.begin():
            together.wait(60)
            ensure_roles(connection, FIRST, cluster.prefix)
            close_database(connection, cluster.prefix)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(make_roles, urls))

    assert [cluster.admits(url, "web", FIRST) for url in urls] == [True, True]


def test_only_the_instances_own_log_ins_connect(cluster: Cluster):
    url = cluster.make()
    password = secrets.token_hex(8)
    cluster.run(f"CREATE ROLE {cluster.prefix}_stranger LOGIN PASSWORD '{password}'")
    stranger = url.set(username=f"{cluster.prefix}_stranger", password=password)
    assert admits(stranger)

    cluster.migrate(url)

    assert not admits(stranger)


def test_nobody_makes_temporary_tables(cluster: Cluster):
    url = cluster.make()
    cluster.migrate(url)
    web = login_url(url, "web", secret=FIRST, prefix=cluster.prefix)

    with psycopg.connect(conninfo(web)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TEMPORARY TABLE orders (id integer)")


def test_the_server_keeps_no_password(cluster: Cluster):
    cluster.migrate(cluster.make())

    with cluster.server.connect() as connection:
        query = "SELECT rolpassword FROM pg_authid WHERE rolname = %s"
        (kept,) = connection.execute(query, (f"{cluster.prefix}_web",)).fetchone() or ("",)

    assert kept.startswith("SCRAM-SHA-256$")
    assert password_of(FIRST, "web") not in kept


LOST = [
    "REVOKE SELECT ON events FROM {prefix}_request",
    "REVOKE ALL ON orders FROM {prefix}_request, {prefix}_sale, {prefix}_system",
    "GRANT UPDATE (state) ON orders TO {prefix}_identity",
    "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
    "DROP POLICY system ON orders",
    "CREATE POLICY loot ON orders USING (true)",
    "GRANT EXECUTE ON FUNCTION expired_holds(uuid) TO PUBLIC",
    "REVOKE USAGE ON SCHEMA public FROM {prefix}_request",
]
_OURS = "'public'::regnamespace"
_STATE = (
    f"""SELECT relname::text, relrowsecurity, a::text FROM pg_class LEFT JOIN LATERAL unnest(relacl) a ON true
        WHERE relnamespace = {_OURS}""",
    "SELECT tablename::text, policyname::text, roles::text, qual FROM pg_policies",
    "SELECT attrelid::regclass::text, attname::text, a::text FROM pg_attribute, unnest(attacl) a",
    f"""SELECT proname::text, a::text FROM pg_proc LEFT JOIN LATERAL unnest(proacl) a ON true
        WHERE pronamespace = {_OURS}""",
    f"SELECT a::text FROM pg_namespace n, unnest(nspacl) a WHERE n.oid = {_OURS}",
)


def state_of(cluster: Cluster, url: URL) -> list[set[tuple[object, ...]]]:
    with cluster.server.connect(str(url.database)) as connection:
        return [set(connection.execute(query.encode()).fetchall()) for query in _STATE]


def test_what_was_changed_by_hand_is_put_right(cluster: Cluster):
    url = cluster.make()
    cluster.migrate(url)
    declared = state_of(cluster, url)

    for statement in LOST:
        cluster.run(statement.format(prefix=cluster.prefix), url)
        assert state_of(cluster, url) != declared

        assert cluster.migrate(url) is True

        assert state_of(cluster, url) == declared
    assert cluster.migrate(url) is False


def test_grants_that_a_dump_left_behind_come_back(cluster: Cluster):
    url = cluster.make()
    cluster.migrate(url)
    roles = ", ".join(
        f"{cluster.prefix}_{name}"
        for name in ("request", "sale", "identity", "gate", "system", "web", "worker")
    )
    cluster.run(f"DROP OWNED BY {roles}", url)  # what a restore without the roles looks like
    cluster.run(f"DROP ROLE {roles}")

    assert cluster.migrate(url) is True

    worker = login_url(url, "worker", secret=FIRST, prefix=cluster.prefix)
    with psycopg.connect(conninfo(worker)) as connection:
        connection.execute(f"SET ROLE {cluster.prefix}_system".encode())
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)
