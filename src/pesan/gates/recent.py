"""What many devices ask for at the same time, worked out now and then."""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_MOST = 500


class Recent(Generic[K, V]):
    """Answers by key that may be `seconds` old; only for what is shown and decides nothing."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._found: dict[K, tuple[float, V]] = {}

    async def get(self, key: K, find: Callable[[], Awaitable[V]]) -> V:
        """The answer for `key`, by `find` when there is none that is recent."""
        at, now = self._found.get(key), time.monotonic()
        if at is not None and now - at[0] < self._seconds:
            return at[1]
        answer = await find()
        if len(self._found) >= _MOST:
            self._found.clear()
        self._found[key] = (now, answer)
        return answer
