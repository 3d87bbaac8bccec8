"""The database that every test's own is copied from, migrated once, and how a process logs in to a copy."""

from sqlalchemy import URL

from pesan.app.modules import build_schema
from pesan.db import Database
from pesan.db.schema import login_url, migrate
from pesan.settings import Settings
from tests.support.postgres import Server

SECRET = "a-secret-for-tests-only-0123456789abcdef"
TEMPLATE = "pesan_template"


def make_template(server: Server, prefix: str) -> str:
    """Migrate the template database; the name to copy from."""
    server.drop(TEMPLATE)
    url: URL = server.create(TEMPLATE)
    migrate(url, build_schema(), secret=SECRET.encode(), prefix=prefix)
    with server.connect(TEMPLATE):
        pass  # the first to come leaves a summary of the catalogue, with which those of every copy begin
    return TEMPLATE


def open_database(settings: Settings, login: str) -> Database:
    """The pool of a process that logs in as `login`; it waits as its settings say."""
    prefix = settings.database_role_prefix
    url = login_url(settings.database_url, login, secret=settings.secret, prefix=prefix)
    return Database(
        url,
        role_prefix=prefix,
        pool_size=settings.database_pool_size,
        lock_timeout_ms=settings.lock_timeout_ms,
        statement_timeout_ms=settings.statement_timeout_ms,
    )
