"""What many devices ask for at the same time, worked out now and then."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_MOST = 500


class Recent(Generic[K, V]):
    """Answers by key that may be `seconds` old; only for what is shown and decides nothing."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._found: dict[K, tuple[float, V]] = {}
        # Weak: a lock is there as long as somebody holds it or waits for it.
        self._turns: WeakValueDictionary[K, asyncio.Lock] = WeakValueDictionary()

    async def get(self, key: K, find: Callable[[], Awaitable[V]]) -> V:
        """The answer for `key`, by `find` when there is none that is recent.

        Of many who ask at once one finds it. When that one fails or goes away, the next one tries.
        """
        known = self._known(key)
        if known is not None:
            return known[1]
        async with self._turns.setdefault(key, asyncio.Lock()):
            known = self._known(key)
            if known is not None:
                return known[1]
            began = time.monotonic()
            answer = await find()
            if len(self._found) >= _MOST:
                self._found.clear()
            self._found[key] = (began, answer)
            return answer

    def _known(self, key: K) -> tuple[float, V] | None:
        known = self._found.get(key)
        return known if known is not None and time.monotonic() - known[0] < self._seconds else None
