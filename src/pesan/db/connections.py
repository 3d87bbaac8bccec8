"""How many connections the processes of an instance may open, and whether the server has room for them."""

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

# Beside its pool a process listens for hints on one connection and sends them on another.
_BESIDE_THE_POOL = 2
# The owner's: migrations, commands, backups, a look by psql.
_KEPT_FREE = 5


def overflow_of(pool_size: int) -> int:
    """How many connections a full pool may open for a moment: a rush should wait here, not at the server."""
    return max(2, pool_size // 4)


def connections_needed(web_workers: int, pool_size: int) -> int:
    """The most that `web_workers` web processes and one worker process may have open together."""
    return (web_workers + 1) * (pool_size + overflow_of(pool_size) + _BESIDE_THE_POOL)


def find_shortage(owner_url: str | URL, *, web_workers: int, pool_size: int) -> str | None:
    """What to change when the server has too few connections for so many processes; None when it has enough."""
    room, needed = _room(owner_url), connections_needed(web_workers, pool_size)
    if needed <= room:
        return None
    return (
        f"{web_workers} web processes and the worker may open {needed} connections,"
        f" and the database has {room} for them. Raise max_connections, or lower PESAN_DATABASE_POOL_SIZE or --workers."
    )


def _room(owner_url: str | URL) -> int:
    url = make_url(owner_url) if isinstance(owner_url, str) else owner_url
    engine = create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        reserved = "current_setting('superuser_reserved_connections')::integer"
        query = text(f"SELECT current_setting('max_connections')::integer - {reserved}")
        return int(connection.execute(query).scalar_one()) - _KEPT_FREE


def conninfo_of(url: URL) -> str:
    """The address as libpq reads it, whose addresses know no `+` for the space in a folder's name."""
    address, mark, query = (
        url.set(drivername="postgresql").render_as_string(hide_password=False).partition("?")
    )
    return address + mark + query.replace("+", "%20")
