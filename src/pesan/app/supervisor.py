"""The foreground process of an instance: keeps its children running until it is told to stop."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from pesan.app.processes import NOTICE, Child, Keeper, Patience

__all__ = ["Child", "Patience", "run"]

_POLL_SECONDS = 0.1
_READY_POLL_SECONDS = 0.2
_PATIENCE = Patience()
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_log = logging.getLogger(__name__)


def run(
    children: Sequence[Child],
    *,
    is_ready: Callable[[], bool] = lambda: True,
    on_ready: Callable[[], None] = lambda: None,
    patience: Patience = _PATIENCE,
) -> int:
    """Keep `children` running until SIGTERM, SIGINT or SIGHUP; the exit status of the whole.

    A child that ends is started again after a growing pause, however it ended. A child that fails from the beginning,
    again and again, ends the whole with status 1. When told to stop, children that want notice get it for
    `patience.leave` seconds, in which everything runs on, or until another signal. Then every child gets SIGTERM and
    `patience.drain` seconds; a further signal, or the end of that time, kills what is left: status 0 if nothing was.

    `on_ready` is called once, from another thread, when `is_ready` first says so (an OSError means not yet).
    Must be called from the main thread: only there can signals be received, and children are tied to its life.
    """
    keepers = [Keeper(child, patience) for child in children]
    signals = _Signals()
    with signals.received(), _announcing(is_ready, on_ready):
        try:
            given_up = _keep_running(keepers, signals)
            if not given_up:
                _take_leave(keepers, signals, patience.leave)
            drained = _drain(keepers, signals, patience.drain)
        finally:
            for keeper in keepers:
                keeper.kill()
    return 0 if drained and not given_up else 1


class _Signals:
    """Counts the requests to stop."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def received(self) -> Iterator[None]:
        nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        wanted = [number for number in _STOP_SIGNALS if not (nohup and number is signal.SIGHUP)]
        before = {number: signal.signal(number, self._receive) for number in wanted}
        # A child begins with ignoring what we ignore: the notice ends none that does not listen for it, or not yet.
        before[NOTICE] = signal.signal(NOTICE, signal.SIG_IGN)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # signal.signal's signature
        self.count += 1


def _keep_running(keepers: Sequence[Keeper], signals: _Signals) -> bool:
    """Until a request to stop; True when a child made it pointless."""
    while not signals.count:
        for keeper in keepers:
            keeper.attend()
            if keeper.is_hopeless:
                _log.error("%s cannot be kept running; giving up", keeper.child.name)
                return True
        time.sleep(_POLL_SECONDS)
    return False


def _take_leave(keepers: Sequence[Keeper], signals: _Signals, seconds: float) -> None:
    """Serve on while whoever sends requests learns that this place is about to close."""
    asked, deadline = signals.count, time.monotonic() + seconds
    while signals.count == asked and time.monotonic() < deadline:
        for keeper in keepers:
            keeper.notify()  # each time, because a process that was just being started did not hear the last one
        time.sleep(_POLL_SECONDS)


def _drain(keepers: Sequence[Keeper], signals: _Signals, seconds: float) -> bool:
    """Let every child finish what it is doing; False when some had to be left."""
    asked, deadline = signals.count, time.monotonic() + seconds
    for keeper in keepers:
        keeper.terminate()
    while any(keeper.is_running for keeper in keepers):
        if signals.count > asked or time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


@contextmanager
def _announcing(is_ready: Callable[[], bool], on_ready: Callable[[], None]) -> Iterator[None]:
    stopped = threading.Event()
    arguments = (is_ready, on_ready, stopped)
    threading.Thread(target=_announce, args=arguments, name="announce-ready", daemon=True).start()
    try:
        yield
    finally:
        stopped.set()


def _announce(is_ready: Callable[[], bool], on_ready: Callable[[], None], stopped: threading.Event) -> None:
    while not stopped.is_set():
        if _says_yes(is_ready):
            on_ready()
            return
        stopped.wait(_READY_POLL_SECONDS)


def _says_yes(is_ready: Callable[[], bool]) -> bool:
    try:
        return is_ready()
    except OSError:
        return False
