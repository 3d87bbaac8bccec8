"""Serves the fake on a socket, inside this process."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from pesan.app.whatsapp_fake.application import create_fake
from pesan.app.whatsapp_fake.business import Business

LOOPBACK = "127.0.0.1"
_STOP_SECONDS = 10.0
_START_SECONDS = 30.0


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def serving(business: Business, *, port: int = 0) -> AsyncIterator[str]:
    """Serve until the block ends; the address. Reached from this machine only: everybody may use the control API.

    Raises OSError when somebody else has the port.
    """
    port = port or free_port()
    _require_free(port)
    server = Server(
        create_fake(business),
        address=LOOPBACK,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        log_enabled=False,
    )
    business.start()
    task = asyncio.create_task(server.serve())
    try:
        await _wait_for(port, task)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        await business.stop()
        server.stop()  # type: ignore[no-untyped-call]  # Granian's own
        await asyncio.wait_for(task, _STOP_SECONDS)


def run(business: Business, port: int, on_ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGTERM or SIGINT, and then end this process; `on_ready` is told the address."""
    asyncio.run(_run(business, port, on_ready))
    sys.stdout.flush()
    sys.stderr.flush()
    # Granian's threads outlive its server, and one that meets an interpreter that is taken down aborts the process.
    os._exit(0)


async def _run(business: Business, port: int, on_ready: Callable[[str], None]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serving(business, port=port) as url:
        on_ready(url)
        await stopped.wait()


def _require_free(port: int) -> None:
    """The server shares its port with whoever wants the same one, and each would get half of the requests."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, port))


async def _wait_for(port: int, task: "asyncio.Task[None]") -> None:
    async with asyncio.timeout(_START_SECONDS):
        while not task.done():
            try:
                _, writer = await asyncio.open_connection(LOOPBACK, port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return
        task.result()
