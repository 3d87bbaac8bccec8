"""Jobs of this module."""

from sqlalchemy import CursorResult, text

from pesan.db import Actor, Database, WriteSession
from pesan.jobs import task
from pesan.kit.registry import Registry

_CHUNK = 5_000
_PURGE = text(
    # The end is asked for twice: between finding a counter and deleting it, its window may have started anew.
    "DELETE FROM rate_counters WHERE expires_at < clock_timestamp() AND key IN"
    " (SELECT key FROM rate_counters WHERE expires_at < clock_timestamp() LIMIT :chunk)"
)


@task("web.purge_rate_counters", every="7,37 * * * *")
async def purge_rate_counters(deps: Registry) -> None:
    """Forget counters whose window is over, in chunks."""
    while True:
        async with deps[Database].write(Actor.system("web")) as session:
            if await purge_chunk(session) < _CHUNK:
                return


async def purge_chunk(session: WriteSession) -> int:
    """Forget at most one chunk; returns how many."""
    result = await session.execute(_PURGE, {"chunk": _CHUNK})
    return result.rowcount if isinstance(result, CursorResult) else 0
