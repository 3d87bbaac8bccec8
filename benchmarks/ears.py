"""WebSocket clients directly on an asyncio protocol: hundreds of them must take little from the server beside them."""

import asyncio
import os
import random
import re
import time
from array import array
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from tests.support.wire import Request

# Clients mask what they send (RFC 6455, 5.3); zeros leave it as it is.
_MASK = bytes(4)
_TEXT, _CLOSE = 0x81, 0x88
_MEDIUM = 126
_EVENT = re.compile(rb'"type":"event","seq":(\d+),.*"sentAt":([\d.]+)')
_HELLO = re.compile(rb'"type":"hello".*"seq":(\d+),')
AWAY_SECONDS = 0.5


class Wire(asyncio.Protocol):
    """One connection: hands every text on, and says when it is over."""

    def __init__(self, request: bytes, on_text: Callable[[bytes], None]) -> None:
        self.opened = asyncio.Event()
        self.over = asyncio.Event()
        self._request = request
        self._on_text = on_text
        self._buffer = bytearray()
        self._is_open = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)  # which uvloop's is by what it does only
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Read whole frames; what is left waits for more."""
        self._buffer += data
        if not self._is_open:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            self._is_open = head.startswith(b"HTTP/1.1 101")
            self._buffer = bytearray(rest)
            if not self._is_open:
                self.close()
                return
            self.opened.set()
        at = 0
        while (frame := _frame(self._buffer, at)) is not None:
            begin, end = frame
            if self._buffer[at] == _TEXT:
                self._on_text(bytes(self._buffer[begin:end]))
            elif self._buffer[at] == _CLOSE:
                self.close()
            at = end
        del self._buffer[:at]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the protocol's own
        """Say so."""
        self.over.set()

    def send(self, text: bytes) -> None:
        """Send a short text."""
        assert self._transport is not None
        self._transport.write(bytes((_TEXT, 0x80 | len(text))) + _MASK + text)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


@dataclass
class Ear:
    """Somebody who listens to an outlet and comes back by the last number heard, whenever the connection is lost."""

    port: int
    path: str
    headers: Mapping[str, str]
    heard: "array[int]" = field(default_factory=lambda: array("q"))
    live: "array[float]" = field(default_factory=lambda: array("d"))
    away: list[float] = field(default_factory=list)
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)
    wire: Wire | None = None
    _began_at: int = 0
    _lost_at: float = 0.0

    async def listen(self) -> None:
        """Until cancelled."""
        try:
            while True:
                with suppress(OSError):
                    await self._connect()
                self._lost_at = self._lost_at or time.perf_counter()
                await asyncio.sleep(random.uniform(0, AWAY_SECONDS))
        finally:
            if self.wire is not None:
                self.wire.close()

    async def _connect(self) -> None:
        since = self.heard[-1] if self.heard else 0
        request = upgrade(f"{self.path}&since={since}", self.port, self.headers)
        loop = asyncio.get_running_loop()
        _, self.wire = await loop.create_connection(lambda: Wire(request, self._hear), "127.0.0.1", self.port)
        await self.wire.over.wait()

    def _hear(self, text: bytes) -> None:
        if event := _EVENT.search(text):
            seq = int(event[1])
            self.heard.append(seq)
            if seq > self._began_at:  # what is told again has waited for whoever was away
                self.live.append(time.perf_counter() - float(event[2]))
        elif hello := _HELLO.search(text):
            self._began_at = int(hello[1])
            if self._lost_at:
                self.away.append(time.perf_counter() - self._lost_at)
                self._lost_at = 0.0
            self.is_ready.set()


def upgrade(path: str, port: int, headers: Mapping[str, str]) -> bytes:
    """The request that opens a WebSocket from a page of the site."""
    own = {
        "host": f"127.0.0.1:{port}",
        "origin": f"http://127.0.0.1:{port}",
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": b64encode(os.urandom(16)).decode(),
    }
    return Request("GET", path, headers={**own, **headers}).encode()


def _frame(buffer: bytearray, at: int) -> tuple[int, int] | None:
    """Where the payload of the next whole frame begins and ends; servers do not mask."""
    if len(buffer) < at + 2:
        return None
    length, begin = buffer[at + 1], at + 2
    if length >= _MEDIUM:
        size = 2 if length == _MEDIUM else 8
        length, begin = int.from_bytes(buffer[begin : begin + size], "big"), begin + size
    end = begin + length
    return (begin, end) if len(buffer) >= end else None
