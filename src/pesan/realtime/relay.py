"""One numbered feed, read once in each process and told to everybody there who follows it, in order and without a gap.

The feed itself is in the database: a follower says the last number that it heard, and goes on from there in whichever
process it comes to.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from pesan.errors import Busy
from pesan.logging import get_logger
from pesan.realtime.hub import Hub

log = get_logger(__name__)

BATCH = 256
"""The most that is read at once."""
RECENT = 256
"""How many messages are kept in memory, for those who come back after a short while."""
ROOM = 512
"""How many messages a follower may be behind."""
PAUSE_SECONDS = (0.5, 1.5)


@dataclass(frozen=True, slots=True)
class Ending:
    """Why somebody hears no more: a close code (RFC 6455, 7.4, or 4000 and more) and a stable word."""

    code: int
    reason: str


GOING_AWAY: Final = Ending(1001, "realtime.going_away")
FAILED: Final = Ending(1011, "internal")
LOST: Final = Ending(1012, "realtime.lost")
SLOW: Final = Ending(1013, "realtime.slow")


@dataclass(frozen=True, slots=True)
class Message:
    """Something that a feed tells, encoded once for all; `about` is for those who hear of one thing only."""

    seq: int
    text: str
    about: UUID | None = None


class Source(Protocol):
    """A feed whose numbers have no gap, and become visible in their order."""

    async def head(self) -> int:
        """The number of the last message; 0 when there is none."""

    async def after(self, seq: int, limit: int) -> Sequence[Message]:
        """The next messages after `seq`, in order."""


class Outbox:
    """What one follower has yet to be told; when that is too much, `on_full` is called and nothing more is kept."""

    def __init__(self, messages: Sequence[Message], on_full: Callable[[], None]) -> None:
        self.ending: Ending | None = None
        self._messages = list(messages)
        self._on_full = on_full
        self._news = asyncio.Event()
        self._news.set()

    def put(self, message: Message) -> None:
        """Add a message; never waits."""
        if len(self._messages) >= ROOM:
            self._on_full()
        else:
            self._messages.append(message)
            self._news.set()

    def end(self, ending: Ending) -> None:
        """Let the follower go once it was told what is here."""
        self.ending = self.ending or ending
        self._news.set()

    def wake(self) -> None:
        """Let `take` return, with whatever there is."""
        self._news.set()

    async def take(self) -> Sequence[Message]:
        """Everything that is here now, as soon as there is something, somebody called `wake`, or it ended."""
        await self._news.wait()
        if self.ending is None:
            self._news.clear()
        taken, self._messages = self._messages, []
        return taken


class Relay:
    """The one reader of a feed in this process, and whoever follows it here."""

    def __init__(self, hub: Hub, topic: str, source: Source, *, poll: float) -> None:
        self.users = 0
        self._hub = hub
        self._topic = topic
        self._source = source
        self._poll = poll
        self._seq: int | None = None
        self._recent: deque[Message] = deque(maxlen=RECENT)
        self._followers: set[Outbox] = set()
        self._reading = asyncio.Lock()
        self._ending: Ending | None = None
        self._task = asyncio.create_task(self._run())

    @property
    def is_over(self) -> bool:
        """Whether nobody is told anything any more."""
        return self._ending is not None

    @property
    def seq(self) -> int:
        """The number of the last message that was read here; asked after `catch_up`."""
        assert self._seq is not None
        return self._seq

    async def catch_up(self) -> None:
        """Read and tell what is new; of many who ask at once one reads. Raises Busy."""
        async with self._reading:
            if self._seq is None:
                self._seq = await self._begin()
            batch: Sequence[Message] = await self._source.after(self._seq, BATCH)
            while batch:
                self._tell(batch)
                batch = await self._source.after(self.seq, BATCH) if len(batch) == BATCH else ()

    async def reach(self, seq: int | None) -> None:
        """Know where the feed is, and at least as far as `seq` if it goes so far. Raises Busy."""
        if self._seq is None or (seq is not None and seq > self._seq):
            await self.catch_up()

    def follow(self, after: int, on_full: Callable[[], None]) -> Outbox | None:
        """An outbox that gets every message after number `after`; None when memory does not reach back so far."""
        missed = self._recall(after)
        if missed is None:
            return None
        outbox = Outbox(missed, on_full)
        self._followers.add(outbox)
        if self._ending is not None:
            outbox.end(self._ending)
        return outbox

    def leave(self, outbox: Outbox) -> None:
        """Tell `outbox` nothing more."""
        self._followers.discard(outbox)

    async def older(self, after: int) -> Sequence[Message] | None:
        """The next messages after number `after`, from the feed itself; None when some were forgotten. Raises Busy."""
        batch = await self._source.after(after, BATCH)
        return batch if batch and is_unbroken(after, batch) else None

    async def stop(self) -> None:
        """Read no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        ending = FAILED
        try:
            await self._read_for_ever()
            ending = GOING_AWAY
        except Exception:
            log.exception("realtime.relay_failed")
        finally:
            self._end(ending)

    async def _read_for_ever(self) -> None:
        """After each hint, and now and then without one: a hint may be lost. Ends with the hub."""
        with self._hub.subscribe([self._topic]) as subscription:
            while not subscription.is_closed:
                try:
                    await self.catch_up()
                except Busy:
                    await asyncio.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311
                    subscription.wake()
                await subscription.wait(self._poll)

    async def _begin(self) -> int:
        """Remember the latest messages; the number of the last one."""
        head = await self._source.head()
        latest = await self._source.after(max(0, head - RECENT), RECENT)
        if latest and latest[-1].seq >= head:
            self._remember(latest)
            return latest[-1].seq
        return head

    def _tell(self, batch: Sequence[Message]) -> None:
        if not is_unbroken(self.seq, batch):
            # Forgotten before they were read here. Whoever comes back is told to read everything anew.
            self._recent.clear()
            self._dismiss(LOST)
        self._remember(batch)
        self._seq = batch[-1].seq
        for message in batch:
            for follower in self._followers:
                follower.put(message)

    def _remember(self, batch: Sequence[Message]) -> None:
        for message in batch:
            if self._recent and message.seq != self._recent[-1].seq + 1:
                self._recent.clear()
            self._recent.append(message)

    def _recall(self, after: int) -> Sequence[Message] | None:
        if after == self.seq:
            return ()
        if self._recent and self._recent[0].seq - 1 <= after < self.seq:
            return [message for message in self._recent if message.seq > after]
        return None

    def _end(self, ending: Ending) -> None:
        self._ending = ending
        self._dismiss(ending)

    def _dismiss(self, ending: Ending) -> None:
        followers, self._followers = self._followers, set()
        for follower in followers:
            follower.end(ending)


def is_unbroken(after: int, batch: Sequence[Message]) -> bool:
    """Whether `batch` goes on from number `after` without a gap."""
    return [message.seq for message in batch] == list(range(after + 1, after + 1 + len(batch)))
