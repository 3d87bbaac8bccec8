"""The database that every test's own is copied from: migrated once, as an instance would be."""

from sqlalchemy import URL

from pesan.app.modules import build_schema
from pesan.db.schema import migrate
from tests.support.postgres import Server

SECRET = "a-secret-for-tests-only-0123456789abcdef"
TEMPLATE = "pesan_template"


def make_template(server: Server, prefix: str) -> str:
    """Migrate the template database; the name to copy from."""
    server.drop(TEMPLATE)
    url: URL = server.create(TEMPLATE)
    migrate(url, build_schema(), secret=SECRET.encode(), prefix=prefix)
    return TEMPLATE
