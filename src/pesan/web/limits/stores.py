"""Which store counts, by the settings."""

from pesan.db import Database
from pesan.web.limits.counters import Counters, NullCounters
from pesan.web.limits.fallback import FallbackCounters
from pesan.web.limits.postgres import PostgresCounters
from pesan.web.limits.redis import RedisCounters


def make_counters(database: Database, *, redis_url: str = "", is_on: bool = True) -> Counters:
    """Redis with the database behind it, the database alone, or nothing at all."""
    if not is_on:
        return NullCounters()
    shared = PostgresCounters(database)
    return FallbackCounters(RedisCounters(redis_url), shared) if redis_url else shared
