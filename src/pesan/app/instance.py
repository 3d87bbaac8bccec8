"""A running instance as a process meets it: its settings, its database brought up to date, its log-ins."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import URL, make_url

from pesan.app.modules import build_schema
from pesan.db import Database
from pesan.db.embedded import EmbeddedServer, ServerHandle
from pesan.db.schema import login_url, migrate
from pesan.settings import Settings, require_safe

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Instance:
    """The database of an instance, reachable for as long as the context that made it lasts."""

    settings: Settings
    owner_url: URL
    server: ServerHandle | None

    def open_database(self, login: str, *, pool_size: int | None = None) -> Database:
        """A pool that logs in as `web` or `worker`; the caller disposes of it."""
        settings = self.settings
        # Longer than the server's own limit on a statement, and still within what people wait for a page.
        answer_seconds = settings.statement_timeout_ms / 1_000 + 1 if login == "web" else None
        url = login_url(self.owner_url, login, secret=settings.secret, prefix=settings.database_role_prefix)
        return Database(
            url,
            role_prefix=settings.database_role_prefix,
            pool_size=pool_size or settings.database_pool_size,
            lock_timeout_ms=settings.lock_timeout_ms,
            statement_timeout_ms=settings.statement_timeout_ms,
            answer_seconds=answer_seconds,
        )

    def migrate(self) -> bool:
        """Bring the schema up to date; returns whether anything changed."""
        settings = self.settings
        return migrate(
            self.owner_url, build_schema(), secret=settings.secret, prefix=settings.database_role_prefix
        )


@contextmanager
def open_instance(
    settings: Settings, progress: Progress | None = None, *, may_initialise: bool = False
) -> Iterator[Instance]:
    """Reach the database: the one that the settings name, or the embedded one, found running or started.

    The embedded server runs at least as long as the context; the last process to leave stops it. In production only
    a caller that says `may_initialise` makes a database where there is none: an unmounted disk looks the same.
    Raises UnsafeSettings, because log-ins follow from the secret, and a wrong one would lock the others out;
    EmbeddedServerError.
    """
    require_safe(settings)
    if settings.database_url:
        yield Instance(settings, make_url(settings.database_url).set(drivername="postgresql+psycopg"), None)
        return
    may_initialise = may_initialise or not settings.is_production
    server = EmbeddedServer(settings.home, may_initialise=may_initialise, locale="en")
    with server.acquire(progress) as handle:
        yield Instance(settings, make_url(handle.url()), handle)
