"""One read for many streams that show the same thing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedReads(Generic[T]):
    """Reads by key, each shared by everybody who asked before it began.

    A hint on a hot topic wakes hundreds of streams of a process at once; they need one read, and it must have begun
    after the hint: joining one that runs already could miss the very change.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Task[T]] = {}
        self._running: dict[str, asyncio.Task[T]] = {}

    async def read(self, key: str, fetch: Callable[[], Awaitable[T]]) -> T:
        """What `fetch` returns when it is called after this call; not necessarily by this caller."""
        turn = self._waiting.get(key)
        if turn is None:
            turn = self._waiting[key] = asyncio.create_task(self._turn(key, fetch))
        # One reader that goes away must not take the others' answer along.
        return await asyncio.shield(turn)

    async def _turn(self, key: str, fetch: Callable[[], Awaitable[T]]) -> T:
        before = self._running.get(key)
        if before is not None:
            await asyncio.wait({before})
        turn = self._running[key] = self._waiting.pop(key)
        try:
            return await fetch()
        finally:
            if self._running.get(key) is turn:
                del self._running[key]
