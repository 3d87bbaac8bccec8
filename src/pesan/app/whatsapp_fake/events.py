"""Tells open pages, and tests that wait, what happened."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MOST_BEHIND = 1_000


class Events:
    """Everybody who listens gets every event; who falls far behind is told to look again."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str | None]] = set()

    @contextmanager
    def listening(self) -> Iterator["asyncio.Queue[str | None]"]:
        """A queue of events as JSON; None says that nothing follows."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def tell(self, kind: str, **details: Any) -> None:
        """Something happened."""
        if not self._listeners:
            return
        line = json.dumps({"kind": kind, **details})
        for queue in self._listeners:
            if queue.qsize() < MOST_BEHIND:
                queue.put_nowait(line)
            elif queue.qsize() == MOST_BEHIND:
                queue.put_nowait(json.dumps({"kind": "behind"}))

    def close(self) -> None:
        """End every stream."""
        for queue in self._listeners:
            queue.put_nowait(None)
