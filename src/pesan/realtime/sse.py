"""Server-sent events (WHATWG HTML, 9.2): the state of something now, and again whenever it changes.

An event carries the whole state and its version as the event's id, so a client that comes back says which one it has
(`Last-Event-ID`) and gets an event only if there is a newer one.
"""

import asyncio
import contextlib
import random
import weakref
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pesan.errors import Busy
from pesan.logging import get_logger
from pesan.realtime.gate import Place, StreamGate
from pesan.realtime.hub import Hub, Signal, Subscription

log = get_logger(__name__)

HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Something's state: `version` differs whenever `data` does, and a final state never changes again."""

    version: str
    data: str
    event: str = "state"
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How a stream behaves, in seconds.

    `gap` lies between two events of one stream, `retry` before a client comes back, at random between both values so
    that a restart is not followed by a crowd; `lifetime` moves long streams to whichever process serves then.
    """

    heartbeat: float = 15.0
    gap: float = 0.5
    retry: tuple[float, float] = (2.0, 5.0)
    lifetime: float = 3600.0


Fetch = Callable[[], Awaitable[Snapshot]]
PACE: Final = Pace()


async def stream(
    hub: Hub,
    gate: StreamGate,
    *,
    topics: Iterable[str],
    peer: str,
    fetch: Fetch,
    last_event_id: str | None = None,
    pace: Pace = PACE,
) -> Response:
    """The response that streams what `fetch` returns, first now and then after each hint on `topics`.

    `fetch` opens and closes its own session, so a stream that waits holds none. Its first call happens here, and what
    it raises is the answer. A client that has the final state already gets 204, which tells it to stop.
    Raises StreamsBusy.
    """
    place = gate.enter(peer)
    subscription = hub.subscribe(topics)
    try:
        first = await fetch()
    except BaseException:
        _leave(place, subscription)
        raise
    if first.is_final and first.version == last_event_id:
        _leave(place, subscription)
        return Response(status_code=204, headers=HEADERS)
    response = EventStream(subscription, first, fetch, pace=pace, last_event_id=last_event_id)
    # Also when the response is dropped before it is ever sent.
    weakref.finalize(response, _leave, place, subscription)
    response.on_end = lambda: _leave(place, subscription)
    return response


def encode(snapshot: Snapshot) -> bytes:
    """One event; line breaks inside the data become several data fields, which the client joins again."""
    data = "".join(f"data: {line}\n" for line in snapshot.data.splitlines() or [""])
    return f"id: {snapshot.version}\nevent: {snapshot.event}\n{data}\n".encode()


class EventStream(Response):
    """Sends events until the state is final, the client leaves, the hub closes or the stream is old."""

    media_type = "text/event-stream"

    def __init__(
        self,
        subscription: Subscription,
        first: Snapshot,
        fetch: Fetch,
        *,
        pace: Pace,
        last_event_id: str | None,
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self.on_end: Callable[[], None] = lambda: None
        self._subscription = subscription
        self._first = first
        self._fetch = fetch
        self._pace = pace
        self._last = last_event_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002, D102  ASGI's own
        telling = asyncio.create_task(self._tell(send))
        watching = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait({telling, watching}, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                with contextlib.suppress(OSError):  # the client left while we spoke
                    telling.result()
        finally:
            self.on_end()
            telling.cancel()
            watching.cancel()
            await asyncio.gather(telling, watching, return_exceptions=True)

    async def _tell(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        retry = round(1000 * random.uniform(*self._pace.retry))  # noqa: S311
        await _send_body(send, f"retry: {retry}\n\n".encode())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.lifetime):
                await self._tell_changes(send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell_changes(self, send: Send) -> None:
        snapshot: Snapshot | None = self._first
        while snapshot is not None:
            if snapshot.version != self._last:
                await _send_body(send, encode(snapshot))
                self._last = snapshot.version
                await asyncio.sleep(0 if snapshot.is_final else self._pace.gap)
            snapshot = None if snapshot.is_final else await self._next(send)

    async def _next(self, send: Send) -> Snapshot | None:
        """The state after the next hint, speaking up now and then while there is none; None ends the stream."""
        while not self._subscription.is_closed:
            signal = await self._subscription.wait(self._pace.heartbeat)
            if signal is Signal.IDLE:
                await _send_body(send, b": still here\n\n")
            elif not self._subscription.is_closed:
                with contextlib.suppress(Busy):
                    return await self._fetch()
                await self._try_again_soon()
        return None

    async def _try_again_soon(self) -> None:
        """The database is away; the change is not forgotten over it."""
        await asyncio.sleep(random.uniform(*self._pace.retry))  # noqa: S311
        self._subscription.wake()


async def _send_body(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _leave(place: Place, subscription: Subscription) -> None:
    subscription.close()
    place.leave()
