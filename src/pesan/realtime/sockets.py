"""WebSockets (RFC 6455) that follow a numbered feed: hello, what was missed, and then everything as it happens.

Nobody is waited for: whoever reads more slowly than the feed tells is dropped, and goes on later from the last number
they heard. An open socket holds no session and no connection to the database.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol
from uuid import UUID

from starlette.websockets import WebSocket, WebSocketDisconnect

from pesan.errors import Busy, PesanError
from pesan.kit import metrics
from pesan.logging import get_logger
from pesan.realtime.gate import StreamGate
from pesan.realtime.hub import Hub
from pesan.realtime.relay import BATCH, FAILED, GOING_AWAY, SLOW, Ending, Message, Outbox, Relay, Source

log = get_logger(__name__)

LEFT: Final = Ending(1000, "left")
TOO_LARGE: Final = Ending(1009, "realtime.too_large")
TOO_MANY: Final = Ending(1008, "realtime.too_many")
MOST_REPLAYED = 8 * BATCH
"""Whoever missed more reads the state anew, which is less."""
# Whoever is here already should not wait for the database behind a crowd that comes in.
OPENED_AT_ONCE = 4
# Who follows a feed has nothing to say but that they are there.
INBOUND_CHARACTERS = 1_024
INBOUND_COUNT = 20
INBOUND_SECONDS = 10.0
# What an error means in the codes that are free for applications.
_CODES = {401: 4401, 403: 4403, 404: 4403, 429: 1013, 503: 1013}
_POLICY_VIOLATION = 1008


@dataclass(frozen=True, slots=True)
class Pace:
    """How sockets behave, in seconds.

    A listener is asked about every `check`; `send` is how long one message may take to leave, `close` how long a close
    frame; a lost hint costs `poll`; `lifetime` moves old sockets to whichever process serves then.
    """

    beat: float = 20.0
    check: float = 5.0
    poll: float = 5.0
    send: float = 10.0
    close: float = 2.0
    lifetime: float = 3600.0


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens: `peer` is what their sockets are counted by, `check` raises once they may no more.

    With `about` they hear of that one thing, and of what is about nothing in particular.
    """

    peer: str
    check: Callable[[], Awaitable[None]]
    about: UUID | None = None

    def hears(self, message: Message) -> bool:
        """Whether the message is for them."""
        return self.about is None or message.about is None or message.about == self.about


class Script(Protocol):
    """What is said beside the feed's own messages."""

    def hello(self, seq: int) -> str:
        """First of all: where the feed is."""
        ...

    def reset(self, seq: int) -> str:
        """What lies between is not known any more; the state has to be read anew, and `seq` is where it goes on."""
        ...

    def beat(self, seq: int) -> str:
        """Still here; `seq` is the last number that this socket was told."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """Something to follow: the hub's topic, the feed behind it, and the words for it."""

    topic: str
    source: Source
    script: Script


class Sockets:
    """The open sockets of one process, with one reader for each feed and one watch over who may listen."""

    def __init__(self, hub: Hub, gate: StreamGate, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self.opening = asyncio.Semaphore(OPENED_AT_ONCE)
        """To find out who somebody is: when another process ends, all of its sockets come here at the same moment."""
        self._hub = hub
        self._gate = gate
        self._relays: dict[str, Relay] = {}
        self._open: set[Connection] = set()
        self._watch: asyncio.Task[None] | None = None
        self._is_leaving = False

    async def serve(
        self, websocket: WebSocket, listener: Listener, channel: Channel, *, since: int | None
    ) -> None:
        """Tell an accepted socket what happened after number `since`, until either side ends it. Raises StreamsBusy."""
        if self._is_leaving:
            await _send_away(websocket)
            return
        place = self._gate.enter(listener.peer)
        metrics.SOCKETS_OPEN.inc()
        relay = self._enter(channel)
        connection = Connection(websocket, listener, channel.script, self.pace)
        self._open.add(connection)
        self._keep_watch()
        try:
            await connection.run(relay, since)
        finally:
            self._open.discard(connection)
            if not self._open:
                self._end_watch()
            metrics.SOCKETS_OPEN.inc(-1)
            place.leave()
            await self._leave(channel.topic, relay)

    def leave(self) -> None:
        """Send everybody away, and whoever still comes: for a process that ends soon, while others take them.

        The server does not wait for open sockets when it is told to end, so not all may hear a word then.
        """
        if not self._is_leaving:
            self._is_leaving = True
            for connection in self._open:
                connection.end(GOING_AWAY)

    def _enter(self, channel: Channel) -> Relay:
        relay = self._relays.get(channel.topic)
        if relay is None or relay.is_over:
            relay = Relay(self._hub, channel.topic, channel.source, poll=self.pace.poll)
            self._relays[channel.topic] = relay
        relay.users += 1
        return relay

    async def _leave(self, topic: str, relay: Relay) -> None:
        relay.users -= 1
        if not relay.users:
            if self._relays.get(topic) is relay:
                del self._relays[topic]
            await relay.stop()

    def _keep_watch(self) -> None:
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._check_in_turn())

    def _end_watch(self) -> None:
        """A watch that was told to end is nobody's: whoever comes before it ended needs one of their own."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def _check_in_turn(self) -> None:
        """Everybody once in a while, one after the other, so that no message ever waits for a check."""
        while self._open:
            turn = list(self._open)
            for connection in turn:
                await asyncio.sleep(self.pace.check / len(turn))
                if connection in self._open:
                    await connection.check()


class Connection:
    """One open socket."""

    def __init__(self, websocket: WebSocket, listener: Listener, script: Script, pace: Pace) -> None:
        self._websocket = websocket
        self._listener = listener
        self._script = script
        self._pace = pace
        self._opened = monotonic()
        self._lifetime = pace.lifetime * random.uniform(0.9, 1.1)  # noqa: S311
        self._sending_since: float | None = None
        self._seq = 0
        self._outbox: Outbox | None = None
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    async def run(self, relay: Relay, since: int | None) -> None:
        """Tell and hear until there is a reason to end."""
        tasks = [asyncio.create_task(self._tell(relay, since)), asyncio.create_task(self._hear())]
        for task in tasks:
            task.add_done_callback(self._finish)
        try:
            ending = await self._ending
            metrics.SOCKETS_ENDED.inc(ending.reason)
            await self._close(ending, *tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def end(self, ending: Ending) -> None:
        """End the socket; the first reason counts, and nothing more is told."""
        if not self._ending.done():
            self._ending.set_result(ending)
        if self._outbox is not None:
            self._outbox.wake()

    async def check(self) -> None:
        """End the socket if its time is over, if it does not read, or if its listener may not listen any more."""
        now = monotonic()
        if self._sending_since is not None and now - self._sending_since > self._pace.send:
            self.end(SLOW)
        elif now - self._opened > self._lifetime:
            self.end(GOING_AWAY)
        else:
            await self._check_listener()

    async def _check_listener(self) -> None:
        try:
            await self._listener.check()
        except Busy:
            pass  # the database is away, and tells nobody anything either
        except PesanError as error:
            self.end(ending_of(error))
        except Exception:
            log.exception("realtime.check_failed")
            self.end(FAILED)

    async def _tell(self, relay: Relay, since: int | None) -> Ending:
        try:
            await relay.reach(since)
        except Busy as error:
            return ending_of(error)
        self._seq = relay.seq if since is None else since
        await self._say(self._script.hello(relay.seq))
        self._outbox = outbox = await self._catch_up(relay)
        try:
            return await self._tell_as_it_happens(outbox)
        finally:
            relay.leave(outbox)

    async def _catch_up(self, relay: Relay) -> Outbox:
        """Tell what was missed, at the reader's own speed, up to where the relay's memory goes on."""
        oldest = relay.seq - MOST_REPLAYED
        while (outbox := relay.follow(self._seq, lambda: self.end(SLOW))) is None:
            batch = await relay.older(self._seq) if oldest <= self._seq < relay.seq else None
            if batch is None:
                self._seq = relay.seq
                await self._say(self._script.reset(self._seq))
                oldest = self._seq
                continue
            await self._tell_all(batch)
        return outbox

    async def _tell_as_it_happens(self, outbox: Outbox) -> Ending:
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + self._pace.beat
        timer = loop.call_at(beat_at, outbox.wake)
        try:
            while not self._ending.done():
                messages = await outbox.take()
                await self._tell_all(messages)
                if outbox.ending is not None and not messages:
                    return outbox.ending
                if loop.time() >= beat_at:
                    await self._say(self._script.beat(self._seq))
                    beat_at = loop.time() + self._pace.beat
                    timer = loop.call_at(beat_at, outbox.wake)
        finally:
            timer.cancel()
        return LEFT

    async def _tell_all(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if self._listener.hears(message):
                await self._say(message.text)
            self._seq = message.seq
        metrics.SOCKET_MESSAGES.inc(amount=len(messages))

    async def _say(self, text: str) -> None:
        if self._ending.done():
            return
        self._sending_since = monotonic()
        await self._websocket.send({"type": "websocket.send", "text": text})
        self._sending_since = None

    async def _hear(self) -> Ending:
        """What a client says does not matter, as long as it is little."""
        began, count = monotonic(), 0
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return LEFT
            if len(message.get("text") or message.get("bytes") or "") > INBOUND_CHARACTERS:
                return TOO_LARGE
            if monotonic() - began > INBOUND_SECONDS:
                began, count = monotonic(), 0
            count += 1
            if count > INBOUND_COUNT:
                return TOO_MANY

    def _finish(self, task: "asyncio.Task[Ending]") -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.end(task.result())
        elif isinstance(error, (OSError, RuntimeError, WebSocketDisconnect)):
            self.end(LEFT)  # the client left while we spoke
        else:
            log.error("realtime.socket_failed", exc_info=error)
            self.end(FAILED)

    async def _close(
        self, ending: Ending, telling: "asyncio.Task[Ending]", hearing: "asyncio.Task[Ending]"
    ) -> None:
        """Say why, behind what is on its way; a client that reads nothing is left without a word."""
        if ending is LEFT:
            return
        hearing.cancel()  # the server closes nothing that somebody still receives from
        try:
            async with asyncio.timeout(self._pace.close):
                await asyncio.wait({telling, hearing})
                await self._websocket.close(ending.code, ending.reason)
        except (TimeoutError, OSError, RuntimeError, WebSocketDisconnect):
            log.info("realtime.cut_off", reason=ending.reason)


async def _send_away(websocket: WebSocket) -> None:
    metrics.SOCKETS_ENDED.inc(GOING_AWAY.reason)
    with suppress(OSError, RuntimeError, WebSocketDisconnect):  # the client left first
        await websocket.close(GOING_AWAY.code, GOING_AWAY.reason)


def ending_of(error: PesanError) -> Ending:
    """How a socket ends that is refused."""
    return Ending(_CODES.get(error.status, _POLICY_VIOLATION), error.code)
