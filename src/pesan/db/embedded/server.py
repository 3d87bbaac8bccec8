"""The embedded server as its users see it: acquire, connect, release."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from sqlalchemy import URL

from pesan.db.embedded import cluster, postmaster
from pesan.db.embedded.access import let_in
from pesan.db.embedded.account import Account, server_account
from pesan.db.embedded.errors import EmbeddedServerError
from pesan.db.embedded.filelocks import FileLock, exclusive
from pesan.db.embedded.health import conninfo
from pesan.db.embedded.layout import PORT, Layout, discard_socket_folder, private_folder
from pesan.db.embedded.startup import Startup, Waiting
from pesan.db.embedded.watch import keep_alive
from pesan.kit.i18n import DEFAULT_LOCALE, Locale

DATABASE = "pesan"
_READY_SECONDS = 900.0


class EmbeddedServer:
    """The PostgreSQL server whose files lie in `home`/postgres."""

    def __init__(
        self,
        home: Path,
        *,
        may_initialise: bool = True,
        ready_seconds: float = _READY_SECONDS,
        locale: Locale = DEFAULT_LOCALE,
    ) -> None:
        self.home = home.absolute()
        self.layout = Layout(self.home / "postgres")
        self._may_initialise = may_initialise
        self._ready_seconds = ready_seconds
        self._locale = locale

    def acquire(self, progress: Callable[[str], None] | None = None) -> "ServerHandle":
        """Use the server: find it running, or make and start it; blocks until it answers, minutes in a recovery.

        `progress` hears, in the server's locale, why it takes long. The server runs at least until the handle is
        released.

        **Locks**: the start lock while it works; a share of the users' lock until released.
        **Raises** EmbeddedServerError, which says what to do; a missing database is never replaced by an empty one.
        """
        try:
            return self._acquire(Waiting(progress, self._locale, self._ready_seconds))
        except (OSError, psycopg.Error) as error:
            raise EmbeddedServerError(detail=str(error)) from error

    def _acquire(self, waiting: Waiting) -> "ServerHandle":
        account = server_account(self.layout.folder)
        self._check_data()
        self._prepare_folders(account)
        with exclusive(self.layout.start_lock, account, while_waiting=waiting.for_others):
            if not self._check_data():
                waiting.say_initialising()
                cluster.initialise(self.layout, account)
            cluster.remember(self.layout, account)
            users = FileLock(self.layout.users_lock, account)
            try:
                users.share()
                return self._bring_up(account, users, waiting)
            except BaseException:
                users.close()
                raise

    def _check_data(self) -> bool:
        """Asked before anything is made, and again under the lock, when another may have made it."""
        return cluster.check_data(self.layout, may_initialise=self._may_initialise)

    def _prepare_folders(self, account: Account) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        private_folder(self.layout.folder, account)
        let_in(account, self.layout.data)

    def _bring_up(self, account: Account, users: FileLock, waiting: Waiting) -> "ServerHandle":
        password = self.layout.password.read_text()
        Startup(self.layout, account, password).until_it_answers(waiting)
        handle = ServerHandle(self.layout, account, password, users)
        handle.create_database(DATABASE)
        return handle


class ServerHandle:
    """A use of the running server, which lasts until `release`; the last one to be released stops it."""

    def __init__(self, layout: Layout, account: Account, password: str, users: FileLock) -> None:
        self._layout = layout
        self._account = account
        self._password = password
        self._users: FileLock | None = users
        self._released = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def socket_folder(self) -> Path:
        """The private folder of the server's socket, as `host` of a connection."""
        return self._layout.find_socket_folder()

    def url(self, dbname: str = DATABASE) -> str:
        """SQLAlchemy's URL of a database, as its owner, a superuser; it holds the password."""
        url = URL.create(
            "postgresql+psycopg",
            username=cluster.SUPERUSER,
            password=self._password,
            database=dbname,
            query={"host": str(self.socket_folder), "port": str(PORT)},
        )
        return url.render_as_string(hide_password=False)

    def conninfo(self, dbname: str = DATABASE) -> str:
        """The same for psycopg itself."""
        return conninfo(self.socket_folder, self._password, user=cluster.SUPERUSER, database=dbname)

    def create_database(self, name: str) -> None:
        """Make the database unless it exists."""
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
            if found is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    def watch(self, stop_event: threading.Event | None = None) -> threading.Thread:
        """Start a thread that starts the server again whenever it dies, until the event is set or on release."""
        startup = Startup(self._layout, self._account, self._password)
        arguments = (startup, self._released, stop_event or threading.Event())
        self._watcher = threading.Thread(
            target=keep_alive, args=arguments, name="postgres-watch", daemon=True
        )
        self._watcher.start()
        return self._watcher

    def release(self) -> None:
        """Stop using the server, and stop it when nobody else uses it; a second call does nothing."""
        users, self._users = self._users, None
        if users is None:
            return
        self._released.set()
        if self._watcher is not None:
            self._watcher.join()
        with exclusive(self._layout.start_lock, self._account, while_waiting=lambda: None):
            try:
                if users.try_exclusive():
                    self._stop()
            finally:
                users.close()

    def _stop(self) -> None:
        postmaster.stop(self._layout, self._account)
        if not postmaster.is_running(self._layout, self._account):
            discard_socket_folder(self._layout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
