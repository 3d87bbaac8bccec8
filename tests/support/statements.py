"""Statements are compiled once in a run, as they are once in the life of a process of the service.

Every test has a database of its own, so an engine of its own, whose memory of compiled statements would begin empty:
compiling again what the tests before had compiled was a fifth of all that the tests did.
"""

from typing import Any, ClassVar

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, PGDialectAsync_psycopg
from sqlalchemy.util import LRUCache

# More than the product and its tests have together, so that none of them is forgotten.
STATEMENTS = 10_000


class SharingDialect(PGDialectAsync_psycopg):
    """The dialect of every engine; what one of them compiled serves all that write SQL as it does."""

    supports_statement_cache = True
    compiled: ClassVar[LRUCache[Any, Any]] = LRUCache(STATEMENTS)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Let a new engine remember what all of them compiled."""
        engine.update_execution_options(compiled_cache=cls.compiled)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, SharingDialect) and self._manner() == other._manner())

    def __hash__(self) -> int:
        return hash(SharingDialect)  # a dialect learns the rest of its manner when it first connects

    def _manner(self) -> tuple[object, ...]:
        version = getattr(self, "server_version_info", None)
        return version, self.compiler_linting, self._json_serializer, self._json_deserializer


class SharingDriver(PGDialect_psycopg):
    """The way to `SharingDialect`; an engine that does not wait for its loop shares nothing."""

    supports_statement_cache = True

    @classmethod
    def get_async_dialect_cls(cls, url: Any) -> type[SharingDialect]:
        """See SQLAlchemy."""
        return SharingDialect


def share_compiled_statements() -> None:
    """For all engines of this process that are made from now on."""
    registry.register("postgresql.psycopg", __name__, SharingDriver.__name__)
