"""Somebody who follows an outlet over real sockets, and comes back whenever one ends."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from pesan.booths.messages import PROTOCOL, Happened, Reset
from tests.booths.ears import read


def open_socket(
    url: str, outlet: UUID, cookies: Mapping[str, str], *, since: int | None = None, origin: str | None = None
) -> connect:
    """A browser's socket from a page of the site itself, or of another `origin`."""
    query = {"outlet": str(outlet), **({} if since is None else {"since": since})}
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return connect(
        f"{url.replace('http', 'ws', 1)}/ws?{urlencode(query)}",
        origin=origin or url,  # type: ignore[arg-type]
        additional_headers={"cookie": cookie},
        subprotocols=[PROTOCOL],  # type: ignore[list-item]
        proxy=None,
        compression=None,
    )


@dataclass
class Follower:
    """Follows until it heard number `last`; hangs up by itself after every `patience` events."""

    url: str
    outlet: UUID
    cookies: Mapping[str, str]
    last: int
    patience: int = 1_000_000
    heard: list[int] = field(default_factory=list)
    resets: int = 0
    cut_off: int = 0

    async def follow(self) -> None:
        """Come back from the last number heard, until all was heard."""
        while self._seq < self.last:
            with suppress(InvalidHandshake, OSError, TimeoutError):
                await self._connect()
            await asyncio.sleep(0.05)

    @property
    def _seq(self) -> int:
        return self.heard[-1] if self.heard else 0

    async def _connect(self) -> None:
        async with open_socket(self.url, self.outlet, self.cookies, since=self._seq) as socket:
            try:
                await self._listen(socket)
            except ConnectionClosed:
                self.cut_off += 1

    async def _listen(self, socket: ClientConnection) -> None:
        until = len(self.heard) + self.patience
        while self._seq < self.last and len(self.heard) < until:
            message = read(str(await socket.recv()))
            self.resets += isinstance(message, Reset)
            if isinstance(message, Happened):
                self.heard.append(message.seq)
