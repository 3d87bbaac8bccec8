"""One child process: started, found dead, started again later each time, ended."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pesan.app import tether

NOTICE = signal.SIGUSR1
"""Says to a child that it will soon be asked to end; one that does not listen for it ignores it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Child:
    """A command to keep running; `environment` is added to our own, `wants_notice` before it is asked to end."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    wants_notice: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds."""

    first_pause: float = 0.5
    longest_pause: float = 30.0
    settled_after: float = 10.0  # a child that ran this long was fine, and its next failure is a new one
    leave: float = 0.0  # from the notice until the children are asked to end
    drain: float = 30.0
    first_attempts: int = 4  # of a child that never settled, such as one whose port is taken


class Keeper:
    """Keeps one child running. It is asked now and then, and never waits itself."""

    def __init__(self, child: Child, patience: Patience) -> None:
        self.child = child
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_again_at = 0.0
        self._failures = 0
        self._has_settled = False

    @property
    def is_running(self) -> bool:
        """Whether the child lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def is_hopeless(self) -> bool:
        """Whether the child never ran for long and has used up its attempts."""
        return not self._has_settled and self._failures >= self._patience.first_attempts

    def attend(self) -> None:
        """Start the child when its time has come, or notice that it ended."""
        if self.is_running:
            self._note_that_it_runs()
        elif self._process is not None:
            self._note_end(self._process)
        elif time.monotonic() >= self._start_again_at:
            self._start()

    def notify(self) -> None:
        """Tell the child, if it wants to know, that its end is near."""
        if self.child.wants_notice and self._process is not None:
            self._process.send_signal(NOTICE)

    def terminate(self) -> None:
        """Ask the child to end."""
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """End the child and everything it started, at once."""
        if self._process is not None:
            _kill_group(self._process)
            self._process.wait()

    def _start(self) -> None:
        """In a process group of its own, so that a terminal's Ctrl-C reaches only us."""
        script = [sys.executable, "-E", "-S", str(Path(tether.__file__)), str(os.getpid())]
        self._process = subprocess.Popen(  # noqa: S603  # the supervisor's own list
            [*script, *self.child.command],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(self.child.environment or {})},
            process_group=0,
        )
        self._started_at = time.monotonic()

    def _note_that_it_runs(self) -> None:
        if time.monotonic() - self._started_at >= self._patience.settled_after:
            self._has_settled, self._failures = True, 0

    def _note_end(self, process: "subprocess.Popen[bytes]") -> None:
        # A killed web server's workers would go on without it and keep its port.
        _kill_group(process)
        self._process = None
        pause = min(self._patience.first_pause * 2**self._failures, self._patience.longest_pause)
        # Whoever kills a child (a person, the kernel short of memory) says nothing of whether it can run.
        self._failures += process.returncode != -signal.SIGKILL
        self._start_again_at = time.monotonic() + pause
        details = {"child": self.child.name, "status": process.returncode, "pause": pause}
        _log.warning("%(child)s ended with status %(status)s; started again in %(pause)s s", details)


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
