"""Hearing SIGTERM in a process whose server listens for it already."""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType


def on_termination(callback: Callable[[], object]) -> None:
    """Call `callback` in this event loop when SIGTERM or SIGINT arrives, beside whatever else happens then.

    For the web process: its server waits for open responses before it tells the application, and a stream is open
    for as long as nobody tells it. An event loop learns of signals through a file descriptor, so its own handlers
    work on when the Python-level ones are replaced. Call it from the main thread while the loop runs.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _chained(loop, callback, signal.getsignal(number)))


def _chained(
    loop: asyncio.AbstractEventLoop, callback: Callable[[], object], before: object
) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        if callable(before):
            before(number, frame)

    return handle
