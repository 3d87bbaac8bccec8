"""A real PostgreSQL for the tests: fast because nothing has to survive a crash, otherwise as in production."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from pesan.db.embedded.access import make_readable, open_the_way
from pesan.db.embedded.account import Account, server_account
from pesan.db.embedded.binaries import install_folder, program

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
OWNER = "postgres"
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "timezone": "UTC",
}


@dataclass(slots=True)
class Server:
    """A running server, by the address of its owner."""

    url: URL
    _keeper: psycopg.Connection | None = field(default=None, repr=False)

    def url_of(self, database: str) -> URL:
        """The owner's address of one database."""
        return self.url.set(database=database)

    @contextmanager
    def connect(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        """The owner's connection; each statement commits by itself."""
        with psycopg.connect(_conninfo(self.url_of(database)), autocommit=True) as connection:
            yield connection

    def version(self) -> int:
        """The major version."""
        with self.connect() as connection:
            return connection.info.server_version // 10_000

    def create(self, name: str, *, template: str = "template0") -> URL:
        """Make a database; a copy of `template`, to which nobody may be connected."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self._keep(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url_of(name)

    def drop(self, name: str) -> None:
        """Remove a database and whoever is still connected to it."""
        self._keep(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def close(self) -> None:
        """Let go of the connection that made the databases."""
        if self._keeper is not None:
            self._keeper.close()

    def _keep(self, statement: sql.Composed) -> None:
        # One connection for all: every test makes a database, and logging in takes a good part of that.
        if self._keeper is None:
            self._keeper = psycopg.connect(_conninfo(self.url), autocommit=True)
        self._keeper.execute(statement)


@contextmanager
def running_server() -> Iterator[Server]:
    """The server to test on.

    PESAN_TEST_DATABASE_URL names one that runs already (its user must be a superuser); PESAN_TEST_POSTGRES_BIN the
    programs of another version; otherwise it is the one that ships with Pesan.
    """
    if url := os.environ.get("PESAN_TEST_DATABASE_URL"):
        with closing(Server(make_url(url).set(drivername="postgresql+psycopg"))) as server:
            yield server
        return
    place = _fast_folder()
    with tempfile.TemporaryDirectory(prefix="pesan-test-", dir=place, ignore_cleanup_errors=True) as folder:
        yield from _run_server(Path(folder))


def _fast_folder() -> Path | None:
    """Memory, where there is enough: copying a database there takes 20 ms instead of 110."""
    memory = Path("/dev/shm")
    enough = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30
    return memory if enough else None


def _run_server(folder: Path) -> Iterator[Server]:
    programs = Path(os.environ.get("PESAN_TEST_POSTGRES_BIN") or program("postgres").parent)
    account = server_account(folder / "data")
    make_readable(install_folder(), account)
    open_the_way(programs / "postgres", account)
    _give(folder, account)
    password = secrets.token_urlsafe(16)
    _initialise(programs, folder, account, password)
    process = _start(programs, folder, account)
    server = Server(_url(folder, password))
    try:
        _wait(server, process)
        yield server
    finally:
        server.close()
        process.send_signal(signal.SIGINT)  # SIGTERM would wait for whoever is still connected
        _stop(process)


def _initialise(programs: Path, folder: Path, account: Account, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    _give(secret, account)
    command: list[str | Path] = [
        programs / "initdb",
        "-D",
        folder / "data",
        "-U",
        OWNER,
        f"--pwfile={secret}",
        "--no-sync",
    ]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", *_quick_passwords(programs)]
    subprocess.run(command, check=True, capture_output=True, cwd="/", env=ENVIRONMENT, **account.identity())


def _quick_passwords(programs: Path) -> list[str]:
    """Passwords are asked for as in production, and hashed once instead of 4,096 times; 15 has no word for that."""
    said = subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, text=True)
    return [] if " 15." in said.stdout else ["-c", "scram_iterations=1"]


def _give(path: Path, account: Account) -> None:
    if not account.is_ours:
        shutil.chown(path, account.uid, account.gid)


def _start(programs: Path, folder: Path, account: Account) -> subprocess.Popen[bytes]:
    settings = {**SETTINGS, "unix_socket_directories": str(folder)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *options],
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **account.identity(),
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _url(folder: Path, password: str) -> URL:
    return URL.create("postgresql+psycopg", OWNER, password, database="postgres", query={"host": str(folder)})


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the test database ended before it answered")
        with suppress(psycopg.OperationalError), server.connect():
            return
        time.sleep(0.1)
    raise TimeoutError("the test database does not answer")
