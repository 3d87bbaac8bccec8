"""A PostgreSQL server of our own: found running or started, kept alive, stopped by whoever leaves last."""

from pesan.db.embedded.errors import EmbeddedServerError
from pesan.db.embedded.server import EmbeddedServer, ServerHandle

__all__ = ["EmbeddedServer", "EmbeddedServerError", "ServerHandle"]
