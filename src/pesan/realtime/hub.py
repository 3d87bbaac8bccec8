"""The hub of a process: takes hints, wakes whoever listens here, passes them on to the other processes."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Iterable
from enum import Enum
from types import TracebackType
from typing import Self

from sqlalchemy import URL

from pesan.realtime.link import Link
from pesan.realtime.payload import Hint, topic_key

# A hot topic is told of at most this often; a quiet one at once.
COALESCE_SECONDS = 0.075
# When everybody has to look again, they do so over this time and not in one moment.
SPREAD_SECONDS = 2.0


class Signal(Enum):
    """Why a listener was woken."""

    CHANGED = "changed"
    IDLE = "idle"


class Subscription:
    """One listener's place in the hub: remembers that something changed, never how often.

    A context manager; leaving it ends the subscription.
    """

    def __init__(self, hub: "Hub", keys: frozenset[str]) -> None:
        self.keys = keys
        self.is_closed = False
        self._hub = hub
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Note that something changed."""
        self._changed.set()

    def close(self) -> None:
        """End the subscription, waking whoever waits; harmless when repeated."""
        self.is_closed = True
        self._changed.set()
        self._hub.forget(self)

    async def wait(self, seconds: float) -> Signal:
        """Until something changed, the subscription is closed, or `seconds` passed."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return Signal.IDLE
        self._changed.clear()
        return Signal.CHANGED

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Hub:
    """Hints by topic; an async context manager that lives as long as its process works.

    A hint says "changed" and nothing else, so losing one, repeating one or getting one too early does no harm:
    who is woken reads again. Topics are names with ids, such as `order:{order_id}`. Without `url` the hub serves
    its own process only. `url` must reach the server itself: LISTEN does not pass through a transaction pooler.
    """

    def __init__(self, url: URL | None = None, *, spread: float = SPREAD_SECONDS, poll: float = 8.0) -> None:
        self.id = secrets.token_hex(4)
        self._spread = spread
        self._listeners: dict[str, set[Subscription]] = {}
        self._pending: set[str] = set()
        self._flushing: asyncio.TimerHandle | None = None
        self._flushed_at = 0.0
        self._link = Link(url, self.id, self._receive, poll=poll) if url is not None else None
        self._is_closed = False

    @property
    def is_connected(self) -> bool:
        """Whether hints of other processes arrive at once rather than by polling."""
        return self._link is None or self._link.is_alive

    def hint(self, topic: str) -> None:
        """Say that `topic` changed; call it after the commit, from the event loop. Returns at once."""
        if self._is_closed:
            return
        self._pending.add(topic_key(topic))
        if self._flushing is None:
            loop = asyncio.get_running_loop()
            self._flushing = loop.call_at(max(loop.time(), self._flushed_at + COALESCE_SECONDS), self._flush)

    def subscribe(self, topics: Iterable[str]) -> Subscription:
        """Start to listen; what changes from now on is noticed."""
        subscription = Subscription(self, frozenset(topic_key(topic) for topic in topics))
        if self._is_closed:
            subscription.close()
        for key in subscription.keys:
            self._listeners.setdefault(key, set()).add(subscription)
        return subscription

    async def listen(self, topics: Iterable[str], *, heartbeat: float = 15.0) -> AsyncIterator[Signal]:
        """CHANGED at once and after every change, IDLE when nothing changed for `heartbeat` seconds; ends with the hub.

        The first CHANGED comes after listening began, so whoever then reads misses nothing.
        """
        with self.subscribe(topics) as subscription:
            subscription.wake()
            while True:
                signal = await subscription.wait(heartbeat)
                if subscription.is_closed:
                    return
                yield signal

    def forget(self, subscription: Subscription) -> None:
        """Stop waking `subscription`."""
        for key in subscription.keys:
            listeners = self._listeners.get(key)
            if listeners is not None:
                listeners.discard(subscription)
                if not listeners:
                    del self._listeners[key]

    def close(self) -> None:
        """End every subscription and accept no more: streams end, and their clients come back elsewhere."""
        self._is_closed = True
        for subscription in self._everybody():
            subscription.close()

    async def __aenter__(self) -> Self:
        if self._link is not None:
            self._link.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self._flushing is not None:
            self._flushing.cancel()
        if self._link is not None:
            await self._link.stop()

    def _flush(self) -> None:
        self._flushing = None
        self._flushed_at = asyncio.get_running_loop().time()
        keys, self._pending = self._pending, set()
        self._wake(keys)
        if self._link is not None:
            self._link.send(keys)

    def _receive(self, hint: Hint) -> None:
        if hint.is_everything:
            self._wake_everybody()
        elif hint.sender != self.id:  # our own were heard here before they left
            self._wake(hint.keys)

    def _wake(self, keys: Iterable[str]) -> None:
        for key in keys:
            for subscription in self._listeners.get(key, ()):
                subscription.wake()

    def _wake_everybody(self) -> None:
        loop = asyncio.get_running_loop()
        for subscription in self._everybody():
            loop.call_later(random.uniform(0, self._spread), subscription.wake)  # noqa: S311

    def _everybody(self) -> set[Subscription]:
        return {subscription for listeners in self._listeners.values() for subscription in listeners}
