"""Counters in Redis, for instances that have one."""

import time
from typing import Any

from limits.aio.storage import RedisStorage

from pesan.web.limits.counters import Hit, Tally

# A counter that answers late is worse than none: the database's takes over at once.
TIMEOUT_SECONDS = 0.5


class RedisCounters:
    """`url` is `redis://`, `rediss://` or `unix://`; raises redis's own errors and TimeoutError when it is away."""

    def __init__(self, url: str) -> None:
        address = url.replace("unix://", "redis+unix://", 1) if url.startswith("unix://") else url
        self._storage = RedisStorage(
            f"async+{address}",
            implementation="redispy",
            key_prefix="pesan:limits",
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
        )

    async def add(self, hit: Hit) -> Tally:
        """Count `hit`; the increment and the window's start are one script."""
        count = await (
            self._storage.incr(hit.key, hit.seconds, hit.amount) if hit.amount else self._storage.get(hit.key)
        )
        ends_at = await self._storage.get_expiry(hit.key)
        return Tally(count, max(0.0, ends_at - time.time()))

    async def close(self) -> None:
        """Close the connections."""
        bridge: Any = self._storage.bridge
        await bridge.get_connection().aclose()
