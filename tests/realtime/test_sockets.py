"""Sockets of one process that come and go, with a feed that says nothing and nobody asked who they are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from starlette.websockets import WebSocket

from pesan.errors import Forbidden
from pesan.realtime import Hub
from pesan.realtime.gate import StreamGate
from pesan.realtime.relay import Message
from pesan.realtime.sockets import Channel, Listener, Pace, Sockets

Check = Callable[[], Awaitable[None]]


class Quiet:
    """A feed in which nothing happens, and its words."""

    async def head(self) -> int:
        return 0

    async def after(self, seq: int, limit: int) -> Sequence[Message]:
        return ()

    def hello(self, seq: int) -> str:
        return "hello"

    reset = beat = hello


class Client:
    """The other end of an accepted socket."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard: list[Any] = []
        self.said.put_nowait({"type": "websocket.connect"})
        self.is_greeted = asyncio.Event()

    async def open(self) -> WebSocket:
        websocket = WebSocket({"type": "websocket"}, self.said.get, self._send)
        await websocket.accept()
        return websocket

    def leave(self) -> None:
        self.said.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def _send(self, message: Any) -> None:
        self.heard.append(message.get("text") or (message["type"], message.get("code")))
        if "text" in message:
            self.is_greeted.set()


@pytest.fixture
async def sockets() -> AsyncIterator[Sockets]:
    async with Hub() as hub:
        yield Sockets(hub, StreamGate(total=9, per_peer=9), Pace(check=0.01))


def serve(sockets: Sockets, websocket: WebSocket, check: Check) -> asyncio.Task[None]:
    quiet = Quiet()
    listener = Listener("peer", check)
    return asyncio.create_task(sockets.serve(websocket, listener, Channel("topic", quiet, quiet), since=None))


async def refuse() -> None:
    raise Forbidden


async def test_who_comes_while_the_watch_over_the_last_one_ends_is_watched_too(sockets: Sockets) -> None:
    asked, may_end = asyncio.Event(), asyncio.Event()

    async def ask_for_long() -> None:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            await may_end.wait()  # as a query does that is called off

    first, second = Client(), Client()
    async with asyncio.timeout(20):
        served = serve(sockets, await first.open(), ask_for_long)
        await asked.wait()
        first.leave()
        await served
        await serve(sockets, await second.open(), refuse)
    may_end.set()

    assert second.heard[-1] == ("websocket.close", 4403)


async def test_who_comes_to_a_process_that_ends_is_sent_away_at_once(sockets: Sockets) -> None:
    here, late = Client(), Client()
    async with asyncio.timeout(20):
        served = serve(sockets, await here.open(), refuse_nobody)
        await here.is_greeted.wait()
        sockets.leave()
        await serve(sockets, await late.open(), refuse)
        await served

    assert here.heard[-1] == ("websocket.close", 1001)
    assert late.heard == [("websocket.accept", None), ("websocket.close", 1001)]


async def refuse_nobody() -> None:
    """Everybody may listen."""
