"""When Redis is away, sales go on: the database counts."""

import time

from redis.exceptions import RedisError

from pesan.logging import get_logger
from pesan.web.limits.counters import Counters, Hit, Tally

log = get_logger(__name__)

# How long Redis is left alone after it failed, so that not every request waits for its timeout.
PAUSE_SECONDS = 5.0


class FallbackCounters:
    """Asks `first`; while that fails, `second`.

    Both count on their own, so a change over forgives at most one quota.
    """

    def __init__(self, first: Counters, second: Counters) -> None:
        self._first = first
        self._second = second
        self._paused_until = 0.0

    async def add(self, hit: Hit) -> Tally:
        """Count `hit` wherever counting works."""
        if time.monotonic() >= self._paused_until:
            try:
                return await self._first.add(hit)
            except (RedisError, OSError, TimeoutError) as error:
                self._paused_until = time.monotonic() + PAUSE_SECONDS
                log.warning("rate limits count in the database, Redis is away", error=type(error).__name__)
        return await self._second.add(hit)

    async def close(self) -> None:
        """Close both."""
        await self._first.close()
        await self._second.close()
