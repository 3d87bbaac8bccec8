"""A network between a process and its PostgreSQL that can swallow everything and break nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import URL

DEFAULT_PORT = 5432


@dataclass
class Proxy:
    """Passes bytes on to `upstream`, until it is told to swallow them."""

    upstream: URL
    port: int = 0
    passes: Callable[[], bool] = lambda: True
    """Asked about each thing that either side says; what it refuses is said in vain."""
    _flows: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The address of the database by way of the proxy."""
        through = self.upstream.set(host="127.0.0.1", port=self.port, query={})
        return through.render_as_string(hide_password=False)

    def swallow(self) -> None:
        """From now on nothing arrives, on old connections and on new ones; none of them ends."""
        self._flows.clear()

    def heal(self) -> None:
        """Let connections work again, new ones: what was under way is lost, as with a rebooted router."""
        for writer in self._writers:
            writer.transport.abort()
        self._flows.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        self._writers.add(writer)
        try:
            await self._flows.wait()
            server_reader, server_writer = await self._connect()
            self._writers.add(server_writer)
            pumps = [self._pump(reader, server_writer), self._pump(server_reader, writer)]
            await asyncio.gather(*pumps, return_exceptions=True)
            self._writers.discard(server_writer)
            server_writer.close()
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = self.upstream.port or DEFAULT_PORT
        folder = self.upstream.query.get("host")
        if folder:
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self.upstream.host, port)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await self._flows.wait()
                if not self.passes():
                    break
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def running_proxy(upstream: URL) -> AsyncIterator[Proxy]:
    """A proxy on a free port of this machine."""
    proxy = Proxy(upstream)
    proxy._flows.set()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        proxy.heal()
        server.close()
        await asyncio.sleep(0)
