"""Somebody who listens to an outlet: inside the process, or over a socket; every message is checked as it comes."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import FastAPI
from pydantic import TypeAdapter

from pesan.booths.messages import Beat, Happened, Hello, Reset, SocketMessage

ORIGIN = "http://127.0.0.1"
PATIENCE_SECONDS = 20
_MESSAGES: TypeAdapter[Hello | Happened | Reset | Beat] = TypeAdapter(SocketMessage)


def read(text: str) -> Hello | Happened | Reset | Beat:
    """The message, as the schema has it."""
    return _MESSAGES.validate_json(text)


class Closed(Exception):
    """The server ended the socket."""


class Ear:
    """A WebSocket of the application's in this process; `hold` stops it reading, as a full network does."""

    def __init__(self, app: FastAPI, scope: Mapping[str, Any]) -> None:
        self.subprotocol: str | None = None
        self.code: int | None = None
        self._inbound: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._outbound: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._may_arrive = asyncio.Event()
        self._may_arrive.set()
        self._inbound.put_nowait({"type": "websocket.connect"})
        self.served = asyncio.create_task(app(scope, self._inbound.get, self._send))

    async def accepted(self) -> bool:
        """Whether the server lets this socket open at all."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            message = await self._outbound.get()
        self.subprotocol, self.code = message.get("subprotocol"), message.get("code")
        return message["type"] == "websocket.accept"

    async def next(self) -> Hello | Happened | Reset | Beat:
        """The next message; raises Closed."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            message = await self._outbound.get()
        if message["type"] == "websocket.close":
            self.code = message["code"]
            raise Closed(message["reason"])
        return read(message["text"])

    async def events(self, count: int) -> list[int]:
        """The numbers of the next `count` events; nothing else comes between them."""
        found = [await self.next() for _ in range(count)]
        return [message.seq for message in found if isinstance(message, Happened)]

    async def end(self) -> tuple[int | None, str]:
        """With which code and reason the server closes, whatever it still says before."""
        try:
            while True:
                await self.next()
        except Closed as closed:
            await self.served
            return self.code, str(closed)

    def say(self, text: str) -> None:
        """Send something."""
        self._inbound.put_nowait({"type": "websocket.receive", "text": text})

    def hold(self) -> None:
        """Read nothing until `go_on`."""
        self._may_arrive.clear()

    def go_on(self) -> None:
        """Read again."""
        self._may_arrive.set()

    async def leave(self) -> None:
        """Close this side."""
        self.go_on()
        self._inbound.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self.served

    async def _send(self, message: dict[str, Any]) -> None:
        await self._may_arrive.wait()
        self._outbound.put_nowait(message)


def open_ear(
    app: FastAPI,
    outlet: UUID,
    cookies: Mapping[str, str] | None = None,
    *,
    since: int | None = None,
    origin: str | None = ORIGIN,
    subprotocols: Sequence[str] = (),
) -> Ear:
    """Ask for an outlet's socket, from a page of `origin`."""
    cookie = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    headers = {"host": "127.0.0.1", "cookie": cookie, "origin": origin or ""}
    query = {"outlet": str(outlet), **({} if since is None else {"since": since})}
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "scheme": "ws",
        "path": "/ws",
        "raw_path": b"/ws",
        "root_path": "",
        "query_string": urlencode(query).encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "subprotocols": list(subprotocols),
    }
    return Ear(app, scope)


@asynccontextmanager
async def listening(
    app: FastAPI, outlet: UUID, cookies: Mapping[str, str], *, since: int | None = None
) -> AsyncIterator[tuple[Ear, Hello]]:
    """An open socket and what it was told first."""
    ear = open_ear(app, outlet, cookies, since=since)
    assert await ear.accepted()
    hello = await ear.next()
    assert isinstance(hello, Hello)
    try:
        yield ear, hello
    finally:
        await ear.leave()
