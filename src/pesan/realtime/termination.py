"""Hearing signals in a process whose server listens for some of them already."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any


def on_termination(callback: Callable[[], object]) -> AbstractContextManager[None]:
    """Call `callback` in this event loop when SIGTERM or SIGINT arrives inside the block, beside what else happens.

    For the web process: its server waits for open responses before it tells the application to end, and a stream
    stays open for as long as nobody tells it.
    """
    return on_signal(callback, signal.SIGTERM, signal.SIGINT)


@contextmanager
def on_signal(callback: Callable[[], object], *numbers: signal.Signals) -> Iterator[None]:
    """Call `callback` in this event loop when one of these signals arrives inside the block, beside what else happens.

    An event loop learns of signals through a file descriptor, so its own handlers work on when the Python-level ones
    are replaced. Outside the main thread there are no signals to hear.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        signal.signal(number, _chained(loop, callback, handler))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _chained(
    loop: asyncio.AbstractEventLoop, callback: Callable[[], object], before: Any
) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        if callable(before):
            before(number, frame)

    return handle
